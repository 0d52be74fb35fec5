// memory.budget.bytes in the runtime: what is not read because there is no room, and that there is always progress.
#include <millrace/runtime/thread_memory.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;

TEST(FetchBudget, StopsReadingAheadAtTheShareUntilHalfIsProcessed) {
  FetchBudget budget(100);
  budget.add(99);
  EXPECT_TRUE(budget.may_read_ahead());
  budget.add(1);
  EXPECT_FALSE(budget.may_read_ahead());
  budget.add(-49);
  EXPECT_FALSE(budget.may_read_ahead());
  budget.add(-1);
  EXPECT_TRUE(budget.may_read_ahead());
  budget.add(49);
  EXPECT_TRUE(budget.may_read_ahead());
}

TEST(FetchBudget, SharesHalfOfItselfAmongThePartitions) {
  constexpr std::int64_t kMiB = 1 << 20;
  FetchBudget budget(64 * kMiB);
  for (int i = 0; i < 8; ++i) budget.enter_partition();
  EXPECT_EQ(budget.fetch_bytes(), 4U << 20);
  for (int i = 0; i < 1000; ++i) budget.enter_partition();
  EXPECT_EQ(budget.fetch_bytes(), 64U << 10);
  for (int i = 0; i < 1004; ++i) budget.leave_partition();
  EXPECT_EQ(budget.fetch_bytes(), 8U << 20);
}

TEST(FetchBudget, GivesTurnsInTheOrderOfTheRefusals) {
  FetchBudget budget(100);
  const int a = 0;
  const int b = 0;
  const int c = 0;
  EXPECT_TRUE(budget.take_turn(&a));
  budget.wait(&b);
  budget.wait(&c);
  EXPECT_FALSE(budget.take_turn(&a));
  EXPECT_FALSE(budget.take_turn(&c));
  EXPECT_TRUE(budget.take_turn(&b));
  budget.leave(&c);
  EXPECT_FALSE(budget.take_turn(&b));  // a was refused before it
  EXPECT_TRUE(budget.take_turn(&a));
  EXPECT_TRUE(budget.take_turn(&b));
  EXPECT_TRUE(budget.take_turn(&c));
}

/// Settings with `bytes` for fetched records, and no more.
StreamsConfig with_input_buffer(std::int64_t bytes) {
  StreamsConfig config;
  config.input_buffer_max_bytes = bytes;
  return config;
}

/// "a" and "b" into "out".
Topology merging() {
  StreamsBuilder builder;
  auto a = builder.stream<Text, Text>("a");
  auto b = builder.stream<Text, Text>("b");
  a.merge(b).to("out");
  return builder.build();
}

TEST(Memory, RecordsLargerThanTheShareComeThrough) {
  constexpr int kPartitions = 4;
  constexpr std::int64_t kShare = 64 << 10;
  World world(counting(), with_input_buffer(kShare), kPartitions);
  const Text value(2 * kShare, 'v');
  for (int i = 0; i < 3; ++i) {
    for (int p = 0; p < kPartitions; ++p) world.produce("in", "k" + std::to_string(p), value, {}, p);
  }
  world.start();
  world.run();
  EXPECT_EQ(world.numbers("out").size(), 3U * kPartitions);
  EXPECT_EQ(world.thread().status().memory.fetched_bytes, 0);
}

