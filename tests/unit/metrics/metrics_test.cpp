#include <millrace/metrics/metrics.hpp>

#include <atomic>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CapturingLogger final : public Logger {
 public:
  [[nodiscard]] bool enabled(LogLevel) const override { return true; }
  void write(LogLevel, std::string_view, std::string_view message) override { lines.emplace_back(message); }
  std::vector<std::string> lines;
};

const FamilySnapshot* family(const MetricsSnapshot& snapshot, std::string_view name) {
  for (const auto& entry : snapshot) {
    if (entry.info.name == name) return &entry;
  }
  return nullptr;
}

TEST(Metrics, ShowsWhatWasCounted) {
  Metrics metrics;
  CounterHandle consumed = metrics.counter(MetricId::RecordsConsumed, {"lines"});
  consumed->increment();
  consumed->increment(41);
  GaugeHandle lag = metrics.gauge(MetricId::ConsumerLag, {"lines", "3"});
  lag->set(10);
  lag->add(-3.5);
  auto snapshot = metrics.snapshot();
  ASSERT_THAT(snapshot, SizeIs(2));
  EXPECT_EQ(snapshot[0].info.name, "streams_consumer_lag_records");
  EXPECT_THAT(snapshot[0].series[0].label_values, ElementsAre("lines", "3"));
  EXPECT_EQ(snapshot[0].series[0].value, 6.5);
  EXPECT_EQ(snapshot[1].series[0].value, 42);
}

TEST(Metrics, HistogramPutsAnEdgeIntoTheBucketBelowIt) {
  Metrics metrics;
  HistogramHandle duration = metrics.histogram(MetricId::CommitDuration);
  duration->observe(0.001);
  duration->observe(50ms);
  duration->observe(50001us);
  duration->observe(11s);
  duration->observe(std::numeric_limits<double>::quiet_NaN());
  auto histogram = metrics.snapshot()[0].series[0].histogram;
  EXPECT_THAT(histogram.upper_edges, ElementsAre(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 10));
  EXPECT_THAT(histogram.cumulative_counts, ElementsAre(1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3, 3, 3));
  EXPECT_EQ(histogram.count, 4u);
  EXPECT_NEAR(histogram.sum, 11.101001, 1e-9);
}

TEST(Metrics, SeriesShowsTheSumOfItsInstruments) {
  Metrics metrics;
  auto first = metrics.counter(MetricId::Commits, {"committed"});
  auto second = metrics.counter(MetricId::Commits, {"committed"});
  first->increment(2);
  second->increment(3);
  first.reset();
  EXPECT_EQ(metrics.snapshot()[0].series[0].value, 5) << "a counter must not go down when one of its writers ends";
  auto gauge_one = metrics.gauge(MetricId::OutboxBytes);
  auto gauge_two = metrics.gauge(MetricId::OutboxBytes);
  gauge_one->set(7);
  gauge_two->set(8);
  EXPECT_EQ(family(metrics.snapshot(), "streams_outbox_bytes")->series[0].value, 15);
  gauge_one.reset();
  EXPECT_EQ(family(metrics.snapshot(), "streams_outbox_bytes")->series[0].value, 8);
}

TEST(Metrics, HistogramKeepsWhatItsEndedInstrumentsCounted) {
  Metrics metrics;
  auto first = metrics.histogram(MetricId::StepDuration);
  auto second = metrics.histogram(MetricId::StepDuration);
  first->observe(1ms);
  second->observe(2s);
  first.reset();
  auto histogram = metrics.snapshot()[0].series[0].histogram;
  EXPECT_EQ(histogram.count, 2u);
  EXPECT_EQ(histogram.cumulative_counts.back(), 1u);
  EXPECT_NEAR(histogram.sum, 2.001, 1e-9);
}

