#include <limits>
#include <type_traits>

#include "binding.hpp"

namespace millrace {

namespace config_detail {

namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kTiB = std::int64_t{1} << 40;

template <class T>
T member_from(const ConfigValue& value) {
  if constexpr (std::is_same_v<T, bool>) return value.as_bool();
  else if constexpr (std::is_same_v<T, int>) return static_cast<int>(value.as_int());
  else if constexpr (std::is_same_v<T, std::int64_t>) return value.as_bytes();
  else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) return value.as_milliseconds();
  else if constexpr (std::is_enum_v<T>) return static_cast<T>(value.as_index());
  else return T(value.as_string());
}

template <class T>
std::string text_from(const T& member, const Property& property) {
  if constexpr (std::is_same_v<T, bool>) return member ? "true" : "false";
  else if constexpr (std::is_same_v<T, std::int64_t>) {
    return member == kFromMemoryBudget && !property.allowed.empty() ? property.allowed.front() : std::to_string(member);
  } else if constexpr (std::is_integral_v<T>) return std::to_string(member);
  else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) return std::to_string(member.count());
  else if constexpr (std::is_same_v<T, std::filesystem::path>) return member.string();
  else if constexpr (std::is_enum_v<T>) {
    auto index = static_cast<std::size_t>(member);
    return index < property.allowed.size() ? property.allowed[index] : std::to_string(index);
  } else return member;
}

template <class T>
Binding row(T StreamsConfig::*member, Property property) {
  auto render = [member, property](const StreamsConfig& config) { return text_from(config.*member, property); };
  auto set = [member](StreamsConfig& config, std::string_view, const ConfigValue& value) {
    config.*member = member_from<T>(value);
  };
  return {std::move(property), set, render};
}

/// A property of single topics.
template <class T>
Binding topic_row(std::map<std::string, T> StreamsConfig::*member, Property property) {
  property.importance = Importance::Low;
  auto set = [member](StreamsConfig& config, std::string_view topic, const ConfigValue& value) {
    (config.*member)[std::string(topic)] = member_from<T>(value);
  };
  auto render_parts = [member, property](const StreamsConfig& config) {
    std::map<std::string, std::string> values;
    for (const auto& [topic, value] : config.*member) values[topic] = text_from(value, property);
    return values;
  };
  return {std::move(property), set, nullptr, render_parts};
}

using Table = std::vector<Binding>;

void add_application(Table& table) {
  table.push_back(
      row(&StreamsConfig::application_id,
          {.name = "application.id",
           .type = PropertyType::Name,
           .doc = "Name of the application. Consumer group, internal topics and the folder of its state carry it: two "
                  "applications never share one, and an upgrade keeps it.",
           .importance = Importance::High,
           .required = true}));
  table.push_back(row(
      &StreamsConfig::state_dir,
      {.name = "state.dir",
       .type = PropertyType::Path,
       .default_value = "./millrace-state",
       .doc = "Folder of the state stores and of the embedded log; made when missing. One process at a time uses it. A "
              "relative path is relative to the working directory.",
       .importance = Importance::High}));
  table.push_back(row(
      &StreamsConfig::processing_guarantee,
      {.name = "processing.guarantee",
       .type = PropertyType::Enum,
       .default_value = "exactly_once_v2",
       .allowed = {"exactly_once_v2", "at_least_once"},
       .doc = "exactly_once_v2: results, state and input positions are committed as one. at_least_once: after a crash "
              "some input may be processed again.",
       .importance = Importance::High}));
  table.push_back(
      row(&StreamsConfig::commit_interval,
          {.name = "commit.interval.ms",
           .type = PropertyType::Duration,
           .default_value = "100",
           .min = 1,
           .max = 3'600'000,
           .doc = "Time between commits. Readers see results only after the commit; a crash costs at most this much "
                  "processing again.",
           .importance = Importance::High}));
  table.push_back(
      row(&StreamsConfig::num_stream_threads,
          {.name = "num.stream.threads",
           .type = PropertyType::Int,
           .default_value = "1",
           .min = 1,
           .max = 256,
           .doc = "Number of threads that process records at the start; the application may add and remove threads "
                  "while it runs. Tasks are spread over them; with more threads than tasks some are idle. Each thread "
                  "has its own results not yet committed (producer.buffer.max.bytes)."}));
  table.push_back(
      row(&StreamsConfig::max_task_idle,
          {.name = "max.task.idle.ms",
           .type = PropertyType::Duration,
           .default_value = "0",
           .min = -1,
           .max = 3'600'000,
           .doc = "How long a task with several input partitions waits for one that has no records, before it goes on "
                  "with the others' and records may be processed out of the order of their timestamps. 0: it waits "
                  "only while the log has records of that partition. -1: it never waits. The wait begins when the "
                  "partition is found empty and is over until it has had a record again."}));
  table.push_back(row(
      &StreamsConfig::auto_offset_reset,
      {.name = "auto.offset.reset",
       .type = PropertyType::Enum,
       .default_value = "earliest",
       .allowed = {"earliest", "latest", "none"},
       .doc = "Where to begin in a source topic without a committed position, or where the records from there on were "
              "deleted before they were processed (a warning says how many, and they count as dropped): with its "
              "oldest record, with the next one that comes, or not at all (none stops with an error)."}));
}

