// No partition waits for another, and what comes faster than it is compacted is caught up with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "housekeeping.hpp"

namespace millrace::log_test {
namespace {

class Turns : public HousekeepingTest {
 protected:
  Turns() {
    create(CleanupPolicy::Compact);
    log_->admin().ensure_topics({{"u", 1}}).take().value();
  }
  void write_u(int records) {
    RecordBatchBuilder builder;
    for (int i = 0; i < records; ++i) builder.add("k", "v", Timestamp{}, {});
    Transaction transaction;
    transaction.appends.push_back({u_, {}});
    transaction.appends.back().batches.push_back(builder.finish());
    log_->open_writer("w", {})->commit(std::move(transaction)).take().value();
  }
  std::size_t batches_of_u() {
    return storage_.list({TopicNumber(2), Partition(0), Offset(0)}, 1'000'000).value().size();
  }

  const TopicPartition u_{"u", Partition(0)};
};

TEST_F(Turns, DeletedRecordsAreTakenOffWhileAPassOverAnotherPartitionGoesOn) {
  for (int i = 0; i < 200; ++i) write({{"a", Bytes(100, 'x')}});
  write_u(3);
  clock_.advance(std::chrono::minutes(1));
  keeper_->step();  // begins the pass
  log_->admin().delete_records({{u_, Offset(3)}}).take().value();
  clock_.advance(std::chrono::seconds(1));
  int steps = 0;
  while (batches_of_u() > 0 && steps < 1000) keeper_->step(), ++steps;
  EXPECT_LT(steps, 5);
  EXPECT_EQ(keeper_->stats().passes, 0U);
}

TEST_F(Turns, APartitionThatIsAlwaysDirtyDoesNotKeepOthersWaiting) {
  for (int i = 0; i < 50; ++i) {
    write({{"a", Bytes(500, 'x')}});
    write_u(1);
    log_->admin().delete_records({{u_, Offset(i + 1)}}).take().value();
    clock_.advance(milliseconds(300));
    for (int steps = 0; steps < 6; ++steps) keeper_->step();
    EXPECT_LE(batches_of_u(), 1U);
  }
  EXPECT_GT(keeper_->stats().passes, 5U);
  EXPECT_LE(batches(), 5U);
}

TEST_F(Turns, MuchThatIsWrittenIsAReasonBeforeItsTime) {
  options_.min_dirty_bytes = 2000;
  open();
  keep_house();
  EXPECT_FALSE(keeper_->has_reason());
  write({{"a", Bytes(500, 'x')}});
  EXPECT_FALSE(keeper_->has_reason());
  write({{"a", Bytes(1800, 'x')}});
  ASSERT_TRUE(keeper_->has_reason());
  // On the same clock.
  for (int steps = 0; steps < 100; ++steps) keeper_->step();
  EXPECT_EQ(keeper_->stats().passes, 1U);
  EXPECT_FALSE(keeper_->has_reason());
}

TEST_F(Turns, WhatIsFarBehindIsGoneThroughFasterThanItGrows) {
  options_.min_dirty_bytes = 500;
  open();
  for (int i = 0; i < 100; ++i) write({{"a", Bytes(1000, 'x')}});
  // Each step of 200 bytes is met by a commit of 1000.
  clock_.advance(std::chrono::minutes(1));
  for (int i = 0; i < 400; ++i) {
    keeper_->step();
    write({{"a", Bytes(1000, 'x')}});
  }
  EXPECT_GT(keeper_->stats().passes, 2U);
  EXPECT_LT(batches(), 100U);
}

}  // namespace
}  // namespace millrace::log_test
