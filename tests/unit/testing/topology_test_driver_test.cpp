// What the driver promises to the people who test with it.
#include <millrace/testing/topology_test_driver.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

namespace millrace {
namespace {

using Text = std::string;
using Number = std::int64_t;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

Topology counting() {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by([](const Text& v) { return v; }, {.name = "words"})
      .count({.store_name = "counts"})
      .to_stream()
      .to("out");
  return builder.build();
}
Topology passing() {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").to("out");
  return builder.build();
}

struct Counting {
  explicit Counting(TestDriverOptions options = {}) : driver(counting(), std::move(options)) {}
  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
  TestOutputTopic<Text, Number> out = driver.create_output_topic<Text, Number>("out");
};

TEST(TopologyTestDriver, CommitsEachInputBeforePipeInputReturns) {
  Counting test;
  test.in.pipe_value("a");
  EXPECT_EQ(test.out.queue_size(), 1U);
  EXPECT_EQ(test.out.read_key_value(), (std::pair<std::optional<Text>, std::optional<Number>>("a", 1)));
  EXPECT_TRUE(test.out.empty());
}

TEST(TopologyTestDriver, FeedsRepartitionedRecordsBack) {
  Counting test;
  for (const char* word : {"a", "b", "a"}) test.in.pipe_value(word);
  EXPECT_THAT(test.out.read_key_values_to_map(), UnorderedElementsAre(Pair("a", 2), Pair("b", 1)));
}

TEST(TopologyTestDriver, ThrowsWhenThereIsNothingToRead) {
  Counting test;
  EXPECT_THROW((void)test.out.read_record(), std::out_of_range);
  EXPECT_THROW((void)test.out.read_value(), std::out_of_range);
  EXPECT_THAT(test.out.read_records_to_list(), IsEmpty());
}

TEST(TopologyTestDriver, RefusesTopicsAndStoresThatAreNotThere) {
  Counting test;
  EXPECT_THROW((test.driver.create_input_topic<Text, Text>("nowhere").pipe_value("x")), std::invalid_argument);
  EXPECT_THROW((void)(test.driver.create_output_topic<Text, Text>("nowhere").empty()), std::invalid_argument);
  EXPECT_THROW((void)(test.driver.get_key_value_store<Text, Text>("nowhere")), std::invalid_argument);
}

TEST(TopologyTestDriver, AdvancesTheTimestampsOfItsInput) {
  TopologyTestDriver driver(passing());
  auto in = driver.create_input_topic<Text, Text>("in", {}, {}, at(100), milliseconds(7));
  in.pipe_value("a");
  in.pipe_input("k", "b");
  in.pipe_input("k", "c", at(3));
  in.pipe_value("d");
  std::vector<std::int64_t> times;
  for (const auto& record : driver.create_output_topic<Text, Text>("out").read_records_to_list()) {
    times.push_back(record.timestamp.time_since_epoch().count());
  }
  EXPECT_THAT(times, ElementsAre(100, 107, 3, 114));
}

TEST(TopologyTestDriver, PipesListsAsIfOneByOne) {
  for (int partitions : {1, 3}) {
    std::vector<Record<Text, Text>> piped[2];
    for (bool list : {false, true}) {
      TestDriverOptions options;
      options.partitions = partitions;
      TopologyTestDriver driver(passing(), options);
      auto in = driver.create_input_topic<Text, Text>("in", {}, {}, at(100), milliseconds(10));
      const std::vector<std::pair<std::optional<Text>, std::optional<Text>>> pairs{
          {"a", "1"}, {"b", std::nullopt}, {std::nullopt, "3"}, {"a", "4"}};
      if (list) {
        in.pipe_key_value_list(pairs);
        in.pipe_value_list({"5", std::nullopt});
        in.pipe_record_list({{"r", "6", at(7), {}}});
      } else {
        for (const auto& [key, value] : pairs) in.pipe_input(key, value);
        in.pipe_value("5");
        in.pipe_value(std::nullopt);
        in.pipe_input(Record<Text, Text>{"r", "6", at(7), {}});
      }
      auto out = driver.create_output_topic<Text, Text>("out");
      piped[list ? 1 : 0] = out.read_records_to_list();
    }
    ASSERT_EQ(piped[0].size(), 7U);
    for (std::size_t i = 0; i < 7; ++i) {
      EXPECT_EQ(piped[0][i].key, piped[1][i].key);
      EXPECT_EQ(piped[0][i].value, piped[1][i].value);
      EXPECT_EQ(piped[0][i].timestamp, piped[1][i].timestamp);
    }
  }
}

TEST(TopologyTestDriver, PipesListsRecordByRecordWhereATopologyReadsWhatItWrites) {
  Counting test;
  test.in.pipe_value_list({"a", "b", "a"});
  std::vector<std::pair<std::optional<Text>, std::optional<Number>>> counts;
  while (!test.out.empty()) counts.push_back(test.out.read_key_value());
  EXPECT_THAT(counts, ElementsAre(Pair("a", 1), Pair("b", 1), Pair("a", 2)));
}

TEST(TopologyTestDriver, RefusesAPartitionThatIsNotThere) {
  TopologyTestDriver driver(passing());
  auto in = driver.create_input_topic<Text, Text>("in");
  EXPECT_THAT(
      [&] {
        in.pipe_input(Record<Text, Text>{"k", "v", at(1), {}}, Partition(3));
      },
      ::testing::ThrowsMessage<std::invalid_argument>(HasSubstr("there is no partition 3")));
}

TEST(TopologyTestDriver, KeepsHeadersNullsAndPartitions) {
  TopologyTestDriver driver(passing(), {.partitions = 3});
  auto in = driver.create_input_topic<Text, Text>("in");
  Record<Text, Text> record{"k", std::nullopt, at(4), {{"h", std::nullopt}}};
  in.pipe_input(record, Partition(2));
  auto out = driver.create_output_topic<Text, Text>("out");
  EXPECT_EQ(out.read_record(), record);
}

TEST(TopologyTestDriver, ReadsEachRecordOncePerDriver) {
  Counting test;
  test.in.pipe_value("a");
  auto same = test.driver.create_output_topic<Text, Number>("out");
  EXPECT_EQ(same.queue_size(), 1U);
  EXPECT_EQ(test.out.read_value(), 1);
  EXPECT_TRUE(same.empty());
}

TEST(TopologyTestDriver, ReadsStoresOverAllPartitionsInOrder) {
  Counting test({.partitions = 4});
  for (const char* word : {"d", "a", "c", "b", "a"}) test.in.pipe_value(word);
  auto store = test.driver.get_key_value_store<Text, Number>("counts");
  EXPECT_EQ(store.get("a"), 2);
  EXPECT_EQ(store.get("z"), std::nullopt);
  EXPECT_THAT(store.all(), ElementsAre(Pair("a", 2), Pair("b", 1), Pair("c", 1), Pair("d", 1)));
}

TEST(TopologyTestDriver, NamesTheTopicsThatWereWrittenTo) {
  Counting test;
  EXPECT_THAT(test.driver.produced_topic_names(), IsEmpty());
  test.in.pipe_value("a");
  EXPECT_THAT(test.driver.produced_topic_names(),
              UnorderedElementsAre("out", "test-counts-changelog", "test-words-repartition"));
}

TEST(TopologyTestDriver, UsesTheApplicationIdForInternalTopics) {
  StreamsConfig config;
  config.application_id = "shop";
  Counting test({.config = config});
  test.in.pipe_value("a");
  EXPECT_THAT(test.driver.produced_topic_names(), ::testing::Contains("shop-counts-changelog"));
}

TEST(TopologyTestDriver, RestartsOnTheSameLog) {
  Counting test;
  test.in.pipe_value("a");
  test.driver.restart();
  EXPECT_EQ((test.driver.get_key_value_store<Text, Number>("counts").get("a")), 1);
  test.in.pipe_value("a");
  EXPECT_EQ(test.out.read_value(), 1);
  EXPECT_EQ(test.out.read_value(), 2);
  EXPECT_TRUE(test.out.empty());
}

TEST(TopologyTestDriver, HoldsCommitsUntilCommit) {
  TopologyTestDriver driver(passing());
  auto in = driver.create_input_topic<Text, Text>("in");
  auto out = driver.create_output_topic<Text, Text>("out");
  driver.hold_commits();
  in.pipe_value("a");
  in.pipe_value("b");
  EXPECT_TRUE(out.empty());
  driver.commit();
  EXPECT_EQ(out.queue_size(), 2U);
  in.pipe_value("c");
  EXPECT_EQ(out.queue_size(), 3U);
}

TEST(TopologyTestDriver, HoldsCommitsAfterInputsThatWereCommitted) {
  TopologyTestDriver driver(passing());
  auto in = driver.create_input_topic<Text, Text>("in");
  auto out = driver.create_output_topic<Text, Text>("out");
  in.pipe_value("before");
  driver.hold_commits();
  in.pipe_value("held");
  EXPECT_EQ(out.queue_size(), 1U);
}

TEST(TopologyTestDriver, LosesWhatWasHeldInACrashAndProcessesItAgain) {
  int calls = 0;
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .peek([&calls](const Text&) { ++calls; })
      .group_by_key()
      .count({.store_name = "counts"})
      .to_stream()
      .to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "committed");
  driver.hold_commits();
  in.pipe_input("k", "held");
  EXPECT_EQ(calls, 2);
  driver.crash();
  EXPECT_EQ(calls, 3);
  auto out = driver.create_output_topic<Text, Number>("out");
  EXPECT_EQ(out.read_value(), 1);
  EXPECT_EQ(out.read_value(), 2);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("counts").get("k")), 2);
}

