// count, reduce and aggregate: values, nulls, timestamps, what is dropped, what the store holds.
#include <stdexcept>

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
using ::testing::Pair;

using Stream = KStream<Text, Text>;
using MaybeText = std::optional<Text>;

Text joined(const Text& a, const Text& b) { return a + b; }

/// A topology from "in" to "out" that stays, for tests which look at more than the output.
template <class KOut, class VOut>
struct Pipeline {
  template <class Build>
  explicit Pipeline(Build build, TestDriverOptions options = {}) : driver(topology(build), std::move(options)) {}

  template <class Build>
  static Topology topology(Build build) {
    StreamsBuilder builder;
    build(builder.stream<Text, Text>("in"));
    return builder.build();
  }
  void pipe(const Record<Text, Text>& record) { in.pipe_input(record); }
  std::vector<std::string> out() { return read_all<KOut, VOut>(driver); }

  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
};

TEST(Count, CountsPerKeyAndForwardsEachChange) {
  EXPECT_THAT((run<Text, Number>([](Stream in) { in.group_by_key().count().to_stream().to("out"); },
                                 {text("a", "x", 1), text("b", "x", 2), text("a", "y", 3)})),
              ElementsAre("a=1@1", "b=1@2", "a=2@3"));
}

TEST(Count, TakesTheLargestTimestampOfARow) {
  EXPECT_THAT((run<Text, Number>([](Stream in) { in.group_by_key().count().to_stream().to("out"); },
                                 {text("a", "x", 10), text("a", "y", 3), text("a", "z", 20), text("b", "x", 1)})),
              ElementsAre("a=1@10", "a=2@10", "a=3@20", "b=1@1"));
}

TEST(Count, KeepsTheHeadersOfTheRecordThatChangedTheRow) {
  Record<Text, Text> record{"a", "x", at(1), {{"h", "1"}}};
  EXPECT_THAT((run<Text, Number>([](Stream in) { in.group_by_key().count().to_stream().to("out"); },
                                 {record, text("a", "y", 2)})),
              ElementsAre("a=1@1 {h=1}", "a=2@2"));
}

TEST(Count, DropsAndCountsNullKeysAndValues) {
  Pipeline<Text, Number> counts([](Stream in) { in.group_by_key().count().to_stream().to("out"); });
  counts.pipe(text(std::nullopt, "x"));
  counts.pipe(text("a", std::nullopt));
  counts.pipe(text("a", std::nullopt));
  counts.pipe(text(std::nullopt, std::nullopt));
  counts.pipe(text("a", ""));
  EXPECT_THAT(counts.out(), ElementsAre("a=1@0"));
  EXPECT_EQ(dropped(counts.driver, "null_key"), 2);
  EXPECT_EQ(dropped(counts.driver, "null_value"), 2);
}

TEST(Reduce, TakesTheFirstValueAsItIsAndCombinesTheRest) {
  EXPECT_THAT(run([](Stream in) { in.group_by_key().reduce(joined).to_stream().to("out"); },
                  {text("a", "x", 5), text("a", "y", 4), text("b", "z", 6), text("a", "w", 7)}),
              ElementsAre("a=x@5", "a=xy@5", "b=z@6", "a=xyw@7"));
}

TEST(Reduce, DeletesTheRowWhenItsFunctionGivesNothing) {
  Pipeline<Text, Text> rows([](Stream in) {
    auto reducer = [](const Text& a, const Text& b) { return b == "-" ? MaybeText() : MaybeText(a + b); };
    in.group_by_key().reduce(reducer, {.store_name = "rows"}).to_stream().to("out");
  });
  auto store = rows.driver.get_key_value_store<Text, Text>("rows");
  rows.pipe(text("a", "x", 9));
  EXPECT_EQ(store.get("a"), "x");
  rows.pipe(text("a", "-", 3));
  EXPECT_EQ(store.get("a"), std::nullopt);
  EXPECT_THAT(store.all(), IsEmpty());
  rows.pipe(text("a", "y", 4));
  // The row was gone: its timestamp begins anew.
  EXPECT_THAT(rows.out(), ElementsAre("a=x@9", "a=null@9", "a=y@4"));
}

TEST(Aggregate, FoldsFromTheInitialValue) {
  auto total = [](const Text&, const Text& v, Number sum) { return sum + static_cast<Number>(v.size()); };
  EXPECT_THAT(
      (run<Text, Number>(
          [&](Stream in) { in.group_by_key().aggregate([] { return Number{100}; }, total).to_stream().to("out"); },
          {text("a", "x", 1), text("a", "yy", 2), text("b", "", 3)})),
      ElementsAre("a=101@1", "a=103@2", "b=100@3"));
}

TEST(Aggregate, DeletesTheRowWhenItsFunctionGivesNothingAndBeginsAnew) {
  auto step = [](const Text&, const Text& v, Number n) { return v == "-" ? std::optional<Number>() : n + 1; };
  Pipeline<Text, Number> rows([&](Stream in) {
    in.group_by_key().aggregate([] { return Number{10}; }, step, {.store_name = "rows"}).to_stream().to("out");
  });
  for (const char* value : {"-", "x", "y", "-", "-", "z"}) rows.pipe(text("a", value, 1));
  EXPECT_THAT(rows.out(), ElementsAre("a=null@1", "a=11@1", "a=12@1", "a=null@1", "a=null@1", "a=11@1"));
  EXPECT_THAT((rows.driver.get_key_value_store<Text, Number>("rows").all()), ElementsAre(Pair("a", 11)));
}