void add_errors(Table& table) {
  std::vector<std::string> responses = {"fail", "continue", "dead-letter"};
  table.push_back(
      row(&StreamsConfig::deserialization_exception_handler,
          {.name = "deserialization.exception.handler",
           .type = PropertyType::Enum,
           .default_value = "fail",
           .allowed = responses,
           .doc = "What becomes of a record whose bytes do not decode. fail: the application stops, nothing is lost. "
                  "continue: the record is logged, counted and skipped. dead-letter: it goes to "
                  "errors.dead.letter.queue.topic.name in the same transaction."}));
  table.push_back(
      row(&StreamsConfig::processing_exception_handler,
          {.name = "processing.exception.handler",
           .type = PropertyType::Enum,
           .default_value = "fail",
           .allowed = responses,
           .doc = "What becomes of a record for which a function of the topology throws; the values are those of "
                  "deserialization.exception.handler. What the record had already changed is undone first."}));
  table.push_back(row(
      &StreamsConfig::dead_letter_topic,
      {.name = "errors.dead.letter.queue.topic.name",
       .type = PropertyType::Name,
       .default_value = "",
       .doc = "Topic of the records that a handler set to dead-letter gives up. Required with such a handler, refused "
              "without one."}));
}

constexpr std::int64_t kCenturyMs = 100ll * 365 * 24 * 3'600'000;

void add_retention(Table& table) {
  Property age{.name = "embedded.default.retention.ms",
               .type = PropertyType::Duration,
               .default_value = "-1",
               .min = -1,
               .max = kCenturyMs,
               .doc = "How long the embedded log keeps the records of a topic that the topology reads or writes by "
                      "name: batches go of which every record is older, by its timestamp. -1: for ever. What a group "
                      "has not yet processed stays in any case, see embedded.retention.beyond.committed. Internal "
                      "topics are not concerned: changelogs are compacted, and repartition topics are emptied as they "
                      "are read."};
  Property bytes{.name = "embedded.default.retention.bytes",
                 .type = PropertyType::Size,
                 .default_value = "-1",
                 .min = -1,
                 .max = 1024 * kTiB,
                 .doc = "How many bytes of each partition of such a topic the embedded log keeps at least; older "
                        "batches go. -1: any number."};
  table.push_back(row(&StreamsConfig::default_retention, age));
  table.push_back(row(&StreamsConfig::default_retention_bytes, bytes));
  age.name = "embedded.topic.<topic>.retention.ms";
  age.default_value.clear();
  age.doc = "The same for one topic, when it differs from embedded.default.retention.ms.";
  bytes.name = "embedded.topic.<topic>.retention.bytes";
  bytes.default_value.clear();
  bytes.doc = "The same for one topic, when it differs from embedded.default.retention.bytes.";
  table.push_back(topic_row(&StreamsConfig::topic_retention, std::move(age)));
  table.push_back(topic_row(&StreamsConfig::topic_retention_bytes, std::move(bytes)));
  table.push_back(
      row(&StreamsConfig::retention_beyond_committed,
          {.name = "embedded.retention.beyond.committed",
           .type = PropertyType::Bool,
           .default_value = "false",
           .doc = "Whether retention may delete records that a group has not yet processed. With false an application "
                  "that does not keep up fills the disk; with true it stops with MR-0510 when it has lost records.",
           .importance = Importance::Low}));
  table.push_back(
      row(&StreamsConfig::compaction_min_bytes,
          {.name = "embedded.compaction.min.bytes",
           .type = PropertyType::Size,
           .default_value = "4MiB",
           .min = 4 * kKiB,
           .max = kTiB,
           .doc = "A partition of a changelog is compacted, so that of each key the newest record stays, when the "
                  "records written since the last time take so many bytes and are half of it or more.",
           .importance = Importance::Low}));
  table.push_back(
      row(&StreamsConfig::delete_retention,
          {.name = "embedded.delete.retention.ms",
           .type = PropertyType::Duration,
           .default_value = "86400000",
           .min = 0,
           .max = kCenturyMs,
           .doc = "How long a deletion (a record with a null value) stays in a changelog after it was first compacted.",
           .importance = Importance::Low}));
  table.push_back(
      row(&StreamsConfig::repartition_purge_interval,
          {.name = "repartition.purge.interval.ms",
           .type = PropertyType::Duration,
           .default_value = "30000",
           .min = 0,
           .max = 86'400'000,
           .doc = "How often records of repartition topics are deleted that were processed and committed.",
           .importance = Importance::Low}));
}

