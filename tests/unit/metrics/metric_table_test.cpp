#include <millrace/metrics/metric_table.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

MetricInfo claims() {
  return {.name = "hunt_claims_total",
          .type = MetricType::Counter,
          .help = "Claimed treasures.",
          .label_names = {"result"}};
}

TEST(MetricTable, EveryMetricKeepsTheRules) {
  std::set<std::string> names;
  for (const MetricInfo& info : metric_table()) {
    EXPECT_THAT(check_metric(info), IsEmpty()) << info.name;
    EXPECT_TRUE(names.insert(info.name).second) << info.name << " stands twice in the table";
  }
}

TEST(MetricTable, IsIndexedByMetricId) {
  EXPECT_EQ(metric_table()[static_cast<std::size_t>(MetricId::CommitDuration)].name, "streams_commit_duration_seconds");
  EXPECT_THAT(metric_table()[static_cast<std::size_t>(MetricId::DroppedRecords)].label_names,
              ElementsAre("task", "reason"));
}

TEST(MetricTable, LatencyBucketsHaveTheServiceLevelsAsEdges) {
  for (BucketKind kind : {BucketKind::Latency, BucketKind::ShortLatency}) {
    auto edges = bucket_edges(kind);
    EXPECT_TRUE(std::is_sorted(edges.begin(), edges.end()));
    EXPECT_THAT(edges, Contains(0.05));
  }
  EXPECT_THAT(bucket_edges(BucketKind::Latency), Contains(0.5));
}

TEST(MetricTable, ReferencePageIsCurrent) {
  const std::string path = MILLRACE_SOURCE_DIR "/docs/reference/metrics.md";
  if (std::getenv("MILLRACE_UPDATE_DOCS") != nullptr) std::ofstream(path) << metrics_reference();
  std::stringstream page;
  page << std::ifstream(path).rdbuf();
  EXPECT_EQ(page.str(), metrics_reference()) << "write it anew with: MILLRACE_UPDATE_DOCS=1 test_metrics";
}

TEST(CheckMetric, AcceptsAGoodDeclaration) { EXPECT_THAT(check_metric(claims()), IsEmpty()); }

struct BadMetric {
  const char* what;
  MetricInfo info;
  const char* finding;
};

MetricInfo with(auto change) {
  MetricInfo info = claims();
  change(info);
  return info;
}

const BadMetric kBadMetrics[] = {
    BadMetric{"camelCase", with([](auto& m) { m.name = "huntClaims_total"; }), "lower-case words"},
    BadMetric{"empty", with([](auto& m) { m.name = ""; }), "lower-case words"},
    BadMetric{"long", with([](auto& m) { m.name = std::string(200, 'a') + "_total"; }), "at most 100 bytes"},
    BadMetric{"noSubject", with([](auto& m) {
                m.name = "claims";
                m.type = MetricType::Gauge;
              }),
              "its subject"},
    BadMetric{"counterWithoutTotal", with([](auto& m) { m.name = "hunt_claims"; }), "must end in _total"},
    BadMetric{"gaugeWithTotal", with([](auto& m) { m.type = MetricType::Gauge; }), "'total' is for counters"},
    BadMetric{"rate", with([](auto& m) { m.name = "hunt_claim_rate"; }), "'rate' has no place"},
    BadMetric{"milliseconds", with([](auto& m) { m.name = "hunt_wait_ms_total"; }), "'ms' has no place"},
    BadMetric{"unitNotInName", with([](auto& m) { m.unit = MetricUnit::Seconds; }), "its unit: _seconds_total"},
    BadMetric{"unitNotDeclared", with([](auto& m) { m.name = "hunt_wait_seconds_total"; }), "unit is not declared"},
    BadMetric{"noHelp", with([](auto& m) { m.help = ""; }), "help text is missing"},
    BadMetric{"reservedLabel", with([](auto& m) { m.label_names = {"le"}; }), "label 'le' is reserved"},
    BadMetric{"badLabel", with([](auto& m) { m.label_names = {"Result"}; }), "a label's name must be"},
    BadMetric{"labelTwice", with([](auto& m) {
                m.label_names = {"a", "a"};
              }),
              "declared twice"},
    BadMetric{"manyLabels", with([](auto& m) {
                m.label_names = {"a", "b", "c", "d", "e"};
              }),
              "at most 4"},
    BadMetric{"noBuckets", with([](auto& m) {
                m.name = "hunt_waits";
                m.type = MetricType::Histogram;
              }),
              "needs a bucket kind"},
    BadMetric{"buckets", with([](auto& m) { m.buckets = BucketKind::Latency; }), "buckets are for histograms"}};

TEST(CheckMetric, NamesWhatIsWrong) {
  for (const BadMetric& bad : kBadMetrics) {
    EXPECT_THAT(check_metric(bad.info), Contains(HasSubstr(bad.finding))) << bad.what;
  }
}

}  // namespace
}  // namespace millrace
