// group_by of a table: groups follow their rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/dsl/detail/changed_serde.hpp>

#include "dsl_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

using MaybeText = std::optional<Text>;

const auto kByValue = [](const Text& k, const Text& v) { return KeyValue{v, k}; };
const auto kJoin = [](const Text& a, const Text& v) { return a + "+" + v; };
const auto kLeave = [](const Text& a, const Text& v) { return a + "-" + v; };

/// The table "in" grouped by its values, whose keys are aggregated; to "out".
template <class Aggregate>
Topology grouped(Aggregate aggregate, const std::string& store = "rows") {
  StreamsBuilder builder;
  auto groups = builder.table<Text, Text>("in", {.store_name = store}).group_by(kByValue, {.name = "by-value"});
  aggregate(groups).to_stream().to("out");
  return builder.build();
}
Topology reduced(const std::string& store = "rows") {
  return grouped([](const auto& groups) { return groups.reduce(kJoin, kLeave, {.store_name = "groups"}); }, store);
}
Topology counted_rows() {
  return grouped([](const auto& groups) { return groups.count({.store_name = "groups"}); });
}

struct Driven {
  explicit Driven(Topology topology, TestDriverOptions options = {})
      : driver(std::move(topology), std::move(options)) {}
  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
};

TEST(GroupedTable, CountsTheRowsOfEachGroup) {
  Driven driven(counted_rows());
  driven.in.pipe_input("a", "x", at(1));
  driven.in.pipe_input("b", "x", at(2));
  driven.in.pipe_input("a", "y", at(3));
  driven.in.pipe_input("b", std::nullopt, at(4));
  EXPECT_THAT((read_all<Text, Number>(driven.driver)), ElementsAre("x=1@1", "x=2@2", "x=1@3", "y=1@3", "x=0@4"));
  EXPECT_THAT((driven.driver.get_key_value_store<Text, Number>("groups").all()),
              ElementsAre(Pair("x", 0), Pair("y", 1)));
}

TEST(GroupedTable, SubtractsWhatLeavesBeforeItAddsWhatJoins) {
  Driven driven(reduced());
  driven.in.pipe_input("a", "x");
  driven.in.pipe_input("b", "x");
  driven.in.pipe_input("a", "x");  // the row stays in its group: one change, the old value first
  EXPECT_THAT(read_all(driven.driver), ElementsAre("x=a@0", "x=a+b@0", "x=a+b-a+a@0"));
}

TEST(GroupedTable, TellsTheOldGroupBeforeTheNewOne) {
  Driven driven(reduced());
  driven.in.pipe_input("a", "y");
  driven.in.pipe_input("b", "y");
  driven.in.pipe_input("b", "x");
  EXPECT_THAT(read_all(driven.driver), ElementsAre("y=a@0", "y=a+b@0", "y=a+b-b@0", "x=b@0"));
}

TEST(GroupedTable, SendsChangesInKafkasFormat) {
  Driven driven(reduced());
  driven.in.pipe_input("a", "x");
  driven.in.pipe_input("a", "x");
  driven.in.pipe_input({"a", "y", at(3), {{"h", "1"}}});
  using namespace std::string_literals;
  EXPECT_THAT(read_all(driven.driver, "test-by-value-repartition"),
              ElementsAre("x=a\x01@0"s, "x=\x02"s + "aa\x02@0"s, "x=a\x00@3 {h=1}"s, "y=a\x01@3 {h=1}"s));
}

TEST(GroupedTable, AsksATableThatKeepsNoRowsToKeepThem) {
  Topology topology = reduced("");
  EXPECT_TRUE(topology.stores().contains("in.table-store"));
  Driven driven(std::move(topology));
  driven.in.pipe_input("a", "x");
  driven.in.pipe_input("a", "y");
  EXPECT_THAT(read_all(driven.driver), ElementsAre("x=a@0", "x=a-a@0", "y=a@0"));
}