void add_embedded_log(Table& table) {
  table.push_back(
      row(&StreamsConfig::log_fsync,
          {.name = "embedded.log.fsync",
           .type = PropertyType::Bool,
           .default_value = "false",
           .doc = "Whether the embedded log forces every commit to disk. Without it commits survive a crash of the "
                  "process; with it also one of the machine, at the price of one disk write per commit."}));
  table.push_back(row(&StreamsConfig::default_partitions,
                      {.name = "embedded.default.partitions",
                       .type = PropertyType::Int,
                       .default_value = "1",
                       .min = 1,
                       .max = 1024,
                       .doc = "Number of partitions of the topics that the embedded log creates."}));
  table.push_back(topic_row(&StreamsConfig::topic_partitions,
                            {.name = "embedded.topic.<topic>.partitions",
                             .type = PropertyType::Int,
                             .min = 1,
                             .max = 1024,
                             .doc = "Number of partitions of one topic, when it differs from "
                                    "embedded.default.partitions. A topic that exists keeps its number. Where the "
                                    "topology chooses topics per record, each that is named here is created."}));
  add_retention(table);
}

/// A part of memory.budget.bytes.
Binding memory_part(std::int64_t StreamsConfig::*member, std::string name, std::int64_t least_bytes, std::string doc) {
  return row(member, {.name = std::move(name),
                      .type = PropertyType::Size,
                      .default_value = "auto",
                      .min = least_bytes,
                      .max = kTiB / 2,
                      .allowed = {"auto"},
                      .doc = std::move(doc),
                      .importance = Importance::Low});
}

void add_memory(Table& table) {
  table.push_back(row(
      &StreamsConfig::memory_budget_bytes,
      {.name = "memory.budget.bytes",
       .type = PropertyType::Size,
       .default_value = "512MiB",
       .min = 16 * kMiB,
       .max = kTiB,
       .doc = "Memory of the process for state and records on their way. The parts below share it: block cache and "
              "memtables of RocksDB have a quarter each; uncommitted changes, record caches, fetched input and results "
              "an eighth each. A part that is set has what it is set to, and the others share the rest; parts that "
              "come to more than the budget are refused. streams_memory_bytes and streams_memory_budget_bytes show "
              "what each part has and may have. Not counted: stores in memory, which take what their entries need; the "
              "program itself; what the allocator keeps. Give a process a quarter more than this.",
       .importance = Importance::High}));
  table.push_back(memory_part(&StreamsConfig::block_cache_max_bytes, "rocksdb.block.cache.max.bytes", 2 * kMiB,
                              "Blocks, indexes and filters that RocksDB has read, of all stores and of the embedded "
                              "log together. auto: a share of memory.budget.bytes."));
  table.push_back(memory_part(&StreamsConfig::memtables_max_bytes, "rocksdb.memtables.max.bytes", 8 * kMiB,
                              "Writes of all stores and of the embedded log that are not yet in a file; the log has "
                              "three eighths of it. auto: a share of memory.budget.bytes."));
  table.push_back(memory_part(&StreamsConfig::transaction_buffer_max_bytes, "statestore.uncommitted.max.bytes",
                              64 * kKiB,
                              "Bytes of uncommitted changes to state held in memory, of all tasks together; when they "
                              "are used up, the commit comes early. auto: a share of memory.budget.bytes."));
  table.push_back(memory_part(&StreamsConfig::record_cache_max_bytes, "statestore.cache.max.bytes", 0,
                              "Bytes of the record caches of all state stores together: committed entries kept for "
                              "reading and, up to half of it, what stores with caching hold back. 0 switches them "
                              "off. auto: a share of memory.budget.bytes."));
  table.push_back(memory_part(&StreamsConfig::input_buffer_max_bytes, "input.buffer.max.bytes", 64 * kKiB,
                              "Bytes of input fetched and not yet processed, of all partitions together. When they are "
                              "used up, nothing more is read until half of them is processed, but for what a task "
                              "needs to go on. auto: a share of memory.budget.bytes."));
  table.push_back(
      memory_part(&StreamsConfig::outbox_max_bytes, "producer.buffer.max.bytes", 64 * kKiB,
                  "Bytes of results that are not yet in the log, those of a commit under way included; when "
                  "half of them is used up, the commit comes early. auto: a share of "
                  "memory.budget.bytes."));
  table.push_back(row(
      &StreamsConfig::fetch_max_bytes,
      {.name = "fetch.max.bytes",
       .type = PropertyType::Size,
       .default_value = "4MiB",
       .min = 4 * kKiB,
       .max = kTiB,
       .doc =
           "Bytes of input fetched at once, per partition; less where the partitions of a thread have less than twice "
           "that in input.buffer.max.bytes.",
       .importance = Importance::Low}));
}

