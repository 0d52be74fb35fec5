// repartition(): a topic of its own, with a number of partitions and a partitioner of the user's.
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
using ::testing::UnorderedElementsAre;

const auto kValue = [](const Text& v) { return v; };

/// "partition:key" of what stands in a topic.
std::vector<std::string> placed(TopologyTestDriver& driver, const std::string& topic) {
  std::vector<std::string> found;
  while (auto read = driver.read_bytes(topic))
    found.push_back(std::to_string(read->partition.value()) + ":" + std::string(read->record.key.value_or("null")));
  return found;
}

TEST(RepartitionVerb, SendsTheStreamThroughATopicOfItsName) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").select_key(kValue).repartition({.name = "by-value"}).to("out");
  Topology topology = builder.build();
  EXPECT_EQ(topology.subtopologies().size(), 2U);
  TopologyTestDriver driver(std::move(topology));
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input({"k", "v", at(9), {{"h", "1"}}});
  EXPECT_THAT(read_all(driver, "test-by-value-repartition"), ElementsAre("v=v@9 {h=1}"));
  EXPECT_THAT(read_all(driver), ElementsAre("v=v@9 {h=1}"));
}

TEST(RepartitionVerb, LeavesRecordsWithoutAKeyOut) {
  auto nobody = [](const Text&) { return std::optional<Text>(); };
  EXPECT_THAT(run([=](KStream<Text, Text> in) { in.select_key(nobody).repartition().to("out"); }, {text("k", "v")}),
              IsEmpty());
}

TEST(RepartitionVerb, SparesTheGroupingBehindItATopic) {
  StreamsBuilder builder;
  auto repartitioned = builder.stream<Text, Text>("in").select_key(kValue).repartition();
  (void)repartitioned.group_by_key().count();
  Topology topology = builder.build();
  ASSERT_EQ(topology.repartitions().size(), 1U);
  EXPECT_EQ(topology.repartitions()[0].topic.name, "in.select_key.repartition-repartition");
  EXPECT_TRUE(topology.stores().contains("in.select_key.repartition.count-store"));
}

TEST(RepartitionVerb, DoesNotWriteItsSuffixTwice) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").repartition({.name = "words-repartition"}).to("out");
  EXPECT_EQ(builder.build().repartitions()[0].topic.name, "words-repartition");
}

TEST(RepartitionVerb, MakesAsManyPartitionsAsItIsTold) {
  StreamsBuilder builder;
  auto wide = builder.stream<Text, Text>("in").repartition({.name = "wide", .partitions = 5});
  (void)wide.group_by_key().count({.store_name = "c"});
  TopologyTestDriver driver(builder.build(), {.partitions = 2});
  auto in = driver.create_input_topic<Text, Text>("in");
  for (int i = 0; i < 50; ++i) in.pipe_input(std::to_string(i), "v");
  std::set<std::string> used;
  for (const std::string& place : placed(driver, "test-wide-repartition")) used.insert(place.substr(0, 1));
  EXPECT_THAT(used, UnorderedElementsAre("0", "1", "2", "3", "4"));
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("c").all().size()), 50U);
}

TEST(RepartitionVerb, AsksItsPartitionerWithTheTopicAndItsPartitions) {
  StreamsBuilder builder;
  StreamPartitioner<Text, Text> by_first_digit = [](std::string_view topic, const std::optional<Text>& key,
                                                    const std::optional<Text>&, std::int32_t count) -> Partitions {
    EXPECT_EQ(topic, "test-p-repartition");
    return Partition((key->front() - '0') % count);
  };
  builder.stream<Text, Text>("in").repartition({.name = "p", .partitions = 4, .partitioner = by_first_digit}).to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  for (const char* key : {"0", "1", "2", "3", "7"}) in.pipe_input(key, "v");
  EXPECT_THAT(placed(driver, "test-p-repartition"), UnorderedElementsAre("0:0", "1:1", "2:2", "3:3", "3:7"));
}

TEST(RepartitionVerb, RefusesTheNameOfAnotherAndNoPartitions) {
  StreamsBuilder builder;
  auto in = builder.stream<Text, Text>("in");
  in.repartition({.name = "same"}).to("a");
  in.repartition({.name = "same"}).to("b");
  in.repartition({.name = "none", .partitions = 0}).to("c");
  try {
    (void)builder.build();
    FAIL() << "two faults were not found";
  } catch (const TopologyError& error) {
    EXPECT_THAT(error.findings(),
                ElementsAre(AllOf(HasSubstr("\"same-repartition\" is written by \"in\" and by \"in\""),
                                  HasSubstr("another name")),
                            AllOf(HasSubstr("\"none-repartition\" is to have 0 partitions"), HasSubstr("at least 1"))));
  }
}

TEST(RepartitionVerb, EncodesWithItsSerdes) {
  auto angled = make_serde<Text>([](const Text& v, Bytes& out) { out += "<" + v + ">"; },
                                 [](BytesView b) -> Result<Text> { return Text(b.substr(1, b.size() - 2)); });
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").repartition({.name = "p", .value_serde = angled}).to("out");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "v");
  EXPECT_THAT(read_all(driver, "test-p-repartition"), ElementsAre("k=<v>@0"));
  EXPECT_THAT(read_all(driver), ElementsAre("k=<v>@0"));
}

TEST(RepartitionVerb, LosesNothingInACrash) {
  StreamsBuilder builder;
  auto spread = builder.stream<Text, Text>("in").select_key(kValue).repartition({.partitions = 3});
  (void)spread.group_by_key().count({.store_name = "c"});
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "v");
  driver.hold_commits();
  in.pipe_input("k", "v");
  in.pipe_input("k", "w");
  driver.crash();
  driver.commit();
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("c").get("v")), 2);
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("c").get("w")), 1);
}

}  // namespace
}  // namespace millrace
