// filter, filter_not, map_values and to_stream of tables, kept in a store or looked through.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dsl_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

using Table = KTable<Text, Text>;
using MaybeText = std::optional<Text>;

const auto kShort = [](const Text& v) { return v.size() < 2; };

/// `build` makes a table of "in", whose changes go to "out"; `store` is that of the table it begins with.
template <class Build>
Topology changed(Build build, const std::string& store = "") {
  StreamsBuilder builder;
  build(builder.table<Text, Text>("in", {.store_name = store})).to_stream().to("out");
  return builder.build();
}

struct Driven {
  explicit Driven(Topology topology, TestDriverOptions options = {})
      : driver(std::move(topology), std::move(options)) {}
  std::vector<std::string> out() { return read_all(driver); }
  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
};

void pipe_in_and_out(TestInputTopic<Text, Text>& in) {
  in.pipe_input({"a", "long", at(1), {{"h", "x"}}});
  in.pipe_input("a", "s", at(2));
  in.pipe_input("a", "long", at(3));
  in.pipe_input("a", "long", at(4));
  in.pipe_input("a", std::nullopt, at(5));
}

TEST(TableFilter, DeletesWhatPassesNoLonger) {
  // The old value is not known: what never passed is deleted too, as Kafka Streams has it.
  Driven driven(changed([](Table in) { return in.filter(kShort); }));
  pipe_in_and_out(driven.in);
  EXPECT_THAT(driven.out(), ElementsAre("a=null@1 {h=x}", "a=s@2", "a=null@3", "a=null@4", "a=null@5"));
}

TEST(TableFilter, OfATableThatIsKeptDeletesOnlyWhatHadPassed) {
  Driven driven(changed([](Table in) { return in.filter(kShort); }, "rows"));
  pipe_in_and_out(driven.in);
  EXPECT_THAT(driven.out(), ElementsAre("a=s@2", "a=null@3"));
}

TEST(TableFilterNot, IsTheOpposite) {
  Driven driven(changed([](Table in) { return in.filter_not(kShort); }, "rows"));
  pipe_in_and_out(driven.in);
  EXPECT_THAT(driven.out(), ElementsAre("a=long@1 {h=x}", "a=null@2", "a=long@3", "a=long@4", "a=null@5"));
}

TEST(TableFilter, MayLookAtTheKeyAndIsAskedForNoDeletions) {
  Driven driven(changed([](Table in) { return in.filter([](const Text& k, const Text& v) { return k == v; }); }));
  driven.in.pipe_input("a", "a");
  driven.in.pipe_input("b", "a");
  driven.in.pipe_input("a", std::nullopt);
  EXPECT_THAT(driven.out(), ElementsAre("a=a@0", "b=null@0", "a=null@0"));
}

TEST(TableFilter, IsKeptInAStoreOfItsOwnIfItIsNamed) {
  for (const char* rows : {"", "rows"}) {
    Driven driven(changed([](Table in) { return in.filter(kShort, {.store_name = "short"}); }, rows));
    driven.in.pipe_input("a", "s", at(1));
    driven.in.pipe_input("b", "long", at(2));
    driven.in.pipe_input("c", "t", at(3));
    driven.in.pipe_input("c", "long", at(4));
    driven.driver.restart();
    EXPECT_THAT((driven.driver.get_key_value_store<Text, Text>("short").all()), ElementsAre(Pair("a", "s")));
    driven.in.pipe_input("a", std::nullopt, at(5));
    EXPECT_THAT((driven.driver.get_key_value_store<Text, Text>("short").all()), IsEmpty());
    if (*rows == 0) EXPECT_THAT(driven.out(), ElementsAre("a=s@1", "b=null@2", "c=t@3", "c=null@4", "a=null@5"));
    else EXPECT_THAT(driven.out(), ElementsAre("a=s@1", "c=t@3", "c=null@4", "a=null@5"));
  }
}

TEST(TableMapValues, MapsRowsAndPassesDeletionsOn) {
  Driven driven(changed([](Table in) {
    return in.map_values([](const Text& k, const Text& v) { return k + v; });
  }));
  driven.in.pipe_input({"a", "1", at(1), {{"h", "x"}}});
  driven.in.pipe_input("a", std::nullopt, at(2));
  driven.in.pipe_input("never", std::nullopt, at(3));
  EXPECT_THAT(driven.out(), ElementsAre("a=a1@1 {h=x}", "a=null@2", "never=null@3"));
}

