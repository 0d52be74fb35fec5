// table(): a topic as a table, with and without a store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dsl_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Tables {
  explicit Tables(const std::string& store) : driver(topology(store)) {}
  static Topology topology(const std::string& store) {
    StreamsBuilder builder;
    builder.table<Text, Text>("in", {.store_name = store}).to_stream().to("out");
    return builder.build();
  }
  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
};

TEST(Table, WithAStoreHoldsTheLatestValueOfEachKey) {
  Tables table("rows");
  table.in.pipe_input("a", "1");
  table.in.pipe_input("b", "2");
  table.in.pipe_input("a", "3");
  EXPECT_THAT((table.driver.get_key_value_store<Text, Text>("rows").all()),
              ElementsAre(Pair("a", "3"), Pair("b", "2")));
  EXPECT_THAT(read_all(table.driver), ElementsAre("a=1@0", "b=2@0", "a=3@0"));
}

TEST(Table, DeletesTheRowOfANullValue) {
  Tables table("rows");
  table.in.pipe_input("a", "1", at(5));
  table.in.pipe_input("a", std::nullopt, at(6));
  table.in.pipe_input("never", std::nullopt, at(7));
  EXPECT_THAT((table.driver.get_key_value_store<Text, Text>("rows").all()), IsEmpty());
  EXPECT_THAT(read_all(table.driver), ElementsAre("a=1@5", "a=null@6", "never=null@7"));
}

TEST(Table, DropsAndCountsNullKeys) {
  for (const char* store : {"rows", ""}) {
    Tables table(store);
    table.in.pipe_input(std::nullopt, "1");
    table.in.pipe_input(std::nullopt, std::nullopt);
    EXPECT_THAT(read_all(table.driver), IsEmpty());
    EXPECT_EQ(dropped(table.driver, "null_key"), 2) << "store \"" << store << "\"";
  }
}

TEST(Table, TakesRecordsOutOfOrder) {
  // As in Kafka Streams: the later offset wins, not the later timestamp.
  Tables table("rows");
  table.in.pipe_input("a", "new", at(10));
  table.in.pipe_input("a", "old", at(5));
  EXPECT_EQ((table.driver.get_key_value_store<Text, Text>("rows").get("a")), "old");
  EXPECT_THAT(read_all(table.driver), ElementsAre("a=new@10", "a=old@5"));
}

TEST(Table, WithoutAStoreForwardsEveryRecordThatHasAKey) {
  Tables table("");
  table.in.pipe_input({"a", "1", at(5), {{"h", "x"}}});
  table.in.pipe_input("a", std::nullopt, at(6));
  EXPECT_THAT(read_all(table.driver), ElementsAre("a=1@5 {h=x}", "a=null@6"));
  EXPECT_THAT(table.driver.produced_topic_names(), ElementsAre("out"));
}

TEST(Table, WithAStoreComesBackAfterARestart) {
  Tables table("rows");
  table.in.pipe_input("a", "1", at(5));
  table.in.pipe_input("b", "2", at(6));
  table.in.pipe_input("a", std::nullopt, at(7));
  table.driver.restart();
  EXPECT_THAT((table.driver.get_key_value_store<Text, Text>("rows").all()), ElementsAre(Pair("b", "2")));
}

TEST(Table, TellsItsStoresName) {
  StreamsBuilder builder;
  EXPECT_EQ((builder.table<Text, Text>("a", {.store_name = "rows"}).store_name()), "rows");
  EXPECT_EQ((builder.table<Text, Text>("b").store_name()), "");
  EXPECT_EQ((builder.stream<Text, Text>("c").group_by_key().count().store_name()), "c.count-store");
}

TEST(Table, DecodesWithTheSerdesOfItsStore) {
  auto angled = make_serde<Text>([](const Text& v, Bytes& out) { out += "<" + v + ">"; },
                                 [](BytesView b) -> Result<Text> { return Text(b.substr(1, b.size() - 2)); });
  StreamsBuilder builder;
  builder.table<Text, Text>("in", {.store_name = "rows", .value_serde = angled}).to_stream().to("out");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in", {}, angled).pipe_input("a", "1");
  EXPECT_THAT(read_all(driver, "test-rows-changelog"), ElementsAre("a=<1>@0"));
  EXPECT_THAT(read_all(driver), ElementsAre("a=<1>@0"));
}

}  // namespace
}  // namespace millrace
