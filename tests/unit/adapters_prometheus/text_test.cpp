#include <millrace/adapters/prometheus/text.hpp>

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/adapters/prometheus/process_metrics.hpp>
#include <millrace/metrics/metrics.hpp>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(PrometheusText, IsEmptyWithoutSeries) { EXPECT_EQ(to_prometheus_text({}), ""); }

TEST(PrometheusText, WritesCountersAndGaugesWithTheirLabels) {
  Metrics metrics;
  auto dropped = metrics.counter(MetricId::DroppedRecords, {"0_1", "say \"no\" \\"});
  dropped->increment(123456789);
  auto lag = metrics.gauge(MetricId::ConsumerLag, {"lines", "0"});
  lag->set(0.1);
  EXPECT_EQ(to_prometheus_text(metrics.snapshot()),
            "# HELP streams_consumer_lag_records Records of a partition that are not yet processed.\n"
            "# TYPE streams_consumer_lag_records gauge\n"
            "streams_consumer_lag_records{topic=\"lines\",partition=\"0\"} 0.1\n"
            "# HELP streams_dropped_records_total Records left out: undecodable, late, without a key, or skipped by an "
            "exception handler.\n"
            "# TYPE streams_dropped_records_total counter\n"
            "streams_dropped_records_total{task=\"0_1\",reason=\"say \\\"no\\\" \\\\\"} 123456789\n");
}

TEST(PrometheusText, WritesHistogramsCumulatively) {
  Metrics metrics;
  auto latency = metrics.histogram(MetricId::RecordE2eLatency, {"lines"});
  latency->observe(30ms);
  latency->observe(30ms);
  latency->observe(20s);
  std::string text = to_prometheus_text(metrics.snapshot());
  EXPECT_THAT(text, HasSubstr("streams_record_e2e_latency_seconds_count{node=\"lines\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{node=\"lines\",le=\"0.025\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{node=\"lines\",le=\"0.05\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{node=\"lines\",le=\"10\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{node=\"lines\",le=\"+Inf\"} 3\n"));
}

/// A series of every metric of the table, and one of an application.
class EveryMetric {
 public:
  EveryMetric() {
    for (std::size_t i = 0; i < metric_table().size(); ++i) add(static_cast<MetricId>(i), metric_table()[i]);
    MetricInfo own{.name = "hunt_claim_duration_seconds",
                   .type = MetricType::Histogram,
                   .unit = MetricUnit::Seconds,
                   .help = "Time from scan to claim.",
                   .buckets = BucketKind::Latency};
    add(metrics.define(own), own);
  }
  Metrics metrics;

 private:
  void add(MetricId id, const MetricInfo& info) {
    switch (info.label_names.size()) {
      case 0: return add(id, info.type, {});
      case 1: return add(id, info.type, {"a"});
      case 2: return add(id, info.type, {"a", "b"});
      default: FAIL() << info.name << " has more labels than this test knows";
    }
  }
  void add(MetricId id, MetricType type, LabelValues labels) {
    if (type == MetricType::Counter) counters_.push_back(metrics.counter(id, labels));
    if (type == MetricType::Gauge) gauges_.push_back(metrics.gauge(id, labels));
    if (type == MetricType::Histogram) histograms_.push_back(metrics.histogram(id, labels));
  }
  std::vector<CounterHandle> counters_;
  std::vector<GaugeHandle> gauges_;
  std::vector<HistogramHandle> histograms_;
};

// promtool_check.sh lets promtool judge this text.
TEST(PrometheusText, ShowsEveryMetricOfTheTable) {
  EveryMetric every;
  std::string text = to_prometheus_text(every.metrics.snapshot());
  for (const MetricInfo& info : metric_table()) {
    EXPECT_THAT(text, HasSubstr("# TYPE " + info.name + " " + std::string(to_string(info.type)) + "\n"));
  }
  EXPECT_THAT(text, HasSubstr("hunt_claim_duration_seconds_sum 0\n"));
  if (const char* path = std::getenv("MILLRACE_METRICS_TEXT")) std::ofstream(path) << text;
}

TEST(ProcessMetrics, MeasuresThisProcess) {
  Metrics metrics;
  ProcessMetrics process(metrics);
  auto value = [&](std::string_view name) {
    for (const auto& family : metrics.snapshot()) {
      if (family.info.name == name) return family.series[0].value;
    }
    return -1.0;
  };
  EXPECT_GT(value("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value("process_start_time_seconds"), 1e9);
  double before = value("process_cpu_seconds_total");
  EXPECT_GT(before, 0);
  while (value("process_cpu_seconds_total") == before) {  // each call burns some
  }
  EXPECT_GT(value("process_cpu_seconds_total"), before);
}

TEST(ProcessMetrics, EndsWithItsObject) {
  Metrics metrics;
  { ProcessMetrics process(metrics); }
  EXPECT_TRUE(metrics.snapshot().empty());
}

}  // namespace
}  // namespace millrace
