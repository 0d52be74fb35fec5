// describe --diff: what an upgrade keeps and loses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/topology/topology_diff.hpp>

#include "sample_topologies.hpp"

namespace millrace {
namespace {

using sample::Text;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// A count behind a repartition topic, with what an upgrade may change.
struct Version {
  std::string store = "counts";
  std::string group = "by-word";
  std::string filter_name{};
  bool filtered = false;
  bool persistent = true;
  std::string source = "lines";
  bool second_source = false;
};
Topology make(const Version& version) {
  StreamsBuilder builder;
  if (version.second_source) builder.stream<Text, Text>("first").to("copied");
  auto lines = builder.stream<Text, Text>(version.source);
  if (version.filtered) lines = lines.filter([](const Text& v) { return !v.empty(); });
  lines.group_by([](const Text&, const Text& word) { return word; }, {.name = version.group})
      .count({.store_name = version.store, .persistent = version.persistent, .name = "count"})
      .to_stream()
      .to("out");
  return builder.build();
}
TopologyDiff diff(const Version& old, const Version& now) {
  auto result = diff_topology(make(old).describe(), make(now));
  EXPECT_TRUE(result) << (result ? "" : result.error().to_string());
  return result ? *result : TopologyDiff{};
}

TEST(TopologyDiffTest, TheSameTopologyKeepsEverything) {
  auto found = diff({}, {});
  EXPECT_FALSE(found.loses);
  EXPECT_THAT(found.lines,
              ElementsAre("kept store       counts", "kept topic       <application.id>-by-word-repartition"));
}

TEST(TopologyDiffTest, EveryOperatorIsReadBack) {
  auto found = diff_topology(sample::every_operator().describe(), sample::every_operator());
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->loses);
  for (const std::string& line : found->lines) EXPECT_THAT(line, StartsWith("kept "));
}

TEST(TopologyDiffTest, AnOperatorMoreLosesNothing) { EXPECT_FALSE(diff({}, {.filtered = true}).loses); }

TEST(TopologyDiffTest, ARenamedStoreIsNamedWithItsOldName) {
  auto found = diff({}, {.store = "word-counts"});
  EXPECT_TRUE(found.loses);
  EXPECT_THAT(found.lines, Contains(AllOf(StartsWith("RENAMED store    counts"), HasSubstr("it is word-counts now"),
                                          HasSubstr("name it \"counts\""))));
  EXPECT_THAT(found.lines, Not(Contains(StartsWith("new store"))));
}

TEST(TopologyDiffTest, ARenamedRepartitionTopicLosesWhatLiesInIt) {
  auto found = diff({}, {.group = "words"});
  EXPECT_TRUE(found.loses);
  EXPECT_THAT(found.lines, Contains(AllOf(StartsWith("RENAMED topic    <application.id>-by-word-repartition"),
                                          HasSubstr("<application.id>-words-repartition now"), HasSubstr("drain"))));
}

TEST(TopologyDiffTest, AStoreThatIsGoneIsAnOrphan) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("lines").to("out");
  auto found = diff_topology(make({}).describe(), builder.build());
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->loses);
  EXPECT_THAT(found->lines, Contains(AllOf(StartsWith("ORPHANED store   counts"),
                                           HasSubstr("changelog: <application.id>-counts-changelog"))));
  EXPECT_THAT(found->lines, Contains(StartsWith("ORPHANED topic   <application.id>-by-word-repartition")));
}

TEST(TopologyDiffTest, AStoreOfOtherTypesIsNotUnderstood) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("lines")
      .group_by_key()
      .reduce([](const Text& a, const Text& b) { return a + b; }, {.store_name = "counts", .name = "count"})
      .to_stream()
      .to("out");
  auto found = diff_topology(make({}).describe(), builder.build());
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->loses);
  EXPECT_THAT(found->lines,
              Contains(AllOf(StartsWith("CHANGED store    counts"), HasSubstr("long"), HasSubstr("not understood"))));
}

TEST(TopologyDiffTest, AnotherBackendKeepsTheState) {
  auto found = diff({}, {.persistent = false});
  EXPECT_FALSE(found.loses);
  EXPECT_THAT(found.lines,
              Contains(AllOf(StartsWith("kept store       counts: it was rocksdb"), HasSubstr("in-memory"))));
}

TEST(TopologyDiffTest, ASubtopologyBeforeItRenumbersAndSaysWhatThatCosts) {
  auto found = diff({}, {.second_source = true});
  EXPECT_FALSE(found.loses);
  EXPECT_THAT(found.lines, Contains(AllOf(HasSubstr("sub-topology by-word-repartition"), HasSubstr("it was 1, it is 2"),
                                          HasSubstr("restored"))));
  EXPECT_THAT(found.lines, Contains("newly reads      first"));
  EXPECT_THAT(found.lines, Contains("newly writes     copied"));
}

TEST(TopologyDiffTest, AnotherSourceIsSaid) {
  auto found = diff({}, {.source = "texts"});
  EXPECT_THAT(found.lines, Contains("no longer reads  lines"));
  EXPECT_THAT(found.lines, Contains("newly reads      texts"));
}

TEST(TopologyDiffTest, WhatIsNoDescriptionIsRefusedWithItsLine) {
  auto no_text = diff_topology("", make({}));
  ASSERT_FALSE(no_text);
  EXPECT_THAT(no_text.error().to_string(), HasSubstr("no description"));
  auto other = diff_topology("Topologies:\n   Sub-topology: 0 (lines)\nflowchart TD\n", make({}));
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().to_string(), AllOf(HasSubstr("line 3"), HasSubstr("flowchart TD")));
}

}  // namespace
}  // namespace millrace
