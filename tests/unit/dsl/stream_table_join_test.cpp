// A stream joined with a table: inner and left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "window_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Stream = KStream<Text, Text>;
using Table = KTable<Text, Text>;
using MaybeText = std::optional<Text>;

const auto kBoth = [](const Text& v, const Text& t) { return v + "+" + t; };
const auto kMaybe = [](const Text& v, const MaybeText& t) { return v + "+" + t.value_or("none"); };
const auto kValue = [](const Text& v) { return v; };

/// "in" meets the table "rows", as `join` has it; to "out".
template <class Join>
Topology joined(Join join) {
  StreamsBuilder builder;
  auto table = builder.table<Text, Text>("rows", {.store_name = "kept"});
  join(builder.stream<Text, Text>("in"), table).to("out");
  return builder.build();
}
Topology inner() {
  return joined([](Stream in, Table rows) { return in.join(rows, kBoth); });
}
Topology left() {
  return joined([](Stream in, Table rows) { return in.left_join(rows, kMaybe); });
}

struct Sides {
  explicit Sides(Topology topology, TestDriverOptions options = {}) : driver(std::move(topology), std::move(options)) {}
  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
  TestInputTopic<Text, Text> rows = driver.create_input_topic<Text, Text>("rows");
};

TEST(StreamTableJoin, MeetsTheRowOfTheMoment) {
  Sides sides(inner());
  sides.in.pipe_input("k", "early", at(1));
  sides.rows.pipe_input("k", "1", at(2));
  sides.in.pipe_input("k", "a", at(3));
  sides.rows.pipe_input("k", "2", at(4));
  sides.in.pipe_input({"k", "b", at(2), {{"h", "x"}}});  // out of order: it meets the row that is there now
  sides.rows.pipe_input("k", std::nullopt, at(5));
  sides.in.pipe_input("k", "late", at(6));
  EXPECT_THAT(read_all(sides.driver), ElementsAre("k=a+1@3", "k=b+2@2 {h=x}"));
  EXPECT_EQ(counted(sides.driver, "streams_dropped_records_total"), 0);
}

TEST(StreamTableJoin, IsNotTriggeredByTheTable) {
  Sides sides(left());
  sides.rows.pipe_input("k", "1");
  sides.rows.pipe_input("k", "2");
  EXPECT_THAT(read_all(sides.driver), IsEmpty());
}

TEST(StreamTableJoin, DropsAndCountsNullKeysAndValues) {
  Sides sides(inner());
  sides.rows.pipe_input("k", "1");
  sides.in.pipe_input(std::nullopt, "v");
  sides.in.pipe_input("k", std::nullopt);
  EXPECT_THAT(read_all(sides.driver), IsEmpty());
  EXPECT_EQ(dropped(sides.driver, "null_key"), 1);
  EXPECT_EQ(dropped(sides.driver, "null_value"), 1);
}

TEST(StreamTableJoin, GivesTheJoinerTheKeyAndTakesNullsFromIt) {
  Sides sides(joined([](Stream in, Table rows) {
    return in.join(rows, [](const Text& k, const Text& v, const Text& t) {
      return v == "x" ? MaybeText() : MaybeText(k + v + t);
    });
  }));
  sides.rows.pipe_input("k", "1");
  sides.in.pipe_input("k", "a");
  sides.in.pipe_input("k", "x");
  EXPECT_THAT(read_all(sides.driver), ElementsAre("k=ka1@0", "k=null@0"));
}

TEST(StreamTableLeftJoin, MeetsNoneWhereThereIsNoRow) {
  Sides sides(left());
  sides.in.pipe_input("k", "a", at(1));
  sides.rows.pipe_input("k", "1", at(2));
  sides.in.pipe_input("k", "b", at(3));
  sides.rows.pipe_input("k", std::nullopt, at(4));
  sides.in.pipe_input("k", "c", at(5));
  EXPECT_THAT(read_all(sides.driver), ElementsAre("k=a+none@1", "k=b+1@3", "k=c+none@5"));
}

TEST(StreamTableLeftJoin, TakesNullKeysAndDropsNullValues) {
  Sides sides(left());
  sides.in.pipe_input(std::nullopt, "a");
  sides.in.pipe_input("k", std::nullopt);
  sides.in.pipe_input(std::nullopt, std::nullopt);
  EXPECT_THAT(read_all(sides.driver), ElementsAre("null=a+none@0"));
  EXPECT_EQ(dropped(sides.driver, "null_key"), 0);
  EXPECT_EQ(dropped(sides.driver, "null_value"), 2);
}

