#include <millrace/metrics/metric_table.hpp>

namespace millrace {

namespace {

std::vector<std::string> split_labels(std::string_view text) {
  std::vector<std::string> labels;
  while (!text.empty()) {
    std::size_t comma = text.find(',');
    labels.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return labels;
}

constexpr double kLatencyEdges[] = {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 10};
constexpr double kShortLatencyEdges[] = {.00001, .000025, .00005, .0001, .00025, .0005, .001,
                                         .0025,  .005,    .01,    .025,  .05,    .1,    1};

}  // namespace

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::Counter: return "counter";
    case MetricType::Gauge: return "gauge";
    case MetricType::Histogram: return "histogram";
  }
  return "?";
}

std::string_view to_string(MetricUnit unit) {
  switch (unit) {
    case MetricUnit::None: return "";
    case MetricUnit::Seconds: return "seconds";
    case MetricUnit::Bytes: return "bytes";
  }
  return "?";
}

std::span<const double> bucket_edges(BucketKind kind) {
  switch (kind) {
    case BucketKind::None: return {};
    case BucketKind::Latency: return kLatencyEdges;
    case BucketKind::ShortLatency: return kShortLatencyEdges;
  }
  return {};
}

const std::vector<MetricInfo>& metric_table() {
  static const std::vector<MetricInfo> table = {
#define X(id, type, name, unit, labels, buckets, help) \
  {name, MetricType::type, MetricUnit::unit, help, split_labels(labels), BucketKind::buckets},
#include <millrace/metrics/metric_table.def>
#undef X
  };
  return table;
}

}  // namespace millrace
