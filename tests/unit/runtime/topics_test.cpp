// Internal topics and tasks that follow from a topology and the topics there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

const auto kValue = [](const Text& v) { return v; };
const auto kLatest = [](const Text&, const Text& b) { return b; };

std::vector<std::string> planned(const Topology& topology, const std::vector<TopicInfo>& topics) {
  std::vector<std::string> texts;
  const auto specs = plan_internal_topics(topology, "app", TopicCatalog(topics)).value();
  for (const TopicSpec& spec : specs) {
    texts.push_back(spec.name + " " + std::to_string(spec.partitions) +
                    (spec.cleanup == CleanupPolicy::Compact  ? " compact"
                     : spec.cleanup == CleanupPolicy::Delete ? " delete"
                                                             : " compact,delete"));
    if (spec.limits.retention) texts.back() += " " + std::to_string(spec.limits.retention->count());
  }
  return texts;
}
TopicInfo topic(const std::string& name, int partitions) { return {name, "id", partitions}; }

/// a and b repartitioned into one topic each; those merged and repartitioned again.
Topology chain() {
  StreamsBuilder builder;
  auto left = builder.stream<Text, Text>("a").group_by(kValue, {.name = "one"}).reduce(kLatest, {.store_name = "s1"});
  auto right = builder.stream<Text, Text>("b").group_by(kValue, {.name = "two"}).reduce(kLatest, {.store_name = "s2"});
  left.to_stream().group_by(kValue, {.name = "three"}).count({.store_name = "s3"}).to_stream().to("left-out");
  right.to_stream().to("right-out");
  return builder.build();
}

TEST(InternalTopics, TakeTheirPartitionsFromUpstreamThroughChains) {
  EXPECT_THAT(planned(chain(), {topic("a", 4), topic("b", 7)}),
              UnorderedElementsAre("app-s1-changelog 4 compact", "app-s2-changelog 7 compact",
                                   "app-s3-changelog 4 compact", "app-one-repartition 4 delete",
                                   "app-two-repartition 7 delete", "app-three-repartition 4 delete"));
}

TEST(InternalTopics, OfWindowsKeepADayMoreThanTheirStores) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by_key()
      .windowed_by(TimeWindows::of(std::chrono::minutes(1)))
      .count({.store_name = "w"})
      .to_stream()
      .to("out");
  Topology topology = builder.build();
  std::int64_t kept_ms = topology.stores().at("w").retention.count() + std::int64_t{24} * 3'600'000;
  EXPECT_THAT(planned(topology, {topic("in", 2)}),
              ElementsAre("app-w-changelog 2 compact,delete " + std::to_string(kept_ms)));
}

TEST(InternalTopics, OfAMergeNeedEqualPartitions) {
  StreamsBuilder builder;
  auto a = builder.stream<Text, Text>("a");
  (void)builder.stream<Text, Text>("b").merge(a).group_by_key().count({.store_name = "s"});
  Topology topology = builder.build();
  auto plan = plan_internal_topics(topology, "app", TopicCatalog({topic("a", 4), topic("b", 7)}));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), ErrorCode::NotCopartitioned);
  EXPECT_THAT(plan.error().to_string(), AllOf(HasSubstr("MR-0103"), HasSubstr("a has 4"), HasSubstr("b has 7")));
}

/// a is grouped by value into `partitions` partitions, and merged with b.
Topology merged(std::optional<std::int32_t> partitions) {
  StreamsBuilder builder;
  auto a = builder.stream<Text, Text>("a").repartition({.name = "by-hand", .partitions = partitions});
  (void)builder.stream<Text, Text>("b").merge(a).group_by_key().count({.store_name = "s"});
  return builder.build();
}

TEST(InternalTopics, HaveThePartitionsThatTheUserFixed) {
  EXPECT_THAT(planned(merged(7), {topic("a", 4), topic("b", 7)}),
              UnorderedElementsAre("app-by-hand-repartition 7 delete", "app-s-changelog 7 compact"));
}