TEST(TableMapValues, MayDeleteARow) {
  Driven driven(changed([](Table in) {
    return in.map_values([](const Text& v) { return v == "x" ? MaybeText() : MaybeText(v + "!"); },
                         {.store_name = "mapped"});
  }));
  driven.in.pipe_input("a", "1");
  EXPECT_EQ((driven.driver.get_key_value_store<Text, Text>("mapped").get("a")), "1!");
  driven.in.pipe_input("a", "x");
  EXPECT_EQ((driven.driver.get_key_value_store<Text, Text>("mapped").get("a")), std::nullopt);
  EXPECT_THAT(driven.out(), ElementsAre("a=1!@0", "a=null@0"));
}

TEST(TableMapValues, ChangesTheType) {
  StreamsBuilder builder;
  auto sizes = builder.table<Text, Text>("in").map_values(
      [](const Text& v) { return static_cast<Number>(v.size()); }, {.store_name = "sizes"});
  EXPECT_EQ(sizes.store_name(), "sizes");
  sizes.to_stream().to("out");
  Driven driven(builder.build());
  driven.in.pipe_input("a", "four", at(7));
  driven.driver.restart();
  EXPECT_EQ((driven.driver.get_key_value_store<Text, Number>("sizes").get("a")), 4);
  EXPECT_THAT((read_all<Text, Number>(driven.driver)), ElementsAre("a=4@7"));
}

TEST(TableOperators, KeepNoRowsThatNobodyAskedFor) {
  StreamsBuilder builder;
  auto table = builder.table<Text, Text>("in");
  auto derived = table.filter(kShort).map_values([](const Text& v) { return v; }).filter_not(kShort);
  EXPECT_EQ(derived.store_name(), "");
  derived.to_stream().to("out");
  EXPECT_THAT(builder.build().stores(), IsEmpty());
}

TEST(TableOperators, ComeBackFromACrash) {
  Driven driven(changed([](Table in) { return in.filter(kShort, {.store_name = "short"}); }, "rows"));
  driven.in.pipe_input("a", "s");
  driven.driver.hold_commits();
  driven.in.pipe_input("a", "long");
  driven.in.pipe_input("b", "t");
  driven.driver.crash();
  driven.driver.commit();
  EXPECT_THAT((driven.driver.get_key_value_store<Text, Text>("short").all()), ElementsAre(Pair("b", "t")));
  EXPECT_THAT(driven.out(), ElementsAre("a=s@0", "a=null@0", "b=t@0"));
}

TEST(TableOperators, HandAFunctionThatThrowsToTheHandler) {
  TestDriverOptions options;
  options.config.processing_exception_handler = ExceptionResponse::Continue;
  Driven driven(changed(
                    [](Table in) {
                      return in.filter([](const Text& v) { return v.at(1) == 'x'; }, {.store_name = "kept"});
                    },
                    "rows"),
                std::move(options));
  driven.in.pipe_input("a", "1");
  EXPECT_EQ(dropped(driven.driver, "UserCodeThrew"), 1);
  // The row that was written above is taken back with it.
  EXPECT_THAT((driven.driver.get_key_value_store<Text, Text>("rows").all()), IsEmpty());
}

TEST(TableToStream, MayGiveTheChangesAnotherKey) {
  StreamsBuilder builder;
  auto moved =
      builder.table<Text, Text>("in").to_stream([](const Text& k, const MaybeText& v) { return v.value_or(k); });
  moved.to("out");
  (void)moved.group_by_key().count({.store_name = "c"});
  Topology topology = builder.build();
  EXPECT_EQ(topology.repartitions().size(), 1U);
  Driven driven(std::move(topology));
  driven.in.pipe_input("a", "1");
  driven.in.pipe_input("a", std::nullopt);
  EXPECT_THAT(driven.out(), ElementsAre("1=1@0", "a=null@0"));
}

}  // namespace
}  // namespace millrace
