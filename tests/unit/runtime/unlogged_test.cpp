// Persistent stores without a changelog: kept as long as they stand where the committed input stands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/runtime/input_stamp.hpp>
#include <millrace/runtime/stream_task.hpp>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Topology unlogged_counting() {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by_key()
      .count({.store_name = "counts", .logging = false})
      .to_stream()
      .to("out");
  return builder.build();
}

struct Unlogged : World {
  explicit Unlogged(Topology topology_of_it = unlogged_counting(), StreamsConfig settings = {})
      : World(std::move(topology_of_it), std::move(settings)) {
    start();
  }
  void feed(std::initializer_list<const char*> keys) {
    for (const char* key : keys) produce("in", key, "v");
    run();
  }
  void restart() {
    crash();
    logger.text.clear();
    start();
    run();
  }
};

TEST(UnloggedStore, IsThereAgainAfterARestart) {
  Unlogged world;
  world.feed({"a", "b", "a"});
  world.restart();
  EXPECT_EQ(world.stored("a"), 2);
  EXPECT_THAT(world.logger.text, Not(HasSubstr("counts")));
  world.feed({"a"});
  EXPECT_THAT(world.numbers("out"), ElementsAre("a=1", "b=1", "a=2", "a=3"));
  world.stop();
  world.restart();
  EXPECT_EQ(world.stored("a"), 3);
  EXPECT_THAT(world.logger.text, Not(HasSubstr("counts")));
}

TEST(UnloggedStore, HasNoChangelog) {
  Unlogged world;
  EXPECT_EQ(world.catalog.find("app-counts-changelog"), nullptr);
}

TEST(UnloggedStore, StaysWhereTheInputHasNoRecordYet) {
  Unlogged world;
  world.run();
  world.restart();
  EXPECT_THAT(world.logger.text, Not(HasSubstr("counts")));
}

TEST(UnloggedStore, IsClearedWithAWarningWhereItMissedACommit) {
  Unlogged world;
  world.feed({"a", "b", "a"});
  // A kill after the transaction and before the state took it over.
  auto old = world.backends.take();
  world.backends.put(std::move(old));
  world.backends.next_apply = Error(ErrorCode::StateWriteFailed, "killed here");
  world.feed({"a"});
  ASSERT_TRUE(world.thread().dead());
  ASSERT_EQ(world.committed_offset("in"), 4);
  world.restart();
  EXPECT_EQ(world.stored("a"), 0);
  EXPECT_THAT(world.logger.text, AllOf(HasSubstr("task 0_0, store counts"), HasSubstr("in[0] at 3"),
                                       HasSubstr("in[0] at 4"), HasSubstr("cleared")));
  // From here on it is whole again.
  world.feed({"a"});
  world.restart();
  EXPECT_EQ(world.stored("a"), 1);
  EXPECT_THAT(world.logger.text, Not(HasSubstr("counts")));
}

TEST(UnloggedStore, IsClearedWhereItIsAheadOfTheCommittedInput) {
  // At least once: the state is written before the offsets are.
  StreamsConfig config;
  config.processing_guarantee = ProcessingGuarantee::AtLeastOnce;
  Unlogged world(unlogged_counting(), config);
  world.feed({"a"});
  world.produce("in", "a", "v");
  world.faulty->spoil_commit(2, FaultyLog::Commit::NeverAnswered, Error(ErrorCode::LogUnavailable, "spoiled"));
  world.run();
  ASSERT_EQ(world.committed_offset("in"), 1);
  world.restart();
  EXPECT_THAT(world.logger.text, AllOf(HasSubstr("counts"), HasSubstr("in[0] at 2"), HasSubstr("in[0] at 1")));
  EXPECT_EQ(world.stored("a"), 1);  // the second record, again
}