TEST(Aggregate, WritesOneChangelogRecordPerChange) {
  StreamsBuilder builder;
  (void)builder.stream<Text, Text>("in").group_by_key().count({.store_name = "rows"});
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("a", "x", at(7));
  in.pipe_input("a", "y", at(3));
  // As Kafka Streams writes it: the plain value, the row's timestamp as the record's own.
  EXPECT_THAT((read_all<Text, Number>(driver, "test-rows-changelog")), ElementsAre("a=1@7", "a=2@7"));
}

TEST(Aggregate, KeepsItsRowsInMemoryIfAsked) {
  Pipeline<Text, Number> counts(
      [](Stream in) { in.group_by_key().count({.store_name = "rows", .persistent = false}).to_stream().to("out"); });
  counts.pipe(text("a", "x"));
  counts.driver.restart();
  counts.pipe(text("a", "x"));
  EXPECT_THAT(counts.out(), ElementsAre("a=1@0", "a=2@0"));
}

TEST(Aggregations, OfOneGroupAreIndependent) {
  StreamsBuilder builder;
  auto grouped = builder.stream<Text, Text>("in").group_by_key();
  grouped.count({.store_name = "counts"}).to_stream().to("counted");
  grouped.reduce(joined).to_stream().to("reduced");
  grouped.count().to_stream().to("counted-again");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("a", "x");
  in.pipe_input("a", "y");
  EXPECT_THAT((read_all<Text, Number>(driver, "counted")), ElementsAre("a=1@0", "a=2@0"));
  EXPECT_THAT((read_all<Text, Number>(driver, "counted-again")), ElementsAre("a=1@0", "a=2@0"));
  EXPECT_THAT(read_all(driver, "reduced"), ElementsAre("a=x@0", "a=xy@0"));
}

TEST(Aggregations, InAChainSeeEachChange) {
  // Counts how often each count was reached.
  EXPECT_THAT((run<Number, Number>(
                  [](Stream in) {
                    in.group_by_key()
                        .count()
                        .to_stream()
                        .group_by([](const Text&, const Number& count) { return count; })
                        .count()
                        .to_stream()
                        .to("out");
                  },
                  {text("a", "x"), text("b", "x"), text("a", "x")})),
              ElementsAre("1=1@0", "1=2@0", "2=1@0"));
}

auto angled() {
  return make_serde<Text>([](const Text& v, Bytes& out) { out += "<" + v + ">"; },
                          [](BytesView b) -> Result<Text> {
                            if (b.size() < 2) return Error(ErrorCode::DeserializationFailed, "no brackets");
                            return Text(b.substr(1, b.size() - 2));
                          });
}

TEST(Aggregations, InheritTheSerdesOfTheirStream) {
  StreamsBuilder builder;
  auto in = builder.stream<Text, Text>("in", {.key_serde = angled(), .value_serde = angled()});
  in.group_by_key().reduce(joined, {.store_name = "rows"}).to_stream().to("out");
  TopologyTestDriver driver(builder.build());
  auto input = driver.create_input_topic<Text, Text>("in", angled(), angled());
  input.pipe_input("a", "x");
  input.pipe_input("a", "y");
  EXPECT_THAT(read_all(driver, "test-rows-changelog"), ElementsAre("<a>=<x>@0", "<a>=<xy>@0"));
  EXPECT_THAT(read_all(driver), ElementsAre("<a>=<x>@0", "<a>=<xy>@0"));
}

TEST(Aggregations, NameTheOperatorWhoseFunctionThrew) {
  auto bomb = [](const Text&, const Text&) -> Text { throw std::runtime_error("boom"); };
  Pipeline<Text, Text> rows([&](Stream in) { in.group_by_key().reduce(bomb, {.name = "bomb"}).to_stream().to("out"); });
  rows.pipe(text("a", "first"));
  try {
    rows.pipe(text("a", "second"));
    FAIL() << "nothing was thrown";
  } catch (const StreamsFailed& failed) {
    EXPECT_EQ(failed.error().code(), ErrorCode::UserCodeThrew);
    EXPECT_THAT(failed.what(), AllOf(HasSubstr("in[0]@1"), HasSubstr("operator bomb"), HasSubstr("boom")));
  }
}

TEST(Aggregations, NameTheOperatorWhoseResultCannotBeEncoded) {
  auto picky = make_serde<Text>(
      [](const Text& v, Bytes& out) {
        if (v == "bad") throw std::domain_error("no such value");
        out += v;
      },
      [](BytesView b) -> Result<Text> { return Text(b); });
  Pipeline<Text, Text> rows([&](Stream in) {
    in.group_by_key().reduce(joined, {.value_serde = picky, .name = "picky"}).to_stream().to("out");
  });
  rows.pipe(text("a", "good"));
  try {
    rows.pipe(text("b", "bad"));
    FAIL() << "nothing was thrown";
  } catch (const StreamsFailed& failed) {
    EXPECT_EQ(failed.error().code(), ErrorCode::SerializationFailed);
    EXPECT_THAT(failed.what(), AllOf(HasSubstr("operator picky"), HasSubstr("no such value")));
  }
}

}  // namespace
}  // namespace millrace
