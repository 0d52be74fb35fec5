// StreamsConfig: what a deployment has set, checked.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include <millrace/base/logger.hpp>
#include <millrace/config/value.hpp>
#include <millrace/model/offset_reset.hpp>

namespace millrace {

/// processing.guarantee. Enumerators stand in the order of the property table's words, here and below.
enum class ProcessingGuarantee : std::uint8_t { ExactlyOnce, AtLeastOnce };
/// deserialization.exception.handler, processing.exception.handler: what becomes of a record that cannot be processed.
enum class ExceptionResponse : std::uint8_t { Fail, Continue, DeadLetter };

/// As the file spells it: "exactly_once_v2".
[[nodiscard]] std::string_view to_string(ProcessingGuarantee guarantee);
[[nodiscard]] std::string_view to_string(OffsetReset reset);           ///< "earliest".
[[nodiscard]] std::string_view to_string(ExceptionResponse response);  ///< "dead-letter".

/// Of a size that is a part of memory.budget.bytes: "auto", its share of what the other parts leave.
inline constexpr std::int64_t kFromMemoryBudget = -1;

/// The settings of one process. Plain values; the defaults are those of the property table, where each member's
/// meaning, range and key are written down (docs/reference/configuration.md). Only application_id has no usable
/// default.
///
/// From a file: load_config() of adapters/yaml. In code: set members, then validate_config().
struct StreamsConfig {
  std::string application_id;                                                   ///< application.id; no default
  std::filesystem::path state_dir = "./millrace-state";                         ///< state.dir
  ProcessingGuarantee processing_guarantee = ProcessingGuarantee::ExactlyOnce;  ///< processing.guarantee
  std::chrono::milliseconds commit_interval{100};                               ///< commit.interval.ms
  int num_stream_threads = 1;                                                   ///< num.stream.threads
  std::chrono::milliseconds max_task_idle{0};                                   ///< below 0: never wait
  OffsetReset auto_offset_reset = OffsetReset::Earliest;                        ///< auto.offset.reset

  /// deserialization.exception.handler
  ExceptionResponse deserialization_exception_handler = ExceptionResponse::Fail;
  ExceptionResponse processing_exception_handler = ExceptionResponse::Fail;  ///< processing.exception.handler
  std::string dead_letter_topic;                                             ///< empty unless a handler is DeadLetter

  std::int64_t memory_budget_bytes = std::int64_t{512} << 20;  ///< memory.budget.bytes
  // Parts of it; memory_shares() says what each comes to.
  std::int64_t block_cache_max_bytes = kFromMemoryBudget;         ///< rocksdb.block.cache.max.bytes
  std::int64_t memtables_max_bytes = kFromMemoryBudget;           ///< rocksdb.memtables.max.bytes
  std::int64_t transaction_buffer_max_bytes = kFromMemoryBudget;  ///< statestore.uncommitted.max.bytes
  std::int64_t record_cache_max_bytes = kFromMemoryBudget;        ///< statestore.cache.max.bytes; 0: no cache
  std::int64_t input_buffer_max_bytes = kFromMemoryBudget;        ///< input.buffer.max.bytes
  std::int64_t outbox_max_bytes = kFromMemoryBudget;              ///< producer.buffer.max.bytes
  std::int64_t fetch_max_bytes = std::int64_t{4} << 20;           ///< per partition
  int max_records_per_step = 1000;                                ///< max.poll.records
  bool process_ahead = true;                                      ///< while a commit is in flight

  bool log_fsync = false;                                               ///< embedded.log.fsync
  int default_partitions = 1;                                           ///< embedded.default.partitions
  std::map<std::string, int> topic_partitions;                          ///< by topic; others have default_partitions
  std::chrono::milliseconds default_retention{-1};                      ///< -1: for ever, here and below
  std::int64_t default_retention_bytes = -1;                            ///< embedded.default.retention.bytes
  std::map<std::string, std::chrono::milliseconds> topic_retention;     ///< by topic; others have default_retention
  std::map<std::string, std::int64_t> topic_retention_bytes;            ///< by topic; others have the above
  bool retention_beyond_committed = false;                              ///< embedded.retention.beyond.committed
  std::int64_t compaction_min_bytes = std::int64_t{4} << 20;            ///< embedded.compaction.min.bytes
  std::chrono::milliseconds delete_retention = std::chrono::hours(24);  ///< embedded.delete.retention.ms
  std::chrono::milliseconds repartition_purge_interval{30'000};         ///< repartition.purge.interval.ms

  bool metrics_enabled = true;          ///< metrics.enabled
  int metrics_port = 9400;              ///< 0: any free one
  LogLevel log_level = LogLevel::Info;  ///< log.level

  std::chrono::milliseconds shutdown_timeout{10'000};  ///< shutdown.timeout.ms
  std::chrono::milliseconds commit_timeout{300'000};   ///< task.timeout.ms

  /// Values of the properties that the application registered, all of them, defaults included.
  std::map<std::string, ConfigValue, std::less<>> application_values;

  /// Value of a property that the application registered: `config.application_value("hunt.players").as_int()`.
  /// Aborts for a name that was not registered. The reference lives as long as this config.
  [[nodiscard]] const ConfigValue& application_value(std::string_view name) const;

  friend bool operator==(const StreamsConfig&, const StreamsConfig&) = default;
};

}  // namespace millrace
