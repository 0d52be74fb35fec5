#include "foreign_keys.hpp"

namespace millrace::config_detail {

namespace {

struct ForeignKey {
  std::string_view name;  ///< with a dot at its end: all keys that begin so
  std::string_view remedy;
};

constexpr std::string_view kRemove = "remove it";
constexpr std::string_view kNoBroker = "remove it: this version keeps its topics in the embedded log and has no broker";
constexpr std::string_view kOneProcess = "remove it: this version runs in one process";
constexpr std::string_view kInCode = "remove it: the application says this in C++";

constexpr ForeignKey kForeignKeys[] = {
    {"acceptable.recovery.lag", kOneProcess},
    {"admin.", kNoBroker},
    {"application.server", kOneProcess},
    {"bootstrap.servers", kNoBroker},
    {"buffered.records.per.partition", "use \"fetch.max.bytes\", which bounds bytes instead of records"},
    {"cache.max.bytes.buffering", "use \"statestore.cache.max.bytes\""},
    {"client.id", kNoBroker},
    {"client.tag.", kOneProcess},
    {"consumer.", kNoBroker},
    {"default.deserialization.exception.handler", "use \"deserialization.exception.handler\""},
    {"default.dsl.store", kInCode},
    {"default.key.serde", kInCode},
    {"default.production.exception.handler", kRemove},
    {"default.timestamp.extractor", kInCode},
    {"default.value.serde", kInCode},
    {"dsl.store.suppliers.class", kInCode},
    {"enable.auto.commit", "remove it: positions are committed together with results"},
    {"enable.metrics.push", "remove it: metrics are served on \"metrics.port\""},
    {"ensure.explicit.internal.resource.naming", kRemove},
    {"global.consumer.", kNoBroker},
    {"group.id", "use \"application.id\""},
    {"group.instance.id", kOneProcess},
    {"group.protocol", kNoBroker},
    {"isolation.level", "use \"processing.guarantee\""},
    {"linger.ms", kNoBroker},
    {"log.summary.interval.ms", kRemove},
    {"main.consumer.", kNoBroker},
    {"max.poll.interval.ms", kNoBroker},
    {"max.task.idle.ms", kRemove},
    {"max.warmup.replicas", kOneProcess},
    {"metadata.max.age.ms", kNoBroker},
    {"metric.reporters", "remove it: metrics are served on \"metrics.port\""},
    {"metrics.recording.level", "remove it: all metrics are always recorded"},
    {"num.standby.replicas", kOneProcess},
    {"poll.ms", "remove it: the runtime wakes up when records arrive"},
    {"probing.rebalance.interval.ms", kOneProcess},
    {"processor.wrapper.class", kInCode},
    {"producer.linger.ms", kNoBroker},
    {"production.exception.handler", kRemove},
    {"rack.aware.", kOneProcess},
    {"receive.buffer.bytes", kNoBroker},
    {"replication.factor", kNoBroker},
    {"request.timeout.ms", kNoBroker},
    {"restore.consumer.", kNoBroker},
    {"rocksdb.config.setter", kInCode},
    {"sasl.", kNoBroker},
    {"security.protocol", kNoBroker},
    {"session.timeout.ms", kNoBroker},
    {"ssl.", kNoBroker},
    {"state.cleanup.delay.ms", kRemove},
    {"task.assignor.class", kOneProcess},
    {"topic.", kNoBroker},
    {"topology.optimization", kInCode},
    {"transactional.id", "remove it: it follows from \"application.id\""},
    {"upgrade.from", kRemove},
    {"windowstore.changelog.additional.retention.ms", kRemove},
};

}  // namespace

std::optional<std::string_view> remedy_for_foreign_key(std::string_view key) {
  for (const ForeignKey& foreign : kForeignKeys) {
    bool family = foreign.name.back() == '.';
    if (family ? key.starts_with(foreign.name) : key == foreign.name) return foreign.remedy;
  }
  return std::nullopt;
}

}  // namespace millrace::config_detail
