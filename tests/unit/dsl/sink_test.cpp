// to(): topics that a function chooses, partitions that a function chooses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dsl_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Stream = KStream<Text, Text>;

template <class Build>
Topology topology(Build build) {
  StreamsBuilder builder;
  build(builder.stream<Text, Text>("in"));
  return builder.build();
}

/// The error that `pipe` ends with.
template <class Pipe>
Error failure(Pipe pipe) {
  try {
    pipe();
  } catch (const StreamsFailed& failed) {
    return failed.error();
  }
  return Error(ErrorCode::UsageInvalid, "nothing failed");
}

TEST(TopicExtractor, SendsEachRecordToTheTopicOfItsValue) {
  TopologyTestDriver driver(topology([](Stream in) { in.to([](const Text& v) { return "topic-" + v; }); }),
                            {.topics = {"topic-a", "topic-b"}});
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "a", at(1));
  in.pipe_input("k", "b", at(2));
  in.pipe_input({"l", "a", at(3), {{"h", "x"}}});
  EXPECT_THAT(read_all(driver, "topic-a"), ElementsAre("k=a@1", "l=a@3 {h=x}"));
  EXPECT_THAT(read_all(driver, "topic-b"), ElementsAre("k=b@2"));
  EXPECT_THAT(driver.produced_topic_names(), ElementsAre("topic-a", "topic-b"));
}

TEST(TopicExtractor, SeesKeyValueTimeHeadersAndWhereTheRecordCameFrom) {
  std::vector<std::string> seen;
  auto choose = [&](const std::optional<Text>& key, const std::optional<Text>& value, const RecordContext& about) {
    seen.push_back(show(key) + "=" + show(value) + "@" + std::to_string(about.timestamp.time_since_epoch().count()) +
                   " of " + std::string(about.metadata->topic) + "-" + to_string(about.metadata->partition) + "@" +
                   to_string(about.metadata->offset) + " with " + std::to_string(about.headers.size()));
    return "out";
  };
  TopologyTestDriver driver(topology([&](Stream in) { in.to(choose, {.name = "chosen"}); }), {.topics = {"out"}});
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input({"k", "v", at(5), {{"h", "x"}}});
  in.pipe_input(std::nullopt, std::nullopt, at(6));
  EXPECT_THAT(seen, ElementsAre("k=v@5 of in-0@0 with 1", "null=null@6 of in-0@1 with 0"));
  EXPECT_THAT(read_all(driver), ElementsAre("k=v@5 {h=x}", "null=null@6"));
}

TEST(TopicExtractor, FailsARecordForATopicThatIsNotThere) {
  TopologyTestDriver driver(
      topology([](Stream in) { in.to([](const Text& v) { return v; }, {.name = "chosen"}); }));
  auto in = driver.create_input_topic<Text, Text>("in");
  const Error error = failure([&] { in.pipe_input("k", "nowhere"); });
  EXPECT_EQ(error.code(), ErrorCode::TopicNotWritable);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("MR-0309"), HasSubstr("\"nowhere\""), HasSubstr("chosen"),
                                       HasSubstr("in[0]@0"), HasSubstr("topic-name extractor")));
}

TEST(TopicExtractor, FailsARecordForAnInternalTopic) {
  for (const char* topic : {"test-counts-changelog", "test-g-repartition"}) {
    TopologyTestDriver driver(topology([&](Stream in) {
      in.to([=](const Text&) { return topic; });
      (void)in.group_by([](const Text& v) { return v; }, {.name = "g"}).count({.store_name = "counts"});
    }));
    auto in = driver.create_input_topic<Text, Text>("in");
    EXPECT_THAT(failure([&] { in.pipe_input("k", "v"); }).to_string(), AllOf(HasSubstr(topic), HasSubstr("internal")));
  }
}

