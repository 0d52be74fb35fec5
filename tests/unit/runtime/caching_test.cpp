// Caches under commits that fail, crashes, and processing ahead of a commit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Topology cached_counting() {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by_key()
      .count({.store_name = "counts", .caching = true})
      .to_stream()
      .to("out");
  return builder.build();
}

void feed(World& world, std::initializer_list<const char*> keys) {
  for (const char* key : keys) world.produce("in", key, "v");
}

TEST(Caches, GiveOutWhatTheyHoldWithTheCommit) {
  World world(cached_counting());
  world.start();
  feed(world, {"a", "b", "a"});
  world.run(false);
  EXPECT_EQ(world.stored("a"), 2);
  EXPECT_THAT(world.numbers("out"), IsEmpty());
  world.run();
  EXPECT_THAT(world.numbers("out"), ElementsAre("b=1", "a=2"));
  EXPECT_THAT(world.numbers("app-counts-changelog"), ElementsAre("b=1", "a=2"));
  EXPECT_EQ(world.committed_offset("in"), 3);
}

TEST(Caches, HoldNothingOfATransactionThatWasAborted) {
  World world(cached_counting());
  world.start();
  feed(world, {"a"});
  world.run();
  world.faulty->spoil_commit(1, FaultyLog::Commit::Lost, Error(ErrorCode::TransactionAborted, "spoiled"));
  feed(world, {"a", "b", "a"});
  world.run_with_retries();
  EXPECT_THAT(world.numbers("out"), ElementsAre("a=1", "b=1", "a=3"));
  EXPECT_THAT(world.numbers("app-counts-changelog"), ElementsAre("a=1", "b=1", "a=3"));
  EXPECT_EQ(world.stored("a"), 3);
}

TEST(Caches, RememberWhatTheCommitInFlightGaveOut) {
  World world(cached_counting());
  world.start();
  world.run();
  feed(world, {"a", "b"});
  world.faulty->hold_commit();
  world.run();
  ASSERT_TRUE(world.faulty->holds_a_commit());
  feed(world, {"a", "c", "a"});
  world.run();  // processed ahead, and pending
  EXPECT_EQ(world.stored("a"), 3);
  world.faulty->answer_held();
  world.run();
  EXPECT_THAT(world.numbers("out"), ElementsAre("a=1", "b=1", "c=1", "a=3"));
  EXPECT_EQ(world.committed_offset("in"), 5);
}

TEST(Caches, DropWhatWasProcessedAheadOfACommitThatFailed) {
  World world(cached_counting());
  world.start();
  world.run();
  feed(world, {"a", "b"});
  world.faulty->hold_commit();
  world.run();
  ASSERT_TRUE(world.faulty->holds_a_commit());
  feed(world, {"a", "c"});
  world.run();
  world.faulty->fail_held(Error(ErrorCode::TransactionAborted, "spoiled"), false);
  world.run_with_retries();
  // All is processed again, in one go.
  EXPECT_THAT(world.numbers("out"), ElementsAre("b=1", "a=2", "c=1"));
  EXPECT_EQ(world.stored("a"), 2);
}

TEST(Caches, LoseNothingInACrash) {
  World world(cached_counting());
  world.start();
  feed(world, {"a", "b"});
  world.run();
  feed(world, {"a", "a"});
  world.run(false);
  world.crash();
  world.start();
  world.run();
  EXPECT_THAT(world.numbers("out"), ElementsAre("a=1", "b=1", "a=3"));
  EXPECT_EQ(world.stored("a"), 3);
  // A new disk: the changelog has it all.
  world.crash();
  world.backends.take();
  world.start();
  world.run();
  EXPECT_EQ(world.stored("a"), 3);
  EXPECT_EQ(world.stored("b"), 1);
}

TEST(Caches, AreEmptyWhenAThreadHasStopped) {
  World world(cached_counting());
  world.start();
  feed(world, {"a", "a"});
  world.run(false);
  world.stop();
  EXPECT_THAT(world.numbers("out"), ElementsAre("a=2"));
  world.threads.clear();
  EXPECT_EQ(world.budget.used_bytes(), 0);
}

TEST(Caches, CountInTheBudgetOfTheProcess) {
  World world(cached_counting());
  world.start();
  world.run();
  const std::int64_t before = world.budget.used_bytes();
  feed(world, {"a", "b", "c"});
  world.run(false);
  EXPECT_GT(world.budget.used_bytes(), before);
}

}  // namespace
}  // namespace millrace
