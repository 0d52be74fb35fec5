#include "wiring.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <millrace/adapters/prometheus/process_metrics.hpp>
#include <millrace/adapters/prometheus/text.hpp>
#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/adapters/rocksdb/rocksdb_state.hpp>
#include <millrace/adapters/spdlog/spdlog_logger.hpp>
#include <millrace/app/version.hpp>
#include <millrace/app/wait.hpp>
#include <millrace/topology/name_faults.hpp>

namespace millrace {

struct Wiring::Parts {
  explicit Parts(const StreamsConfig& given, Logger* given_logger)
      : config(given),
        own_logger(given_logger == nullptr ? std::make_unique<SpdlogLogger>(given.log_level) : nullptr),
        logger(given_logger == nullptr ? own_logger.get() : given_logger),
        metrics(MetricsOptions{.logger = logger}),
        process_metrics(metrics),
        shares(millrace::memory_shares(given)),
        clean_budget(shares.of(MemoryOwner::RecordCaches)),
        rocksdb_memory({.block_cache_bytes = static_cast<std::size_t>(shares.of(MemoryOwner::BlockCache)),
                        .memtable_bytes = static_cast<std::size_t>(shares.of(MemoryOwner::Memtables))}),
        backends(rocksdb_memory) {
    build_info = metrics.gauge(MetricId::BuildInfo, {kVersion});
    build_info->set(1);
    cache_bytes = metrics.gauge(MetricId::RecordCacheBytes);
    log_waits = metrics.gauge(MetricId::LogWaits);
    collector = metrics.collector([this] {
      cache_bytes->set(clean_budget.used_bytes());
      log_waits->set(log && log->log().obstacle() ? 1 : 0);
    });
  }

  const StreamsConfig& config;
  std::unique_ptr<Logger> own_logger;
  Logger* logger;
  SystemClock clock;
  Metrics metrics;
  ProcessMetrics process_metrics;
  GaugeHandle build_info;
  GaugeHandle cache_bytes;
  GaugeHandle log_waits;
  const MemoryShares shares;
  CacheBudget clean_budget;
  RocksDbMemory rocksdb_memory;
  std::unique_ptr<StateDirectory> directory;
  std::unique_ptr<EmbeddedLog> log;
  RocksDbTaskBackendFactory backends;
  CollectorHandle collector;  // last: it uses the rest
};

namespace {

TopicLimits limits_of(const std::string& topic, const StreamsConfig& config) {
  auto retention = config.topic_retention.find(topic);
  auto bytes = config.topic_retention_bytes.find(topic);
  auto kept = retention != config.topic_retention.end() ? retention->second : config.default_retention;
  auto kept_bytes = bytes != config.topic_retention_bytes.end() ? bytes->second : config.default_retention_bytes;
  TopicLimits limits;
  if (kept.count() >= 0) limits.retention = kept;
  if (kept_bytes >= 0) limits.retention_bytes = kept_bytes;
  return limits;
}

}  // namespace

Wiring::Wiring() = default;
Wiring::~Wiring() = default;

Result<std::unique_ptr<Wiring>> Wiring::open(const StreamsConfig& config, Logger* logger) {
  std::unique_ptr<Wiring> wiring(new Wiring());
  wiring->parts_ = std::make_unique<Parts>(config, logger);
  Parts& parts = *wiring->parts_;
  auto directory = StateDirectory::open(config.state_dir, config.application_id);
  if (!directory) return directory.error();
  parts.directory = std::move(*directory);
  EmbeddedLogOptions options;
  options.fsync = config.log_fsync;
  options.memory = parts.rocksdb_memory;
  options.write_buffer_bytes = static_cast<std::size_t>(parts.shares.of(MemoryOwner::Memtables) / 8 * 3);
  options.logger = parts.logger;
  options.housekeeping.min_dirty_bytes = config.compaction_min_bytes;
  options.housekeeping.delete_retention = config.delete_retention;
  options.housekeeping.retention_passes_groups = config.retention_beyond_committed;
  auto log = open_embedded_log(parts.directory->log_path(), options);
  if (!log) return log.error();
  parts.log = std::move(*log);
  return wiring;
}

Result<TopicCatalog> Wiring::prepare_topics(const Topology& topology) {
  const StreamsConfig& config = parts_->config;
  if (auto faults = name_faults(topology, config.application_id); !faults.empty())
    return Error(ErrorCode::TopologyInvalid, fmt::format("{}", fmt::join(faults, "; ")));
  LogAdmin& admin = log().admin();
  auto existing = wait(admin.topics());
  if (!existing) return existing.error();
  TopicCatalog before(*existing);
  std::set<std::string> names;
  for (const NodeSpec& node : topology.nodes()) {
    for (const TopicRef& topic : node.topics) {
      if (!topic.internal) names.insert(topic.name);
    }
    if (node.kind != NodeKind::Sink || !node.topics.empty()) continue;
    // What a function may choose to write to is known from the configuration alone.
    for (const auto& [topic, partitions] : config.topic_partitions) names.insert(topic);
  }
  if (!config.dead_letter_topic.empty()) names.insert(config.dead_letter_topic);
  std::vector<TopicSpec> user_topics;
  for (const std::string& name : names) {
    auto configured = config.topic_partitions.find(name);
    const TopicInfo* known = before.find(name);
    int wanted = configured != config.topic_partitions.end() ? configured->second : config.default_partitions;
    // A topic that is there stays as it is, unless the configuration names another number of partitions for it.
    if (known != nullptr && configured == config.topic_partitions.end()) wanted = known->partitions;
    user_topics.push_back({name, wanted, CleanupPolicy::Delete, limits_of(name, config)});
  }
  MILLRACE_TRY(wait(admin.ensure_topics(user_topics)));
  auto topics = wait(admin.topics());
  if (!topics) return topics.error();
  auto internal = plan_internal_topics(topology, config.application_id, TopicCatalog(*topics));
  if (!internal) return internal.error();
  MILLRACE_TRY(wait(admin.ensure_topics(*internal)));
  topics = wait(admin.topics());
  if (!topics) return topics.error();
  return TopicCatalog(*topics);
}

const MemoryShares& Wiring::memory_shares() const { return parts_->shares; }
std::int64_t Wiring::block_cache_bytes() const {
  return static_cast<std::int64_t>(parts_->rocksdb_memory.block_cache_used_bytes());
}
std::int64_t Wiring::memtable_bytes() const {
  return static_cast<std::int64_t>(parts_->rocksdb_memory.memtable_used_bytes());
}
std::string Wiring::metrics_text() const { return to_prometheus_text(parts_->metrics.snapshot()); }
Log& Wiring::log() { return parts_->log->log(); }
Logger& Wiring::logger() { return *parts_->logger; }
Metrics& Wiring::metrics() { return parts_->metrics; }
TaskBackendFactory& Wiring::backends() { return parts_->backends; }
CacheBudget& Wiring::clean_budget() { return parts_->clean_budget; }
StateDirectory& Wiring::directory() { return *parts_->directory; }
const SystemClock& Wiring::clock() const { return parts_->clock; }

}  // namespace millrace
