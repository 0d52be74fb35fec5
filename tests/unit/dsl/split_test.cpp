// split(): the first branch that wants a record gets it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dsl_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Stream = KStream<Text, Text>;

const auto kShort = [](const Text& v) { return v.size() < 2; };
const auto kMiddle = [](const Text& v) { return v.size() < 4; };
const auto kAny = [](const std::optional<Text>&) { return true; };

template <class Branches>
std::vector<std::string> names(const Branches& branches) {
  std::vector<std::string> found;
  for (const auto& [name, stream] : branches) found.push_back(name);
  return found;
}

TEST(Split, GivesARecordToTheFirstBranchThatWantsIt) {
  StreamsBuilder builder;
  auto branches = builder.stream<Text, Text>("in")
                      .split({.name = "size-"})
                      .branch(kShort, {.name = "short"})
                      .branch(kMiddle, {.name = "middle"})
                      .default_branch({.name = "long"});
  branches.at("size-short").to("short");
  branches.at("size-middle").to("middle");
  branches.at("size-long").to("long");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input({"k", "v", at(3), {{"h", "x"}}});
  in.pipe_input("k", "vvv", at(2));
  in.pipe_input("k", "vvvvv", at(1));
  in.pipe_input(std::nullopt, "w", at(0));
  EXPECT_THAT(read_all(driver, "short"), ElementsAre("k=v@3 {h=x}", "null=w@0"));
  EXPECT_THAT(read_all(driver, "middle"), ElementsAre("k=vvv@2"));
  EXPECT_THAT(read_all(driver, "long"), ElementsAre("k=vvvvv@1"));
}

TEST(Split, DropsWhatNoBranchWantsAndCountsNothing) {
  StreamsBuilder builder;
  auto branches = builder.stream<Text, Text>("in").split().branch(kShort).no_default_branch();
  branches.at("in.split.1").to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "v");
  in.pipe_input("k", "vvvv");
  EXPECT_THAT(read_all(driver), ElementsAre("k=v@0"));
  EXPECT_EQ(counted(driver, "streams_dropped_records_total"), 0);
}

TEST(Split, NamesBranchesByTheirPosition) {
  StreamsBuilder builder;
  auto in = builder.stream<Text, Text>("in");
  EXPECT_THAT(names(in.split().branch(kShort).branch(kMiddle).default_branch()),
              ElementsAre("in.split.0", "in.split.1", "in.split.2"));
  EXPECT_THAT(names(in.split({.name = "b-"}).branch(kShort, {.name = "x"}).branch(kMiddle).no_default_branch()),
              ElementsAre("b-2", "b-x"));
  EXPECT_THAT(names(in.split().branch(kShort).no_default_branch()), ElementsAre("in.split-2.1"));
  EXPECT_NO_THROW((void)builder.build());
}

TEST(Split, TakesAFunctionsResultInsteadOfTheBranch) {
  StreamsBuilder builder;
  auto up = [](Stream s) { return s.map_values([](const Text& v) { return v + "!"; }); };
  auto branches = builder.stream<Text, Text>("in")
                      .split({.name = "b-"})
                      .branch(kShort, {.name = "up", .function = up})
                      .default_branch({.name = "rest", .consumer = [](Stream s) { s.to("rest"); }});
  EXPECT_THAT(names(branches), ElementsAre("b-up"));
  branches.at("b-up").to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "v");
  in.pipe_input("k", "vv");
  EXPECT_THAT(read_all(driver), ElementsAre("k=v!@0"));
  EXPECT_THAT(read_all(driver, "rest"), ElementsAre("k=vv@0"));
}

TEST(Split, RefusesTwoBranchesOfOneNameAndTwoFunctions) {
  StreamsBuilder builder;
  auto in = builder.stream<Text, Text>("in");
  (void)in.split({.name = "b-"}).branch(kShort, {.name = "x"}).branch(kAny, {.name = "x"}).no_default_branch();
  (void)in.split({.name = "c-"})
      .branch(kShort, {.function = [](Stream s) { return s; }, .consumer = [](Stream) {}})
      .no_default_branch();
  try {
    (void)builder.build();
    FAIL() << "two faults were not found";
  } catch (const TopologyError& error) {
    EXPECT_THAT(error.findings(), ElementsAre(HasSubstr("\"c-1\" has a function and a consumer"),
                                              HasSubstr("two operators are named \"b-x\"")));
  }
}

TEST(Split, RemembersThatTheKeyMayHaveChanged) {
  StreamsBuilder builder;
  auto changed = builder.stream<Text, Text>("in").select_key([](const Text& v) { return v; });
  auto branches = changed.split({.name = "b-"}).branch(kAny, {.name = "all"}).no_default_branch();
  (void)branches.at("b-all").group_by_key().count({.store_name = "c"});
  EXPECT_EQ(builder.build().repartitions().size(), 1U);
}

TEST(Split, LeavesTopologiesThatWereBuiltBeforeAsTheyAre) {
  StreamsBuilder builder;
  auto split = builder.stream<Text, Text>("in").split({.name = "b-"});
  split.branch(kShort, {.name = "one", .consumer = [](Stream s) { s.to("out"); }});
  Topology before = builder.build();
  split.branch(kAny, {.name = "two", .consumer = [](Stream s) { s.to("more"); }});
  TopologyTestDriver driver(std::move(before));
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "v");
  in.pipe_input("k", "vvv");
  EXPECT_THAT(read_all(driver), ElementsAre("k=v@0"));
}

TEST(Split, HandsAPredicateThatThrowsToTheHandler) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .split({.name = "b-"})
      .branch([](const Text& v) -> bool { return v.at(1) == 'x'; })
      .default_branch()
      .at("b-0")
      .to("out");
  TestDriverOptions options;
  options.config.processing_exception_handler = ExceptionResponse::Continue;
  TopologyTestDriver driver(builder.build(), std::move(options));
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "v");
  in.pipe_input("k", std::nullopt);
  in.pipe_input("k", "vy");
  EXPECT_THAT(read_all(driver), ElementsAre("k=vy@0"));
  EXPECT_EQ(dropped(driver, "UserCodeThrew"), 1);
  EXPECT_EQ(dropped(driver, "NullForPlainParameter"), 1);
}

}  // namespace
}  // namespace millrace