TEST(Metrics, SeriesOfAClosedTaskDisappears) {
  Metrics metrics;
  auto open = metrics.counter(MetricId::RecordsProcessed, {"0_0"});
  {
    auto closed = metrics.counter(MetricId::RecordsProcessed, {"0_1"});
    EXPECT_THAT(metrics.snapshot()[0].series, SizeIs(2));
  }
  auto snapshot = metrics.snapshot();
  ASSERT_THAT(snapshot[0].series, SizeIs(1));
  EXPECT_THAT(snapshot[0].series[0].label_values, ElementsAre("0_0"));
  open.reset();
  EXPECT_THAT(metrics.snapshot(), IsEmpty());
}

TEST(Metrics, HandlesMayOutliveTheRegistry) {
  auto metrics = std::make_unique<Metrics>();
  auto counter = metrics->counter(MetricId::HttpConnectionsRejected);
  auto collector = metrics->collector([] {});
  metrics.reset();
  counter->increment();
  EXPECT_EQ(counter->value(), 1);
}

TEST(Metrics, OrderDoesNotDependOnTheOrderOfCreation) {
  auto names = [](bool backwards) {
    Metrics metrics;
    std::vector<CounterHandle> handles;
    std::vector<std::string> topics = {"b", "a", "c"};
    if (backwards) topics = {"c", "a", "b"};
    if (backwards) handles.push_back(metrics.counter(MetricId::Commits, {"failed"}));
    for (const auto& topic : topics) handles.push_back(metrics.counter(MetricId::RecordsProduced, {topic}));
    if (!backwards) handles.push_back(metrics.counter(MetricId::Commits, {"failed"}));
    std::string text;
    for (const auto& entry : metrics.snapshot()) {
      for (const auto& series : entry.series) text += entry.info.name + "{" + series.label_values[0] + "} ";
    }
    return text;
  };
  EXPECT_EQ(names(false),
            "streams_commits_total{failed} streams_records_produced_total{a} streams_records_produced_total{b} "
            "streams_records_produced_total{c} ");
  EXPECT_EQ(names(true), names(false));
}

TEST(Metrics, TooManySeriesAreNotExportedAndSaidOnce) {
  CapturingLogger logger;
  Metrics metrics({.series_per_metric_max = 2, .logger = &logger});
  std::vector<CounterHandle> handles;
  for (const char* topic : {"a", "b", "c", "d", "a"}) {
    handles.push_back(metrics.counter(MetricId::RecordsConsumed, {topic}));
    handles.back()->increment();
  }
  auto snapshot = metrics.snapshot();
  ASSERT_THAT(family(snapshot, "streams_records_consumed_total")->series, SizeIs(2));
  EXPECT_EQ(family(snapshot, "streams_records_consumed_total")->series[0].value, 2);
  const auto* rejected = family(snapshot, "millrace_metrics_rejected_series_total");
  ASSERT_NE(rejected, nullptr);
  EXPECT_THAT(rejected->series[0].label_values, ElementsAre("streams_records_consumed_total"));
  EXPECT_EQ(rejected->series[0].value, 2);
  ASSERT_THAT(logger.lines, SizeIs(1));
  EXPECT_THAT(logger.lines[0], HasSubstr("streams_records_consumed_total has 2 series"));
  EXPECT_THAT(logger.lines[0], HasSubstr("leave out the one that carries an id"));
}

TEST(Metrics, LabelValuesAreMadeValidUtf8) {
  Metrics metrics;
  auto topic = [&](std::string_view value) {
    auto handle = metrics.counter(MetricId::RecordsConsumed, {value});
    return metrics.snapshot()[0].series[0].label_values[0];
  };
  EXPECT_EQ(topic("Schätze €😀"), "Schätze €😀");
  EXPECT_EQ(topic("a\nb\x7f"), "a?b?");
  EXPECT_EQ(topic("\xff\xc0\x80\xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82"), "?????? ???? ??");
  EXPECT_EQ(topic(std::string(199, 'a') + "ä").size(), 199u) << "cut between characters";
}

