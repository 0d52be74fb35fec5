#include <millrace/adapters/prometheus/text.hpp>

#include <limits>
#include <sstream>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace millrace {

namespace {

prometheus::MetricType type_of(MetricType type) {
  switch (type) {
    case MetricType::Counter: return prometheus::MetricType::Counter;
    case MetricType::Gauge: return prometheus::MetricType::Gauge;
    case MetricType::Histogram: return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric::Histogram to_client(const HistogramSnapshot& histogram) {
  prometheus::ClientMetric::Histogram client{.sample_count = histogram.count, .sample_sum = histogram.sum};
  for (std::size_t i = 0; i < histogram.upper_edges.size(); ++i) {
    client.bucket.push_back({histogram.cumulative_counts[i], histogram.upper_edges[i]});
  }
  client.bucket.push_back({histogram.count, std::numeric_limits<double>::infinity()});
  return client;
}

prometheus::ClientMetric to_client(const MetricInfo& info, const SeriesSnapshot& series) {
  prometheus::ClientMetric client;
  for (std::size_t i = 0; i < info.label_names.size(); ++i) {
    client.label.push_back({info.label_names[i], series.label_values[i]});
  }
  switch (info.type) {
    case MetricType::Counter: client.counter.value = series.value; break;
    case MetricType::Gauge: client.gauge.value = series.value; break;
    case MetricType::Histogram: client.histogram = to_client(series.histogram); break;
  }
  return client;
}

}  // namespace

std::string to_prometheus_text(const MetricsSnapshot& snapshot) {
  std::vector<prometheus::MetricFamily> families;
  families.reserve(snapshot.size());
  for (const FamilySnapshot& family : snapshot) {
    const MetricInfo& info = family.info;
    prometheus::MetricFamily client{.name = info.name, .help = info.help, .type = type_of(info.type)};
    for (const SeriesSnapshot& series : family.series) client.metric.push_back(to_client(info, series));
    families.push_back(std::move(client));
  }
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return std::move(text).str();
}

}  // namespace millrace
