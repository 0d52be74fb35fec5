// MetricInfo: what a metric is called, what it counts and how. The table of the framework's own, and the rules that
// names keep.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Names a metric: the framework's own by enumerator, an application's by what Metrics::define() returned.
enum class MetricId : std::uint16_t {
#define X(id, type, name, unit, labels, buckets, help) id,
#include <millrace/metrics/metric_table.def>
#undef X
};

/// What a metric's value means: counters only grow.
enum class MetricType : std::uint8_t { Counter, Gauge, Histogram };
/// In which unit a metric counts; its name ends with it.
enum class MetricUnit : std::uint8_t { None, Seconds, Bytes };

/// Which bucket edges a histogram has. Fixed sets, so that panels of different metrics can be laid over each other.
enum class BucketKind : std::uint8_t {
  None,          ///< not a histogram
  Latency,       ///< 1 ms to 10 s; 50 ms and 500 ms are edges, for service level objectives
  ShortLatency,  ///< 10 µs to 1 s, for single steps
};

/// One metric, declared before its first use.
struct MetricInfo {
  std::string name;                       ///< "hunt_claims_total"
  MetricType type = MetricType::Counter;  ///< counter, gauge or histogram
  MetricUnit unit = MetricUnit::None;     ///< of the values
  std::string help;                       ///< one sentence
  std::vector<std::string> label_names;   ///< in the order in which values are given
  BucketKind buckets = BucketKind::None;  ///< of a histogram

  friend bool operator==(const MetricInfo&, const MetricInfo&) = default;
};

[[nodiscard]] std::string_view to_string(MetricType type);  ///< "counter".
[[nodiscard]] std::string_view to_string(MetricUnit unit);  ///< "seconds"; empty for None.

/// Upper bucket edges in rising order, in seconds, without +Inf. Empty for None.
[[nodiscard]] std::span<const double> bucket_edges(BucketKind kind);

/// The framework's own metrics; the index is the MetricId's value.
[[nodiscard]] const std::vector<MetricInfo>& metric_table();

/// Everything that is wrong with a declaration, one sentence each; empty if nothing is.
[[nodiscard]] std::vector<std::string> check_metric(const MetricInfo& info);

/// docs/reference/metrics.md, made from the table.
[[nodiscard]] std::string metrics_reference();

}  // namespace millrace
