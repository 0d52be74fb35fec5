// Equal keys meet in one task: when a repartition topic is made, what goes through it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dsl_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

using Stream = KStream<Text, Text>;

/// Names of the repartition topics of what `build` makes of "in".
template <class Build>
std::vector<std::string> repartitions(Build build) {
  StreamsBuilder builder;
  build(builder.stream<Text, Text>("in"));
  std::vector<std::string> names;
  const Topology topology = builder.build();
  for (const RepartitionSpec& spec : topology.repartitions()) names.push_back(spec.topic.name);
  return names;
}

const auto kSwap = [](const Text& k, const Text& v) { return KeyValue{v, k}; };
const auto kOne = [](const Text& k, const Text& v) { return std::vector{KeyValue{v, k}}; };
const auto kValue = [](const Text& v) { return v; };
const auto kAll = [](const Text&) { return true; };

class Relay : public Processor<Text, Text, Text, Text> {
  void process(const Record<Text, Text>& record) override { context().forward(record); }
};
const auto kRelay = [] { return std::make_unique<Relay>(); };

TEST(Repartition, IsNotNeededWhereTheKeyStaysTheSame) {
  auto list = [](const Text& v) { return std::vector{v}; };
  EXPECT_THAT(repartitions([=](Stream in) {
                auto other =
                    in.filter(kAll).filter_not(kAll).map_values(kValue).flat_map_values(list).peek([](const Text&) {});
                (void)in.merge(other).group_by_key().count();
              }),
              ElementsAre());
}

TEST(Repartition, IsAlwaysNeededByGroupBy) {
  EXPECT_THAT(repartitions([](Stream in) { (void)in.group_by(kValue).count({.store_name = "c"}); }),
              ElementsAre("c-repartition"));
}

TEST(Repartition, IsNeededAfterEachVerbThatMayChangeTheKey) {
  auto count = [](Stream s) { (void)s.group_by_key().count({.store_name = "c"}); };
  EXPECT_THAT(repartitions([&](Stream in) { count(in.map(kSwap)); }), ElementsAre("c-repartition"));
  EXPECT_THAT(repartitions([&](Stream in) { count(in.flat_map(kOne)); }), ElementsAre("c-repartition"));
  EXPECT_THAT(repartitions([&](Stream in) { count(in.select_key(kValue)); }), ElementsAre("c-repartition"));
  EXPECT_THAT(repartitions([&](Stream in) { count(in.process(kRelay)); }), ElementsAre("c-repartition"));
}

TEST(Repartition, IsRememberedThroughVerbsThatKeepTheKey) {
  auto list = [](const Text& v) { return std::vector{v}; };
  EXPECT_THAT(repartitions([=](Stream in) {
                auto changed = in.select_key(kValue).filter(kAll).map_values(kValue).flat_map_values(list).peek(
                    [](const Text&) {});
                (void)changed.group_by_key().count({.store_name = "c"});
              }),
              ElementsAre("c-repartition"));
}

TEST(Repartition, IsNeededIfEitherMergedStreamChangedTheKey) {
  EXPECT_THAT(repartitions([](Stream in) {
                (void)in.merge(in.select_key(kValue)).group_by_key().count({.store_name = "a"});
                (void)in.select_key(kValue).merge(in).group_by_key().count({.store_name = "b"});
              }),
              ElementsAre("a-repartition", "b-repartition"));
}

TEST(Repartition, IsNotNeededAfterAnAggregationOfTheSameKey) {
  EXPECT_THAT(repartitions([](Stream in) {
                (void)in.group_by(kValue).count({.store_name = "c"}).to_stream().group_by_key().count();
              }),
              ElementsAre("c-repartition"));
}

TEST(Repartition, TakesItsNameFromTheGroupTheStoreOrTheOperator) {
  EXPECT_THAT(repartitions([](Stream in) {
                (void)in.group_by(kValue, {.name = "group"}).count({.store_name = "store", .name = "operator"});
                (void)in.group_by(kValue).count({.store_name = "other-store", .name = "second"});
                (void)in.group_by(kValue).count({.name = "third"});
                (void)in.group_by(kValue).count();
              }),
              ElementsAre("group-repartition", "other-store-repartition", "third-repartition",
                          "in.group_by-4.count-repartition"));
}

TEST(Repartition, IsSharedByTheAggregationsOfANamedGroup) {
  StreamsBuilder builder;
  auto grouped = builder.stream<Text, Text>("in").group_by(kValue, {.name = "words"});
  grouped.count({.store_name = "a"}).to_stream().to("a-out");
  grouped.count({.store_name = "b"}).to_stream().to("b-out");
  Topology topology = builder.build();
  EXPECT_EQ(topology.repartitions().size(), 1U);
  TopologyTestDriver driver(std::move(topology));
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "v");
  EXPECT_THAT((read_all<Text, Number>(driver, "a-out")), ElementsAre("v=1@0"));
  EXPECT_THAT((read_all<Text, Number>(driver, "b-out")), ElementsAre("v=1@0"));
}

TEST(Repartition, KeepsTimestampsAndHeadersAndLeavesNullKeysOut) {
  StreamsBuilder builder;
  auto maybe = [](const Text& v) { return v.empty() ? std::optional<Text>() : std::optional<Text>(v); };
  builder.stream<Text, Text>("in").group_by(maybe, {.name = "g"}).count().to_stream().to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input({"k", "v", at(9), {{"h", "1"}}});
  in.pipe_input("k", "", at(10));
  EXPECT_THAT(read_all(driver, "test-g-repartition"), ElementsAre("v=v@9 {h=1}"));
  EXPECT_THAT((read_all<Text, Number>(driver)), ElementsAre("v=1@9 {h=1}"));
}

TEST(Repartition, CarriesNullValuesToTheAggregationThatDropsThem) {
  StreamsBuilder builder;
  auto by_key = [](const Text& k, const std::optional<Text>&) { return k; };
  builder.stream<Text, Text>("in").group_by(by_key, {.name = "g"}).count().to_stream().to("out");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in").pipe_input("k", std::nullopt);
  EXPECT_THAT(read_all(driver, "test-g-repartition"), ElementsAre("k=null@0"));
  EXPECT_EQ(dropped(driver, "null_value"), 1);
}

TEST(Repartition, BringsEqualKeysOfAllPartitionsTogether) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").group_by(kValue).count({.store_name = "c"}).to_stream().to("out");
  TopologyTestDriver driver(builder.build(), {.partitions = 4});
  auto in = driver.create_input_topic<Text, Text>("in");
  for (int round = 0; round < 3; ++round) {
    for (int partition = 0; partition < 4; ++partition) {
      for (const char* word : {"to", "be", "or", "not"}) {
        in.pipe_input(text(std::to_string(partition), word), Partition(partition));
      }
    }
  }
  auto counts = driver.create_output_topic<Text, Number>("out").read_key_values_to_map();
  EXPECT_THAT(counts,
              UnorderedElementsAre(std::pair<const Text, Number>("to", 12), std::pair<const Text, Number>("be", 12),
                                   std::pair<const Text, Number>("or", 12), std::pair<const Text, Number>("not", 12)));
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("c").all().size()), 4U);
}

TEST(Repartition, PutsKeysWhereKafkasClientsPutThem) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").to("out");
  TopologyTestDriver driver(builder.build(), {.partitions = 7});
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input(text("21", "v"), Partition(0));
  EXPECT_EQ(driver.read_bytes("out")->partition, Partition(1173551340 % 7));
}

}  // namespace
}  // namespace millrace