TEST(Memory, ATaskReadsNothingWhileOthersHoldTheShare) {
  World world(counting(), {}, 3);
  const Text value(64 << 10, 'v');
  for (int i = 0; i < 2; ++i) {
    for (int p = 0; p < 3; ++p) world.produce("in", "k", value, {}, p);
  }
  auto reader = world.log->open_reader({});
  FetchBudget budget(1000);
  RecordQueues first(*reader, 1 << 20, world.metrics, {}, &budget);
  RecordQueues second(*reader, 1 << 20, world.metrics, {}, &budget);
  RecordQueues third(*reader, 1 << 20, world.metrics, {}, &budget);
  first.add({"in", Partition(0)}, Offset(0), kNoTimestamp).value();
  second.add({"in", Partition(1)}, Offset(0), kNoTimestamp).value();
  third.add({"in", Partition(2)}, Offset(0), kNoTimestamp).value();
  ASSERT_TRUE(first.fill().value());
  EXPECT_GT(budget.used_bytes(), 64 << 10);
  EXPECT_FALSE(second.fill().value());
  EXPECT_FALSE(third.fill().value());
  first.pop(0);
  EXPECT_EQ(budget.used_bytes(), 0);
  // The first one has had its turn; the others come in the order in which they were refused.
  EXPECT_FALSE(first.fill().value());
  EXPECT_FALSE(third.fill().value());
  ASSERT_TRUE(second.fill().value());
  second.pop(0);
  ASSERT_TRUE(third.fill().value());
  third.pop(0);
  ASSERT_TRUE(first.fill().value());
}

// A task with a record in one partition waits for the other: that one is read though the share is used up.
TEST(Memory, ATaskGetsTheRecordThatItLacksToGoOn) {
  World world(merging(), with_input_buffer(64 << 10));
  const Text value(64 << 10, 'v');
  for (int i = 0; i < 5; ++i) {
    world.produce("a", "k", value, at(2 * i));
    world.produce("b", "k", value, at(2 * i + 1));
  }
  world.start();
  world.run();
  EXPECT_EQ(world.texts("out").size(), 10U);
  EXPECT_FALSE(world.thread().failure());
}

TEST(Memory, ShowsWhatTheThreadHolds) {
  World world(counting());
  world.start();
  world.run();
  for (int i = 0; i < 10; ++i) world.produce("in", "key" + std::to_string(i), "v");
  world.faulty->hold_commit();
  world.run();
  ASSERT_TRUE(world.faulty->holds_a_commit());
  MemoryUse in_flight = world.thread().status().memory;
  EXPECT_GT(in_flight.transaction_buffer_bytes, 0);
  EXPECT_GT(in_flight.outbox_bytes, 0);
  world.faulty->answer_held();
  world.run();
  MemoryUse after = world.thread().status().memory;
  EXPECT_EQ(after.transaction_buffer_bytes, 0);
  EXPECT_EQ(after.outbox_bytes, 0);
  EXPECT_EQ(after.fetched_bytes, 0);
}

// The limit of uncommitted changes is one for all tasks of a thread.
TEST(Memory, UncommittedChangesOfAllTasksTogetherBringTheCommit) {
  constexpr int kPartitions = 8;
  StreamsConfig config;
  config.transaction_buffer_max_bytes = 64 << 10;
  config.commit_interval = milliseconds(3'600'000);
  World world(counting(), config, kPartitions);
  world.start();
  world.run(false);
  std::int64_t most = 0;
  for (int i = 0; i < 100; ++i) {
    for (int p = 0; p < kPartitions; ++p) world.produce("in", "key" + std::to_string(i), "v", {}, p);
    world.thread().step();
    world.clock.advance(milliseconds(300));
    most = std::max(most, world.thread().status().memory.transaction_buffer_bytes);
  }
  EXPECT_GT(world.thread().status().commits, 1U);
  // A task goes on to the end of its record, no further.
  EXPECT_LT(most, (64 << 10) + 1024);
}

TEST(Memory, OfTasksThatGoIsGivenBack) {
  World world(counting(), {}, 2);
  world.start(1);
  world.start(2);
  world.run_with_retries();
  for (int p = 0; p < 2; ++p) world.produce("in", "k", "v", {}, p);
  world.run(false);
  world.faulty->spoil_commit(1, FaultyLog::Commit::Lost, Error(ErrorCode::MemberFenced, "the test fenced it"));
  world.run_with_retries();
  for (int index : {1, 2}) {
    MemoryUse use = world.thread(index).status().memory;
    EXPECT_EQ(use.transaction_buffer_bytes, 0);
    EXPECT_EQ(use.outbox_bytes, 0);
    EXPECT_EQ(use.fetched_bytes, 0);
  }
}

}  // namespace
}  // namespace millrace