TEST(InternalTopics, TakeThePartitionsOfWhatIsReadBesideThem) {
  EXPECT_THAT(planned(merged(std::nullopt), {topic("a", 9), topic("b", 3)}),
              UnorderedElementsAre("app-by-hand-repartition 3 delete", "app-s-changelog 3 compact"));
}

TEST(InternalTopics, RefuseAFixedNumberThatDoesNotFitWhatIsReadBesideThem) {
  auto plan = plan_internal_topics(merged(5), "app", TopicCatalog({topic("a", 4), topic("b", 7)}));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), ErrorCode::NotCopartitioned);
  EXPECT_THAT(plan.error().to_string(),
              AllOf(HasSubstr("MR-0103"), HasSubstr("app-by-hand-repartition has 5 (set by \"by-hand\")"),
                    HasSubstr("b has 7")));
}

TEST(InternalTopics, RefuseTwoFixedNumbersOfOneMerge) {
  StreamsBuilder builder;
  auto a = builder.stream<Text, Text>("a").repartition({.name = "one", .partitions = 2});
  auto b = builder.stream<Text, Text>("b").repartition({.name = "two", .partitions = 3});
  a.merge(b).to("out");
  Topology topology = builder.build();
  auto plan = plan_internal_topics(topology, "app", TopicCatalog({topic("a", 4), topic("b", 4)}));
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().to_string(), AllOf(HasSubstr("app-one-repartition has 2 (set by \"one\")"),
                                              HasSubstr("app-two-repartition has 3 (set by \"two\")")));
}

TEST(InternalTopics, AreKnownByName) {
  Topology topology = merged(2);
  EXPECT_TRUE(is_internal_topic(topology, "app", "app-by-hand-repartition"));
  EXPECT_TRUE(is_internal_topic(topology, "app", "app-s-changelog"));
  EXPECT_FALSE(is_internal_topic(topology, "app", "app-other"));
  EXPECT_FALSE(is_internal_topic(topology, "app", "s-changelog"));
}

TEST(InternalTopics, NameEveryMissingSourceTopic) {
  StreamsBuilder builder;
  auto a = builder.stream<Text, Text>("a");
  builder.stream<Text, Text>("b").merge(a).to("out");
  Topology topology = builder.build();
  auto plan = plan_internal_topics(topology, "app", TopicCatalog());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), ErrorCode::SourceTopicMissing);
  EXPECT_THAT(plan.error().to_string(), AllOf(HasSubstr("MR-0102"), HasSubstr("a, b")));
}

TEST(InternalTopics, AreNoneForAStatelessTopology) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("a").to("out");
  EXPECT_THAT(planned(builder.build(), {topic("a", 3)}), ElementsAre());
}

TEST(Tasks, AreOnePerSubtopologyAndPartition) {
  std::vector<std::string> names;
  for (TaskId task : plan_tasks(chain(), "app", TopicCatalog({topic("a", 2), topic("b", 1)}))) {
    names.push_back(to_string(task));
  }
  std::sort(names.begin(), names.end());
  // Sub-topologies: a (2), b (1), one (2), two (1), three (2).
  EXPECT_EQ(names.size(), 8U);
}

TEST(Topics, MissingWhereTheTopologyWritesEndTheThread) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").to("out");
  World world(builder.build());
  world.log->admin().delete_topics({"out"}).take().value();
  world.prepare();
  world.start();
  world.run();
  ASSERT_TRUE(world.thread().dead());
  EXPECT_EQ(world.thread().failure()->code(), ErrorCode::TopicUnknown);
  EXPECT_THAT(world.thread().failure()->to_string(),
              AllOf(HasSubstr("MR-0505"), HasSubstr("\"out\""), HasSubstr("create")));
}

}  // namespace
}  // namespace millrace