TEST(TopologyTestDriver, ShowsMetrics) {
  Counting test;
  test.in.pipe_value("a");
  double processed = 0;
  const auto metrics = test.driver.metrics();
  for (const FamilySnapshot& family : metrics) {
    if (family.info.name != "streams_records_processed_total") continue;
    for (const SeriesSnapshot& series : family.series) processed += series.value;
  }
  EXPECT_EQ(processed, 2) << "one record, and again after its repartitioning";
}

TEST(TopologyTestDriver, MovesItsClock) {
  TopologyTestDriver driver(passing(), {.start = WallTime(milliseconds(5000))});
  EXPECT_EQ(driver.clock().wall_now(), WallTime(milliseconds(5000)));
  driver.advance_wall_clock_time(milliseconds(10));
  EXPECT_EQ(driver.clock().wall_now(), WallTime(milliseconds(5010)));
}

TEST(TopologyTestDriver, ThrowsWhatKilledTheApplicationAgainAndAgain) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").filter([](const Text&) -> bool { throw std::runtime_error("boom"); }).to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  for (int i = 0; i < 2; ++i) {
    try {
      in.pipe_value("x");
      FAIL() << "nothing was thrown";
    } catch (const StreamsFailed& failed) {
      EXPECT_THAT(failed.what(), AllOf(HasSubstr("MR-0302"), HasSubstr("boom"), HasSubstr("in[0]@0")));
    }
  }
}

TEST(TopologyTestDriver, RefusesInputAfterItsClose) {
  Counting test;
  test.driver.close();
  EXPECT_THROW(test.in.pipe_value("a"), StreamsFailed);
  test.driver.close();
}

}  // namespace
}  // namespace millrace