void add_limits(Table& table) {
  table.push_back(row(&StreamsConfig::max_records_per_step,
                      {.name = "max.poll.records",
                       .type = PropertyType::Int,
                       .default_value = "1000",
                       .min = 1,
                       .max = 1'000'000,
                       .doc = "Records a task processes before the thread looks at commits, timers and other tasks.",
                       .importance = Importance::Low}));
  table.push_back(row(&StreamsConfig::process_ahead,
                      {.name = "commit.process.ahead",
                       .type = PropertyType::Bool,
                       .default_value = "true",
                       .doc = "Whether a thread processes on while its commit is in flight. It costs memory for what "
                              "is processed meanwhile; without it the thread waits, and throughput falls with the "
                              "time that commits take.",
                       .importance = Importance::Low}));
}

void add_operations(Table& table) {
  table.push_back(row(&StreamsConfig::metrics_enabled, {.name = "metrics.enabled",
                                                        .type = PropertyType::Bool,
                                                        .default_value = "true",
                                                        .doc = "Whether /metrics, /healthz and /readyz are served."}));
  table.push_back(row(
      &StreamsConfig::metrics_port,
      {.name = "metrics.port",
       .type = PropertyType::Int,
       .default_value = "9400",
       .min = 0,
       .max = 65535,
       .doc = "Port on 127.0.0.1 for the above. When it is taken, the next free one is used and printed. 0: any free "
              "one.",
       .range_reason = "ports end at 65535"}));
  table.push_back(row(&StreamsConfig::log_level, {.name = "log.level",
                                                  .type = PropertyType::Enum,
                                                  .default_value = "info",
                                                  .allowed = {"debug", "info", "warn", "error"},
                                                  .doc = "The least important lines that are still logged."}));
  table.push_back(row(
      &StreamsConfig::shutdown_timeout,
      {.name = "shutdown.timeout.ms",
       .type = PropertyType::Duration,
       .default_value = "10000",
       .min = 1,
       .max = 3'600'000,
       .doc = "How long a stop may take to finish the last commit; then the process ends without it, and that input is "
              "processed again at the next start.",
       .importance = Importance::Low}));
  table.push_back(row(&StreamsConfig::commit_timeout,
                      {.name = "task.timeout.ms",
                       .type = PropertyType::Duration,
                       .default_value = "300000",
                       .min = 1,
                       .max = 86'400'000,
                       .doc = "How long a commit may go without an answer before the application stops with an error.",
                       .importance = Importance::Low}));
}

Table make_table() {
  Table table;
  add_application(table);
  add_errors(table);
  add_embedded_log(table);
  add_memory(table);
  add_limits(table);
  add_operations(table);
  return table;
}

}  // namespace

const std::vector<Binding>& bindings() {
  static const Table table = make_table();
  return table;
}

}  // namespace config_detail

const std::vector<Property>& property_table() {
  static const std::vector<Property> properties = [] {
    std::vector<Property> table;
    for (const auto& binding : config_detail::bindings()) table.push_back(binding.property);
    return table;
  }();
  return properties;
}

}  // namespace millrace
