// to_table(): a stream as a table.
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
  explicit Tables(const Topology& topology) : driver(topology) {}
  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
};

Topology plain() {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").to_table({.store_name = "rows"}).to_stream().to("out");
  return builder.build();
}

TEST(ToTable, HoldsTheLatestValueOfEachKey) {
  Tables table(plain());
  table.in.pipe_input("a", "1", at(5));
  table.in.pipe_input("a", "2", at(3));  // out of order: the later offset wins
  table.in.pipe_input("b", "3", at(6));
  table.in.pipe_input("b", std::nullopt, at(7));
  EXPECT_THAT((table.driver.get_key_value_store<Text, Text>("rows").all()), ElementsAre(Pair("a", "2")));
  EXPECT_THAT(read_all(table.driver), ElementsAre("a=1@5", "a=2@3", "b=3@6", "b=null@7"));
}

TEST(ToTable, DropsAndCountsNullKeys) {
  Tables table(plain());
  table.in.pipe_input(std::nullopt, "1");
  EXPECT_THAT(read_all(table.driver), IsEmpty());
  EXPECT_EQ(dropped(table.driver, "null_key"), 1);
}

TEST(ToTable, ComesBackAfterARestartAndACrash) {
  Tables table(plain());
  table.in.pipe_input("a", "1");
  table.driver.restart();
  table.driver.hold_commits();
  table.in.pipe_input("a", "2");
  table.driver.crash();
  EXPECT_EQ((table.driver.get_key_value_store<Text, Text>("rows").get("a")), "2");
}

TEST(ToTable, IsRepartitionedIfTheKeyMayHaveChanged) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .select_key([](const Text& v) { return v; })
      .to_table({.store_name = "rows"})
      .to_stream()
      .to("out");
  Topology topology = builder.build();
  ASSERT_EQ(topology.repartitions().size(), 1U);
  EXPECT_EQ(topology.repartitions()[0].topic.name, "rows-repartition");
  Tables table(topology);
  table.in.pipe_input("a", "1");
  EXPECT_THAT(read_all(table.driver), ElementsAre("1=1@0"));
}

TEST(ToTable, IsNotKeptWithoutAStoresName) {
  StreamsBuilder builder;
  auto table = builder.stream<Text, Text>("in").to_table();
  EXPECT_EQ(table.store_name(), "");
  table.to_stream().to("out");
  Topology topology = builder.build();
  EXPECT_THAT(topology.stores(), IsEmpty());
  Tables tables(topology);
  tables.in.pipe_input("a", "1");
  tables.in.pipe_input("a", std::nullopt);
  EXPECT_THAT(read_all(tables.driver), ElementsAre("a=1@0", "a=null@0"));
}

}  // namespace
}  // namespace millrace