TEST(StreamTableLeftJoin, ShowsAJoinerThatAsksTheNullKey) {
  Sides sides(joined([](Stream in, Table rows) {
    return in.left_join(rows, [](const MaybeText& k, const Text& v, const MaybeText&) { return show(k) + v; });
  }));
  sides.in.pipe_input(std::nullopt, "a");
  sides.in.pipe_input("k", "a");
  EXPECT_THAT(read_all(sides.driver), ElementsAre("null=nulla@0", "k=ka@0"));
}

TEST(StreamTableJoin, RepartitionsAStreamWhoseKeyMayHaveChanged) {
  StreamsBuilder builder;
  auto table = builder.table<Text, Text>("rows", {.store_name = "kept"});
  builder.stream<Text, Text>("in").select_key(kValue).join(table, kBoth, {.name = "meeting"}).to("out");
  Topology topology = builder.build();
  ASSERT_EQ(topology.repartitions().size(), 1U);
  EXPECT_EQ(topology.repartitions()[0].topic.name, "meeting-repartition");
  Sides sides(std::move(topology), {.partitions = 3});
  for (const char* key : {"a", "b", "c", "d", "e"}) sides.rows.pipe_input(key, "row");
  for (const char* value : {"a", "b", "c", "d", "e"}) sides.in.pipe_input("one", value);
  EXPECT_THAT(read_all(sides.driver),
              UnorderedElementsAre("a=a+row@0", "b=b+row@0", "c=c+row@0", "d=d+row@0", "e=e+row@0"));
}

TEST(StreamTableJoin, LeavesNullKeysOutOfTheRepartitionTopicUnlessItIsALeftOne) {
  auto nobody = [](const Text&) { return MaybeText(); };
  for (bool is_left : {false, true}) {
    Sides sides(joined([&](Stream in, Table rows) {
      auto moved = in.select_key(nobody).repartition({.name = "first"});
      return is_left ? moved.select_key(nobody).left_join(rows, kMaybe, {.name = "j"})
                     : moved.select_key(nobody).join(rows, kBoth, {.name = "j"});
    }));
    sides.in.pipe_input("k", "v");
    if (is_left) EXPECT_THAT(read_all(sides.driver), ElementsAre("null=v+none@0"));
    else EXPECT_THAT(read_all(sides.driver), IsEmpty());
    EXPECT_EQ(read_all(sides.driver, "test-first-repartition").size(), is_left ? 1U : 0U);
    EXPECT_EQ(counted(sides.driver, "streams_dropped_records_total"), 0);
  }
}

TEST(StreamTableJoin, NeedsNoRepartitioningBehindIt) {
  StreamsBuilder builder;
  auto table = builder.table<Text, Text>("rows");
  (void)builder.stream<Text, Text>("in").select_key(kValue).join(table, kBoth).group_by_key().count();
  EXPECT_EQ(builder.build().repartitions().size(), 1U);
}

TEST(StreamTableJoin, KeepsARowsStoreForATableThatHasNone) {
  StreamsBuilder builder;
  auto table = builder.table<Text, Text>("rows");
  builder.stream<Text, Text>("in").join(table, kBoth).to("out");
  EXPECT_EQ(table.store_name(), "");
  Topology topology = builder.build();
  EXPECT_TRUE(topology.stores().contains("rows.table-store"));
  EXPECT_EQ(topology.subtopologies().size(), 1U);
  Sides sides(std::move(topology));
  sides.rows.pipe_input("k", "1");
  sides.driver.restart();
  sides.in.pipe_input("k", "a");
  EXPECT_THAT(read_all(sides.driver), ElementsAre("k=a+1@0"));
}

TEST(StreamTableJoin, LooksThroughTablesThatAreNotKept) {
  Sides sides(joined([](Stream in, Table rows) {
    auto seen = rows.filter([](const Text& v) { return v != "hidden"; })
                    .map_values([](const Text& k, const Text& v) { return k + "/" + v; })
                    .filter_not([](const Text&, const Text& v) { return v == "k/secret"; });
    return in.left_join(seen, kMaybe);
  }));
  EXPECT_THAT(sides.driver.produced_topic_names(), IsEmpty());
  for (const char* row : {"1", "hidden", "secret"}) {
    sides.rows.pipe_input("k", row);
    sides.in.pipe_input("k", "a");
  }
  EXPECT_THAT(read_all(sides.driver), ElementsAre("k=a+k/1@0", "k=a+none@0", "k=a+none@0"));
}

