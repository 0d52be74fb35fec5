// How a graph is cut into sub-topologies.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_topologies.hpp"

namespace millrace {
namespace {

using sample::Text;
using ::testing::ElementsAre;

std::vector<std::string> groups(const Topology& topology) {
  std::vector<std::string> texts;
  for (const Subtopology& group : topology.subtopologies()) {
    std::string text = group.name + ":";
    for (const TopicRef& topic : group.source_topics) text += " " + topic.full_name("app");
    for (const std::string& store : group.stores) text += " [" + store + "]";
    texts.push_back(text);
  }
  return texts;
}

TEST(Subtopologies, AreCutAtRepartitionTopics) {
  EXPECT_THAT(
      groups(sample::word_count()),
      ElementsAre("text-lines: text-lines", "word-counts-repartition: app-word-counts-repartition [word-counts]"));
}

TEST(Subtopologies, AreOnePerIndependentStream) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("a").to("x");
  builder.stream<Text, Text>("b").to("y");
  EXPECT_THAT(groups(builder.build()), ElementsAre("a: a", "b: b"));
}

TEST(Subtopologies, AreJoinedByMerge) {
  StreamsBuilder builder;
  auto a = builder.stream<Text, Text>("a");
  builder.stream<Text, Text>("b").merge(a).to("y");
  EXPECT_THAT(groups(builder.build()), ElementsAre("a: a b"));
}

TEST(Subtopologies, AreJoinedByASharedStore) {
  StreamsBuilder builder;
  builder.add_state_store(KeyValueStoreBuilder<Text, Text>{.name = "shared"});
  auto make = [] { return std::make_unique<sample::End>(); };
  builder.stream<Text, Text>("a").process(make, {.stores = {"shared"}});
  builder.stream<Text, Text>("between").to("x");
  builder.stream<Text, Text>("b").process(make, {.stores = {"shared"}});
  EXPECT_THAT(groups(builder.build()), ElementsAre("a: a b [shared]", "between: between"));
}

TEST(Subtopologies, AreJoinedByATopicReadTwice) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("a").to("x");
  builder.stream<Text, Text>("a").filter([](const Text&) { return true; }).to("y");
  Topology topology = builder.build();
  EXPECT_THAT(groups(topology), ElementsAre("a: a"));
  EXPECT_EQ(topology.source_of({"a", false}).children.size(), 2U);
}

TEST(Subtopologies, ListParentsBeforeChildren) {
  Topology topology = sample::every_operator();
  for (const Subtopology& group : topology.subtopologies()) {
    std::vector<NodeId> seen;
    for (NodeId id : group.nodes) {
      for (NodeId parent : topology.node(id).parents)
        EXPECT_THAT(seen, ::testing::Contains(parent)) << topology.node(id).name;
      seen.push_back(id);
    }
  }
}

TEST(Subtopologies, AreCutOnceMoreForEachRepartitionInAChain) {
  StreamsBuilder builder;
  auto swap = [](const Text& k, const Text& v) { return KeyValue{v, k}; };
  auto latest = [](const Text&, const Text& b) { return b; };
  (void)builder.stream<Text, Text>("a")
      .map(swap)
      .group_by_key({.name = "one"})
      .reduce(latest, {.store_name = "s1"})
      .to_stream()
      .map(swap)
      .group_by_key({.name = "two"})
      .reduce(latest, {.store_name = "s2"});
  EXPECT_THAT(groups(builder.build()), ElementsAre("a: a", "one-repartition: app-one-repartition [s1]",
                                                   "two-repartition: app-two-repartition [s2]"));
}

}  // namespace
}  // namespace millrace
