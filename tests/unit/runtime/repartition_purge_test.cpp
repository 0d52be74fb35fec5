// What was read from repartition topics and committed is deleted from them, and nothing else is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TopicPartition kRepartition{"app-counts-repartition", Partition(0)};

/// "in" counted by value, by way of a repartition topic.
Topology counting_values() {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by([](const Text&, const Text& value) { return value; })
      .count({.store_name = "counts"})
      .to_stream()
      .to("out");
  return builder.build();
}

class RepartitionPurge : public ::testing::Test {
 protected:
  void feed(int count) {
    for (int i = 0; i < count; ++i) world_.produce("in", "k", "v");
    world_.run();
  }
  OffsetRange range(const TopicPartition& of = kRepartition) {
    return world_.log->admin().offset_ranges({of}).take().value().at(of);
  }
  /// After the interval, with one more record: a purge follows a commit.
  void after_the_interval() {
    world_.clock.advance(std::chrono::seconds(31));
    feed(1);
    world_.run();
  }

  World world_{counting_values()};
};

TEST_F(RepartitionPurge, DeletesWhatIsCommittedOnceAnInterval) {
  world_.start();
  feed(5);
  EXPECT_EQ(range().begin, Offset(0));
  EXPECT_EQ(range().end, Offset(5));
  after_the_interval();
  // What came with the commit that the purge followed may be left to the next.
  EXPECT_GE(range().begin, Offset(5));
  EXPECT_EQ(range().end, Offset(6));
  std::int64_t begin = range().begin.value();
  feed(3);
  EXPECT_EQ(range().begin, Offset(begin));
  after_the_interval();
  EXPECT_GE(range().begin, Offset(9));
  EXPECT_EQ(world_.numbers("out").size(), 10U);
}

TEST_F(RepartitionPurge, LeavesOtherTopicsAlone) {
  world_.start();
  feed(5);
  after_the_interval();
  for (const char* topic : {"in", "out", "app-counts-changelog"}) {
    EXPECT_EQ(range({topic, Partition(0)}).begin, Offset(0)) << topic;
  }
}

TEST_F(RepartitionPurge, LeavesWhatIsNotYetCommitted) {
  world_.start();
  feed(2);
  world_.crash();
  for (int i = 0; i < 3; ++i) {
    world_.start();
    after_the_interval();
    feed(2);
    EXPECT_LE(range().begin, Offset(world_.committed_offset(kRepartition.topic)));
    world_.crash();
  }
  world_.start();
  world_.run();
  EXPECT_EQ(world_.numbers("out").back(), "v=11");
}

TEST_F(RepartitionPurge, ThatFailsIsToldOnceAndHarmsNothing) {
  world_.start();
  feed(1);
  world_.faulty->spoil_deletions(2);
  for (int i = 0; i < 2; ++i) {
    after_the_interval();
    EXPECT_EQ(range().begin, Offset(0));
    EXPECT_FALSE(world_.thread().dead());
  }
  EXPECT_THAT(world_.logger.text, HasSubstr("purger: "));
  EXPECT_THAT(world_.logger.text, HasSubstr("MR-0501"));
  EXPECT_EQ(world_.logger.text.find("MR-0501"), world_.logger.text.rfind("MR-0501"));
  after_the_interval();
  EXPECT_GE(range().begin, Offset(3));
  EXPECT_THAT(world_.logger.text, HasSubstr("deletes again"));
  EXPECT_EQ(world_.numbers("out").size(), 4U);
}

}  // namespace
}  // namespace millrace