TEST(StreamTableJoin, MeetsTheRowsOfAnAggregation) {
  StreamsBuilder builder;
  auto in = builder.stream<Text, Text>("in");
  auto counts = in.group_by_key().count({.store_name = "counts"});
  in.join(counts, [](const Text& v, const Number& n) { return v + std::to_string(n); }).to("out");
  TopologyTestDriver driver(builder.build());
  auto topic = driver.create_input_topic<Text, Text>("in");
  topic.pipe_input("k", "a");
  topic.pipe_input("k", "b");
  EXPECT_THAT(read_all(driver), ElementsAre("k=a1@0", "k=b2@0"));
}

TEST(StreamTableJoin, ComesBackFromACrash) {
  Sides sides(inner());
  sides.rows.pipe_input("k", "1");
  sides.driver.hold_commits();
  sides.rows.pipe_input("k", "2");
  sides.in.pipe_input("k", "a");
  sides.driver.crash();
  sides.driver.commit();
  EXPECT_THAT(read_all(sides.driver), ElementsAre("k=a+2@0"));
}

TEST(StreamTableJoin, NeedsTopicsOfEqualPartitions) {
  StreamsBuilder builder;
  auto table = builder.table<Text, Text>("rows");
  builder.stream<Text, Text>("in").repartition({.name = "wide", .partitions = 5}).join(table, kBoth).to("out");
  try {
    TopologyTestDriver driver(builder.build(), {.partitions = 2});
    FAIL() << "5 and 2 partitions were joined";
  } catch (const StreamsFailed& failed) {
    EXPECT_EQ(failed.error().code(), ErrorCode::NotCopartitioned);
    EXPECT_THAT(failed.what(), AllOf(HasSubstr("test-wide-repartition has 5 (set by \"wide\")"),
                                     HasSubstr("rows has 2"), HasSubstr("repartition one of them")));
  }
}

TEST(StreamTableJoin, RefusesATableOfAnotherBuilder) {
  StreamsBuilder other;
  auto table = other.table<Text, Text>("rows");
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").join(table, kBoth, {.name = "meeting"}).to("out");
  EXPECT_THAT([&] { (void)builder.build(); },
              ::testing::ThrowsMessage<TopologyError>(
                  AllOf(HasSubstr("\"meeting\""), HasSubstr("a table of another StreamsBuilder"))));
}

TEST(StreamTableJoin, RefusesAWindowedTableWithoutAStoreThatItCanRead) {
  auto add = [](const Number& mine, const Number& row) { return mine + row; };
  StreamsBuilder builder;
  auto counts = builder.stream<Text, Text>("in")
                    .group_by_key()
                    .windowed_by(TimeWindows::of(milliseconds(10)))
                    .count({.store_name = "counts", .name = "counted"});
  counts.to_stream().join(counts, add, {.name = "meeting"}).to("out");
  EXPECT_THAT([&] { (void)builder.build(); },
              ::testing::ThrowsMessage<TopologyError>(
                  AllOf(HasSubstr("\"meeting\" cannot look at the rows of \"counted\", which is a windowed table"),
                        HasSubstr("map_values(function, {.store_name = ...})"))));

  // What the message says to do.
  StreamsBuilder mended;
  counts = mended.stream<Text, Text>("in")
               .group_by_key()
               .windowed_by(TimeWindows::of(milliseconds(10)))
               .count({.store_name = "counts", .name = "counted"});
  auto kept = counts.map_values([](const Number& count) { return 10 * count; }, {.store_name = "kept"});
  counts.to_stream().join(kept, add, {.name = "meeting"}).to("out");
  TopologyTestDriver driver(mended.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("a", "x");
  in.pipe_input("a", "y");
  auto out = driver.create_output_topic<Windowed<Text>, Number>("out", time_windowed_serde<Text>(milliseconds(10)));
  EXPECT_EQ(out.read_value(), 11);
  EXPECT_EQ(out.read_value(), 22);
}

TEST(StreamTableJoin, HandsAJoinerThatThrowsToTheHandler) {
  TestDriverOptions options;
  options.config.processing_exception_handler = ExceptionResponse::Continue;
  Sides sides(joined([](Stream in, Table rows) {
                return in.join(rows, [](const Text& v, const Text& t) { return v + t.at(5); });
              }),
              std::move(options));
  sides.rows.pipe_input("k", "1");
  sides.in.pipe_input("k", "a");
  EXPECT_THAT(read_all(sides.driver), IsEmpty());
  EXPECT_EQ(dropped(sides.driver, "UserCodeThrew"), 1);
}

}  // namespace
}  // namespace millrace