TEST(TopicExtractor, LeavesARecordForNoTopicToTheHandler) {
  TestDriverOptions options{.topics = {"out"}};
  options.config.processing_exception_handler = ExceptionResponse::DeadLetter;
  options.config.dead_letter_topic = "dead";
  TopologyTestDriver driver(topology([](Stream in) { in.to([](const Text& v) { return v; }); }), std::move(options));
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "nowhere");
  in.pipe_input("k", "out");
  EXPECT_THAT(read_all(driver), ElementsAre("k=out@0"));
  EXPECT_EQ(counted(driver, "streams_dead_letter_records_total", {"TopicNotWritable"}), 1);
}

TEST(TopicExtractor, MayChooseATopicThatTheTopologyReads) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").to([](const Text& v) { return v; });
  builder.stream<Text, Text>("again").map_values([](const Text& v) { return v + "!"; }).to("out");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "again");
  EXPECT_THAT(read_all(driver), ElementsAre("k=again!@0"));
}

/// Partitions of "out", which has 4, that a value "v" goes to.
std::vector<int> partitions(TopologyTestDriver& driver) {
  std::vector<int> found;
  while (auto read = driver.read_bytes("out")) found.push_back(read->partition.value());
  return found;
}
Topology partitioned(StreamPartitioner<Text, Text> partitioner) {
  return topology([&](Stream in) { in.to("out", {.name = "sink", .partitioner = partitioner}); });
}

TEST(Partitioner, PicksOnePartition) {
  TopologyTestDriver driver(partitioned([](std::string_view topic, const auto&, const std::optional<Text>& value,
                                           std::int32_t count) -> Partitions {
                              EXPECT_EQ(topic, "out");
                              EXPECT_EQ(count, 4);
                              return Partition(std::stoi(*value));
                            }),
                            {.partitions = 4});
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "3");
  in.pipe_input("k", "1");
  EXPECT_THAT(partitions(driver), ElementsAre(1, 3));
}

TEST(Partitioner, PicksSeveralPartitions) {
  TopologyTestDriver driver(partitioned([](auto&&...) -> Partitions { return {Partition(0), Partition(2)}; }),
                            {.partitions = 4});
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "v");
  EXPECT_THAT(partitions(driver), ElementsAre(0, 2));
}

TEST(Partitioner, LeavesTheChoiceToTheDefaultOne) {
  TopologyTestDriver driver(partitioned([](auto&&...) -> Partitions { return std::nullopt; }), {.partitions = 4});
  driver.create_input_topic<Text, Text>("in").pipe_input("21", "v");
  EXPECT_THAT(partitions(driver), ElementsAre(1173551340 % 4));
}

TEST(Partitioner, DropsAndCountsWhatItSendsNowhere) {
  TopologyTestDriver driver(partitioned([](auto&&...) -> Partitions { return std::vector<Partition>(); }),
                            {.partitions = 4});
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "v");
  EXPECT_THAT(partitions(driver), IsEmpty());
  EXPECT_EQ(dropped(driver, "no_partition"), 1);
}

TEST(Partitioner, FailsARecordForAPartitionThatIsNotThere) {
  TopologyTestDriver driver(partitioned([](auto&&...) -> Partitions { return Partition(4); }), {.partitions = 4});
  auto in = driver.create_input_topic<Text, Text>("in");
  const Error error = failure([&] { in.pipe_input("k", "v"); });
  EXPECT_EQ(error.code(), ErrorCode::PartitionOutOfRange);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("partition 4 of \"out\", which has 4"), HasSubstr("sink")));
}

TEST(Partitioner, MayThrow) {
  TestDriverOptions options;
  options.config.processing_exception_handler = ExceptionResponse::Continue;
  TopologyTestDriver driver(
      partitioned([](auto&&...) -> Partitions { throw std::runtime_error("no idea"); }), std::move(options));
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "v");
  EXPECT_THAT(read_all(driver), IsEmpty());
  EXPECT_EQ(dropped(driver, "UserCodeThrew"), 1);
}

}  // namespace
}  // namespace millrace