TEST(Metrics, ApplicationsDeclareTheirOwn) {
  Metrics metrics;
  MetricInfo info{.name = "hunt_claims_total", .help = "Claimed treasures.", .label_names = {"result"}};
  MetricId id = metrics.define(info);
  EXPECT_EQ(metrics.define(info), id) << "declaring the same again is no conflict";
  EXPECT_EQ(metrics.find("hunt_claims_total"), id);
  auto claims = metrics.counter(id, {"won"});
  claims->increment();
  EXPECT_EQ(family(metrics.snapshot(), "hunt_claims_total")->series[0].value, 1);
}

std::string refusal(Metrics& metrics, const MetricInfo& info) {
  try {
    metrics.define(info);
    return "accepted";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(Metrics, RefusesBadDeclarationsWithAllFindings) {
  Metrics metrics;
  EXPECT_EQ(refusal(metrics, {.name = "hunt_claims", .type = MetricType::Counter}),
            "metric 'hunt_claims': a counter's name must end in _total; the help text is missing");
  EXPECT_THAT(refusal(metrics, {.name = "streams_mine_total", .help = "x"}), HasSubstr("belong to the framework"));
  metrics.define({.name = "hunt_claims_total", .help = "x"});
  EXPECT_THAT(refusal(metrics, {.name = "hunt_claims_total", .help = "y"}), HasSubstr("declared already"));
}

TEST(MetricsDeathTest, WrongUseNamesTheMetric) {
  Metrics metrics;
  EXPECT_DEATH((void)metrics.gauge(MetricId::Commits, {"failed"}), "streams_commits_total is a counter, not a gauge");
  EXPECT_DEATH((void)metrics.counter(MetricId::Commits), R"(streams_commits_total has 1 labels \(result\), 0 values)");
  EXPECT_DEATH((void)metrics.counter(static_cast<MetricId>(9999)), "call define\\(\\) first");
}

TEST(Metrics, CollectorsRunBeforeASnapshotUntilTheyEnd) {
  Metrics metrics;
  auto buffered = metrics.gauge(MetricId::BufferedRecords);
  int runs = 0;
  auto collector = metrics.collector([&] { buffered->set(++runs); });
  EXPECT_EQ(metrics.snapshot()[0].series[0].value, 1);
  EXPECT_EQ(metrics.snapshot()[0].series[0].value, 2);
  collector.reset();
  EXPECT_EQ(metrics.snapshot()[0].series[0].value, 2);
}

// Meant for ThreadSanitizer: two writers with an instrument each, series coming and going, and a scraper.
TEST(Metrics, ScrapesWhileOthersWrite) {
  Metrics metrics;
  constexpr int kRounds = 20000;
  std::atomic<bool> done{false};
  auto write = [&](const char* task) {
    auto commits = metrics.counter(MetricId::Commits, {"committed"});
    auto duration = metrics.histogram(MetricId::CommitDuration);
    for (int i = 0; i < kRounds; ++i) {
      commits->increment();
      duration->observe(1ms);
      if (i % 100 == 0) metrics.counter(MetricId::RecordsProcessed, {task})->increment();
    }
    return std::pair(std::move(commits), std::move(duration));
  };
  std::pair<CounterHandle, HistogramHandle> kept[2];
  std::thread scraper([&] {
    double last = 0;
    while (!done) {
      auto snapshot = metrics.snapshot();
      const auto* commits = family(snapshot, "streams_commits_total");
      if (commits == nullptr) continue;
      EXPECT_GE(commits->series[0].value, last);
      last = commits->series[0].value;
    }
  });
  std::thread first([&] { kept[0] = write("0_0"); });
  std::thread second([&] { kept[1] = write("0_1"); });
  first.join();
  second.join();
  done = true;
  scraper.join();
  auto snapshot = metrics.snapshot();
  EXPECT_EQ(family(snapshot, "streams_commits_total")->series[0].value, 2 * kRounds);
  EXPECT_EQ(family(snapshot, "streams_commit_duration_seconds")->series[0].histogram.count, 2u * kRounds);
}

}  // namespace
}  // namespace millrace
