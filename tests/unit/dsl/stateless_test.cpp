// Operators without state: what they forward, and that timestamps and headers stay.
#include <array>
#include <functional>
#include <list>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dsl_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Stream = KStream<Text, Text>;

Record<Text, Text> with_header(Text key, Text value, std::int64_t ms) {
  return {std::move(key), std::move(value), at(ms), {{"h", "1"}, {"n", std::nullopt}}};
}

TEST(Filter, ForwardsWhatThePredicateTakes) {
  EXPECT_THAT(run([](Stream in) { in.filter([](const Text&, const Text& v) { return v.size() > 1; }).to("out"); },
                  {text("a", "x", 1), with_header("b", "xx", 2), text("c", "", 3)}),
              ElementsAre("b=xx@2 {h=1} {n=null}"));
}

TEST(FilterNot, ForwardsTheRest) {
  EXPECT_THAT(run([](Stream in) { in.filter_not([](const Text& v) { return v.size() > 1; }).to("out"); },
                  {with_header("a", "x", 1), text("b", "xx", 2), text("c", "", 3)}),
              ElementsAre("a=x@1 {h=1} {n=null}", "c=@3"));
}

TEST(MapValues, KeepsKeyTimestampAndHeaders) {
  EXPECT_THAT(
      (run<Text, Number>([](Stream in) { in.map_values([](const Text& v) { return Number(v.size()); }).to("out"); },
                         {with_header("a", "xyz", 5)})),
      ElementsAre("a=3@5 {h=1} {n=null}"));
  EXPECT_THAT(run([](Stream in) { in.map_values([](const Text& k, const Text& v) { return k + v; }).to("out"); },
                  {with_header("a", "b", 5)}),
              ElementsAre("a=ab@5 {h=1} {n=null}"));
}

TEST(MapValues, MakesNullsFromEmptyOptionals) {
  EXPECT_THAT(
      run(
          [](Stream in) {
            in.map_values([](const Text& v) { return v.empty() ? std::nullopt : std::optional<Text>(v); }).to("out");
          },
          {text("a", "", 1), text("b", "x", 2)}),
      ElementsAre("a=null@1", "b=x@2"));
}

TEST(MapValues, KeepsTheNullKeyThatItsFunctionDoesNotSee) {
  EXPECT_THAT(run([](Stream in) { in.map_values([](const Text& v) { return v + v; }).to("out"); },
                  {text(std::nullopt, "x", 1)}),
              ElementsAre("null=xx@1"));
}

TEST(FlatMapValues, ForwardsEachValueInOrder) {
  EXPECT_THAT(run(
                  [](Stream in) {
                    in.flat_map_values([](const Text& v) {
                        std::list<Text> letters;
                        for (char c : v) letters.emplace_back(1, c);
                        return letters;
                      }).to("out");
                  },
                  {with_header("k", "ab", 4), text("none", "", 5), text(std::nullopt, "z", 6)}),
              ElementsAre("k=a@4 {h=1} {n=null}", "k=b@4 {h=1} {n=null}", "null=z@6"));
}

TEST(FlatMapValues, MakesNullsFromEmptyOptionals) {
  EXPECT_THAT(run(
                  [](Stream in) {
                    in.flat_map_values([](const Text& v) {
                        return std::array<std::optional<Text>, 2>{v, std::nullopt};
                      }).to("out");
                  },
                  {text("k", "v", 4)}),
              ElementsAre("k=v@4", "k=null@4"));
}

TEST(FlatMapValues, LeavesTheFunctionsOwnContainerAlone) {
  auto fixed = std::make_shared<std::vector<Text>>(2, Text(40, 'x'));
  auto out = run(
      [fixed](Stream in) {
        in.flat_map_values([fixed](const Text&) -> std::vector<Text>& { return *fixed; }).to("out");
      },
      {text("k", "v"), text("k", "v")});
  EXPECT_EQ(out, std::vector<std::string>(4, "k=" + Text(40, 'x') + "@0"));
}

TEST(Map, ReplacesKeyAndValue) {
  EXPECT_THAT((run<Number, Text>(
                  [](Stream in) {
                    in.map([](const Text& k, const Text& v) { return KeyValue{Number(v.size()), k}; }).to("out");
                  },
                  {with_header("k", "vv", 9)})),
              ElementsAre("2=k@9 {h=1} {n=null}"));
}

TEST(Map, MakesNullKeysAndValues) {
  EXPECT_THAT(run(
                  [](Stream in) {
                    in.map([](const Text&, const Text&) {
                        return KeyValue<std::optional<Text>, std::optional<Text>>{std::nullopt, std::nullopt};
                      }).to("out");
                  },
                  {text("k", "v", 9)}),
              ElementsAre("null=null@9"));
}

TEST(FlatMap, ForwardsEachPairInOrder) {
  EXPECT_THAT(run(
                  [](Stream in) {
                    in.flat_map([](const Text& k, const Text& v) {
                        return std::vector<KeyValue<Text, Text>>(v.size(), KeyValue{v, k});
                      }).to("out");
                  },
                  {with_header("k", "vv", 9), text("none", "", 10)}),
              ElementsAre("vv=k@9 {h=1} {n=null}", "vv=k@9 {h=1} {n=null}"));
}

TEST(FlatMap, LeavesTheFunctionsOwnContainerAlone) {
  auto fixed = std::make_shared<std::vector<KeyValue<Text, Text>>>();
  fixed->push_back({Text(40, 'k'), Text(40, 'v')});
  auto out = run(
      [fixed](Stream in) {
        in.flat_map([fixed](const Text&, const Text&) -> std::vector<KeyValue<Text, Text>>& {
            return *fixed;
          }).to("out");
      },
      {text("k", "v"), text("k", "v")});
  EXPECT_EQ(out, std::vector<std::string>(2, Text(40, 'k') + "=" + Text(40, 'v') + "@0"));
}