TEST(GroupedTable, KnowsOldValuesThroughTablesThatAreNotKept) {
  StreamsBuilder builder;
  builder.table<Text, Text>("in")
      .filter([](const Text& v) { return v != "hidden"; })
      .map_values([](const Text& v) { return v + v; })
      .group_by(kByValue)
      .count({.store_name = "groups"})
      .to_stream()
      .to("out");
  Driven driven(builder.build());
  driven.in.pipe_input("a", "x");
  driven.in.pipe_input("a", "hidden");
  driven.in.pipe_input("a", "hidden");
  driven.in.pipe_input("a", "y");
  EXPECT_THAT((read_all<Text, Number>(driven.driver)), ElementsAre("xx=1@0", "xx=0@0", "yy=1@0"));
}

TEST(GroupedTable, KnowsOldValuesOfTablesThatAreKeptOnTheWay) {
  StreamsBuilder builder;
  builder.table<Text, Text>("in")
      .map_values([](const Text& v) { return v + v; }, {.store_name = "mapped"})
      .group_by(kByValue)
      .count({.store_name = "groups"})
      .to_stream()
      .to("out");
  Topology topology = builder.build();
  EXPECT_FALSE(topology.stores().contains("in.table-store"));
  Driven driven(std::move(topology));
  driven.in.pipe_input("a", "x");
  driven.in.pipe_input("a", "y");
  EXPECT_THAT((read_all<Text, Number>(driven.driver)), ElementsAre("xx=1@0", "xx=0@0", "yy=1@0"));
}

TEST(GroupedTable, GroupsTheRowsOfAnAggregation) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by_key()
      .count()
      .group_by([](const Text& k, const Number& n) { return KeyValue{n, k}; }, {.name = "by-count"})
      .count({.store_name = "groups"})
      .to_stream()
      .to("out");
  Driven driven(builder.build());
  driven.in.pipe_input("a", "");
  driven.in.pipe_input("a", "");
  driven.in.pipe_input("b", "");
  EXPECT_THAT((read_all<Number, Number>(driven.driver)), ElementsAre("1=1@0", "1=0@0", "2=1@0", "1=1@0"));
}

TEST(GroupedTable, LeavesOutRowsWithoutAGroupOrAValue) {
  StreamsBuilder builder;
  auto maybe = [](const Text& k, const Text& v) {
    return KeyValue{v == "nowhere" ? MaybeText() : MaybeText("g"), v == "nothing" ? MaybeText() : MaybeText(k)};
  };
  builder.table<Text, Text>("in").group_by(maybe).count({.store_name = "groups"}).to_stream().to("out");
  Driven driven(builder.build());
  driven.in.pipe_input("a", "nowhere");
  driven.in.pipe_input("b", "nothing");
  driven.in.pipe_input("a", "here");
  driven.in.pipe_input("a", "nowhere");
  driven.in.pipe_input("never", std::nullopt);
  EXPECT_THAT((read_all<Text, Number>(driven.driver)), ElementsAre("g=1@0", "g=0@0"));
  EXPECT_EQ(counted(driven.driver, "streams_dropped_records_total"), 0);
}

TEST(GroupedTable, DropsAndCountsRowsWithoutAKeyBefore) {
  Driven driven(counted_rows());
  driven.in.pipe_input(std::nullopt, "x");
  EXPECT_THAT((read_all<Text, Number>(driven.driver)), IsEmpty());
  EXPECT_EQ(dropped(driven.driver, "null_key"), 1);
}

TEST(GroupedTable, FoldsWithAnInitializerAndMayDeleteAGroup) {
  auto add = [](const Text&, const Text&, Number n) { return n + 1; };
  auto subtract = [](const Text&, const Text&, Number n) { return n == 1 ? std::optional<Number>() : n - 1; };
  Driven driven(grouped([=](const auto& groups) {
    return groups.aggregate([] { return Number{0}; }, add, subtract, {.store_name = "groups"});
  }));
  driven.in.pipe_input("a", "x");
  driven.in.pipe_input("b", "x");
  driven.in.pipe_input("a", std::nullopt);
  driven.in.pipe_input("b", "y");
  EXPECT_THAT((read_all<Text, Number>(driven.driver)), ElementsAre("x=1@0", "x=2@0", "x=1@0", "x=null@0", "y=1@0"));
  EXPECT_THAT((driven.driver.get_key_value_store<Text, Number>("groups").all()), ElementsAre(Pair("y", 1)));
}

