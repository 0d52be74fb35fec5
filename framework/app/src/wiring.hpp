// Wiring: makes the production parts and puts them together. The one place that names the adapters.
#pragma once

#include <memory>
#include <string>

#include <millrace/app/system_clock.hpp>
#include <millrace/config/memory_shares.hpp>
#include <millrace/log/log.hpp>
#include <millrace/runtime/state_directory.hpp>
#include <millrace/runtime/stream_thread.hpp>

namespace millrace {

/// The parts of an application on the embedded engine, in the order of their making.
class Wiring {
 public:
  /// `logger` may be null. Errors: those of StateDirectory::open and of the log, MR-0101.. of the topology's topics.
  [[nodiscard]] static Result<std::unique_ptr<Wiring>> open(const StreamsConfig& config, Logger* logger);
  ~Wiring();
  Wiring(const Wiring&) = delete;
  Wiring& operator=(const Wiring&) = delete;

  /// Creates missing user topics with the configured partitions, then the internal topics.
  [[nodiscard]] Result<TopicCatalog> prepare_topics(const Topology& topology);
  /// The text of /metrics.
  [[nodiscard]] std::string metrics_text() const;

  [[nodiscard]] Log& log();
  [[nodiscard]] Logger& logger();
  [[nodiscard]] Metrics& metrics();
  [[nodiscard]] TaskBackendFactory& backends();
  [[nodiscard]] CacheBudget& clean_budget();
  [[nodiscard]] StateDirectory& directory();
  [[nodiscard]] const MemoryShares& memory_shares() const;
  /// What all databases hold, at this moment. Thread-safe.
  [[nodiscard]] std::int64_t block_cache_bytes() const;
  [[nodiscard]] std::int64_t memtable_bytes() const;
  [[nodiscard]] const SystemClock& clock() const;

 private:
  struct Parts;
  Wiring();
  std::unique_ptr<Parts> parts_;
};

}  // namespace millrace