TEST(SelectKey, ReplacesTheKeyOnly) {
  EXPECT_THAT(
      (run<Number, Text>(
          [](Stream in) { in.select_key([](const Text&, const Text& v) { return Number(v.size()); }).to("out"); },
          {with_header("k", "vvv", 2)})),
      ElementsAre("3=vvv@2 {h=1} {n=null}"));
}

TEST(SelectKey, GivesAKeyToRecordsWithoutOne) {
  EXPECT_THAT(
      run([](Stream in) { in.select_key([](const Text& v) { return v; }).to("out"); }, {text(std::nullopt, "v", 2)}),
      ElementsAre("v=v@2"));
}

TEST(SelectKey, KeepsNullValuesForFunctionsThatTakeThem) {
  auto of_key = [](const Text& k, const std::optional<Text>&) { return k + k; };
  EXPECT_THAT(run([of_key](Stream in) { in.select_key(of_key).to("out"); }, {text("k", std::nullopt, 2)}),
              ElementsAre("kk=null@2"));
}

TEST(Peek, SeesEachRecordBeforeItsChildren) {
  std::vector<std::string> order;
  run(
      [&order](Stream in) {
        in.peek([&order](const Text& k, const Text& v) {
            order.push_back("peek " + k + v);
          }).for_each([&order](const Text& v) { order.push_back("each " + v); });
        in.to("out");
      },
      {text("a", "1"), text("b", "2")});
  EXPECT_THAT(order, ElementsAre("peek a1", "each 1", "peek b2", "each 2"));
}

TEST(Peek, ForwardsTheRecordAsItIs) {
  EXPECT_THAT(run([](Stream in) { in.peek([](const Text&) {}).to("out"); }, {with_header("a", "b", 3)}),
              ElementsAre("a=b@3 {h=1} {n=null}"));
}

TEST(Merge, TakesTheRecordsOfBothStreams) {
  EXPECT_THAT(run(
                  [](Stream in) {
                    auto small = in.filter([](const Text& v) { return v < "m"; }).map_values([](const Text& v) {
                      return "small " + v;
                    });
                    in.filter([](const Text& v) { return v >= "m"; }).merge(small).to("out");
                  },
                  {with_header("1", "z", 1), text("2", "a", 2), text("3", "y", 3)}),
              ElementsAre("1=z@1 {h=1} {n=null}", "2=small a@2", "3=y@3"));
}

TEST(Merge, OfAStreamWithItselfDoublesItsRecords) {
  EXPECT_THAT(run([](Stream in) { in.merge(in).to("out"); }, {text("1", "z", 1)}), ElementsAre("1=z@1", "1=z@1"));
}

TEST(Children, AreServedInTheOrderOfTheirAdding) {
  std::vector<std::string> order;
  run(
      [&order](Stream in) {
        in.to("out");
        in.for_each([&order](const Text&) { order.push_back("first"); });
        in.map_values([](const Text& v) { return v; }).for_each([&order](const Text&) { order.push_back("deep"); });
        in.for_each([&order](const Text&) { order.push_back("last"); });
      },
      {text("a", "1")});
  EXPECT_THAT(order, ElementsAre("first", "deep", "last"));
}

TEST(Stream, OfATopicReadTwiceIsOneSource) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").to("a");
  builder.stream<Text, Text>("in").to("b");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "v");
  EXPECT_THAT(read_all(driver, "a"), ElementsAre("k=v@0"));
  EXPECT_THAT(read_all(driver, "b"), ElementsAre("k=v@0"));
}

TEST(Stream, AndTableOfOneTopicShareTheSource) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").to("a");
  builder.table<Text, Text>("in", {.store_name = "rows"}).to_stream().to("b");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "v");
  EXPECT_THAT(read_all(driver, "a"), ElementsAre("k=v@0"));
  EXPECT_THAT(read_all(driver, "b"), ElementsAre("k=v@0"));
}

TEST(To, WritesNullKeysAndValues) {
  EXPECT_THAT(run([](Stream in) { in.to("out"); },
                  {text(std::nullopt, "v", 1), text("k", std::nullopt, 2), text(std::nullopt, std::nullopt, 3)}),
              ElementsAre("null=v@1", "k=null@2", "null=null@3"));
}

TEST(To, TellsEmptyFromNull) {
  EXPECT_THAT(run([](Stream in) { in.to("out"); }, {text("", "", 1)}), ElementsAre("=@1"));
}

TEST(To, UsesTheSerdeOfTheStreamUnlessItHasItsOwn) {
  auto spelled = make_serde<Text>([](const Text& v, Bytes& out) { out += "<" + v + ">"; },
                                  [](BytesView b) -> Result<Text> { return Text(b.substr(1, b.size() - 2)); });
  StreamsBuilder builder;
  auto in = builder.stream<Text, Text>("in", {.value_serde = spelled});
  in.filter([](const Text& v) { return v == "v"; }).to("same");
  in.map_values([](const Text& v) { return v; }).to("default");
  in.map_values([](const Text& v) { return v; }).to("own", {.value_serde = spelled});
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in", {}, spelled).pipe_input("k", "v");
  EXPECT_THAT(read_all(driver, "same"), ElementsAre("k=<v>@0"));
  EXPECT_THAT(read_all(driver, "default"), ElementsAre("k=v@0"));
  EXPECT_THAT(read_all(driver, "own"), ElementsAre("k=<v>@0"));
}

}  // namespace
}  // namespace millrace