TEST(GroupedTable, GivesARowTheLargestOfItsTimes) {
  Driven driven(counted_rows());
  driven.in.pipe_input("a", "x", at(10));
  driven.in.pipe_input("b", "x", at(5));
  driven.in.pipe_input("a", "y", at(7));
  EXPECT_THAT((read_all<Text, Number>(driven.driver)), ElementsAre("x=1@10", "x=2@10", "x=1@10", "y=1@7"));
}

TEST(GroupedTable, ComesBackAfterRestartsAndCrashes) {
  Driven driven(counted_rows());
  driven.in.pipe_input("a", "x");
  driven.in.pipe_input("b", "x");
  driven.driver.restart();
  driven.driver.hold_commits();
  driven.in.pipe_input("a", "y");
  driven.driver.crash();
  driven.driver.commit();
  EXPECT_THAT((driven.driver.get_key_value_store<Text, Number>("groups").all()),
              ElementsAre(Pair("x", 1), Pair("y", 1)));
}

TEST(GroupedTable, BringsTheRowsOfAllPartitionsTogether) {
  Driven driven(counted_rows(), {.partitions = 4});
  for (int i = 0; i < 40; ++i) driven.in.pipe_input("row" + std::to_string(i), i % 2 == 0 ? "even" : "odd");
  for (int i = 0; i < 40; i += 4) driven.in.pipe_input("row" + std::to_string(i), std::nullopt);
  EXPECT_THAT((driven.driver.get_key_value_store<Text, Number>("groups").all()),
              ElementsAre(Pair("even", 10), Pair("odd", 20)));
}

TEST(GroupedTable, SharesTheTopicOfItsName) {
  StreamsBuilder builder;
  auto groups = builder.table<Text, Text>("in", {.store_name = "rows"}).group_by(kByValue, {.name = "by-value"});
  groups.count({.store_name = "counts"}).to_stream().to("counts");
  groups.reduce(kJoin, kLeave, {.store_name = "lists"}).to_stream().to("lists");
  Topology topology = builder.build();
  EXPECT_EQ(topology.repartitions().size(), 1U);
  Driven driven(std::move(topology));
  driven.in.pipe_input("a", "x");
  EXPECT_THAT((read_all<Text, Number>(driven.driver, "counts")), ElementsAre("x=1@0"));
  EXPECT_THAT(read_all(driven.driver, "lists"), ElementsAre("x=a@0"));
}

TEST(GroupedTable, NamesAMissingSerde) {
  struct Opaque {
    Text text;
  };
  StreamsBuilder builder;
  (void)builder.table<Text, Text>("in", {.store_name = "rows"})
      .group_by([](const Text& k, const Text& v) { return KeyValue{k, Opaque{v}}; }, {.name = "opaque"})
      .count({.store_name = "groups"});
  EXPECT_THAT([&] { (void)builder.build(); }, ::testing::ThrowsMessage<TopologyError>(HasSubstr(
                                                  "opaque-repartition-sink\": there is no serde for its value")));
}

TEST(GroupedTable, HandsASubtractorThatThrowsToTheHandler) {
  TestDriverOptions options;
  options.config.processing_exception_handler = ExceptionResponse::Continue;
  Driven driven(grouped([](const auto& groups) {
                  return groups.reduce(
                      kJoin, [](const Text&, const Text&) -> Text { throw std::runtime_error("no way back"); },
                      {.store_name = "groups"});
                }),
                std::move(options));
  driven.in.pipe_input("a", "x");
  driven.in.pipe_input("a", "y");
  EXPECT_THAT(read_all(driven.driver), ElementsAre("x=a@0", "y=a@0"));
  EXPECT_EQ(dropped(driven.driver, "UserCodeThrew"), 1);
}

TEST(GroupedTable, LeavesTopologiesThatWereBuiltBeforeAsTheyAre) {
  StreamsBuilder builder;
  auto table = builder.table<Text, Text>("in");
  table.to_stream().to("out");
  Topology before = builder.build();
  (void)table.group_by(kByValue).count({.store_name = "groups"});
  EXPECT_EQ(builder.build().stores().size(), 2U);
  Driven driven(std::move(before));
  driven.in.pipe_input("a", "x");
  EXPECT_THAT(read_all(driven.driver), ElementsAre("a=x@0"));
}

}  // namespace
}  // namespace millrace