TEST(UnloggedStore, SaysThatItBeginsEmptyOnAnotherMachine) {
  Unlogged world;
  world.feed({"a"});
  world.crash();
  world.backends.take();
  world.logger.text.clear();
  world.start();
  world.run();
  EXPECT_EQ(world.stored("a"), 0);
  EXPECT_THAT(world.logger.text, AllOf(HasSubstr("task 0_0, store counts"), HasSubstr("has no local state"),
                                       HasSubstr("in[0] at 1")));
}

TEST(UnloggedStore, FollowsTheInputAlsoWhereNothingIsWritten) {
  // Records without a key are dropped by the count.
  Unlogged world;
  world.feed({"a"});
  world.produce("in", std::nullopt, "v");
  world.run();
  world.restart();
  EXPECT_EQ(world.stored("a"), 1);
  EXPECT_THAT(world.logger.text, Not(HasSubstr("counts")));
}

TEST(UnloggedStore, SurvivesAnAbortedTransaction) {
  Unlogged world;
  world.feed({"a"});
  world.faulty->spoil_commit(1, FaultyLog::Commit::Lost, Error(ErrorCode::TransactionAborted, "spoiled"));
  world.produce("in", "a", "v");
  world.run_with_retries();
  EXPECT_EQ(world.stored("a"), 2);
  world.restart();
  EXPECT_EQ(world.stored("a"), 2);
}

TEST(UnloggedStore, BecomesALoggedOneThatBeginsWithItsChangelog) {
  Unlogged world;
  world.feed({"a", "a"});
  world.crash();
  world.topology = counting();
  world.prepare();
  world.logger.text.clear();
  world.start();
  world.run();
  EXPECT_THAT(world.logger.text, HasSubstr("store counts: the local state is wiped and restored"));
  EXPECT_EQ(world.stored("a"), 0);
}

TEST(UnloggedStore, IsClearedWhereItWasALoggedOne) {
  Unlogged world(counting());
  world.feed({"a", "a"});
  world.crash();
  world.topology = unlogged_counting();
  world.logger.text.clear();
  world.start();
  world.run();
  EXPECT_THAT(world.logger.text, AllOf(HasSubstr("counts"), HasSubstr("changelog that it had")));
  EXPECT_EQ(world.stored("a"), 0);
}

TEST(UnloggedStore, MayCache) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by_key()
      .count({.store_name = "counts", .caching = true, .logging = false})
      .to_stream()
      .to("out");
  Unlogged world(builder.build());
  world.produce("in", "a", "v");
  world.feed({"a"});
  EXPECT_THAT(world.numbers("out"), ElementsAre("a=2"));
  world.restart();
  EXPECT_EQ(world.stored("a"), 2);
}

TEST(InputStamp, NamesEachInputAndItsOffset) {
  TopicCatalog catalog({{"words", "id-w", 4, CleanupPolicy::Delete}, {"lines", "id-l", 4, CleanupPolicy::Delete}});
  std::vector<TaskInput> inputs{{{"words", Partition(3)}, Offset(17)}, {{"lines", Partition(3)}, Offset(0)}};
  ChangelogStamp stamp = input_stamp(inputs, catalog);
  EXPECT_EQ(describe_input_stamp(stamp), "lines[3] at 0, words[3] at 17");
  std::swap(inputs[0], inputs[1]);
  EXPECT_EQ(input_stamp(inputs, catalog), stamp);
  inputs[0].from = Offset(1);
  EXPECT_NE(input_stamp(inputs, catalog), stamp);
  TopicCatalog recreated({{"words", "id-w", 4, CleanupPolicy::Delete}, {"lines", "other", 4, CleanupPolicy::Delete}});
  inputs[0].from = Offset(0);
  EXPECT_NE(input_stamp(inputs, recreated), stamp);
  EXPECT_EQ(describe_input_stamp({"topic-id", Offset(3)}), "an offset of a changelog that it had");
  EXPECT_EQ(describe_input_stamp({"inputs\ngarbage", Offset(3)}), "something that cannot be read");
}

}  // namespace
}  // namespace millrace
