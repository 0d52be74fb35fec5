// Retention: what is too old or too much goes, but nothing that somebody has yet to read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "housekeeping.hpp"

namespace millrace::log_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Retention : public HousekeepingTest {
 protected:
  std::int64_t now_ms() const { return clock_.wall_now().time_since_epoch().count(); }
  static constexpr std::int64_t kHourMs = 3'600'000;
};

TEST_F(Retention, KeepsEverythingWithoutLimits) {
  create(CleanupPolicy::Delete);
  write({{"a", "1", 0}});
  clock_.advance(std::chrono::hours(24 * 365));
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(0));
}

TEST_F(Retention, DeletesBatchesOfWhichEveryRecordIsTooOld) {
  create(CleanupPolicy::Delete, {.retention = std::chrono::hours(2)});
  write({{"a", "1", now_ms() - 5 * kHourMs}});
  write({{"a", "2", now_ms() - 5 * kHourMs}, {"a", "3", now_ms() - kHourMs}});
  write({{"a", "4", now_ms() - 5 * kHourMs}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(1, 2, 3));
  EXPECT_EQ(range().begin, Offset(1));
  EXPECT_EQ(batches(), 2U);
  open();
  clock_.advance(std::chrono::hours(1));
  keep_house();
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_EQ(range().begin, Offset(4));
  EXPECT_EQ(batches(), 0U);
  open();
  EXPECT_EQ(range().end, Offset(4));
}

TEST_F(Retention, KeepsAsManyBytesAsItIsAskedFor) {
  create(CleanupPolicy::Delete, {.retention_bytes = 3000});
  for (int i = 0; i < 10; ++i) write({{"a", Bytes(1000, 'x')}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(7, 8, 9));
  write({{"a", Bytes(1000, 'x')}});
  open();
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(8, 9, 10));
  write({{"a", "small"}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(8, 9, 10, 11));
}

TEST_F(Retention, NeverPassesWhatAGroupHasYetToRead) {
  create(CleanupPolicy::Delete, {.retention = std::chrono::hours(1), .retention_bytes = 0});
  for (int i = 0; i < 5; ++i) write({{"a", "1", 0}});
  commit_offset("ahead", 4);
  commit_offset("behind", 2);
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(2, 3, 4));
  commit_offset("behind", 5);
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(4));
  log_->admin().delete_group("ahead").take().value();
  keep_house();
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(Retention, PassesItIfItIsTold) {
  options_.retention_passes_groups = true;
  open();
  create(CleanupPolicy::Delete, {.retention = std::chrono::hours(1)});
  for (int i = 0; i < 5; ++i) write({{"a", "1", 0}});
  commit_offset("behind", 2);
  auto reader = log_->open_reader({});
  auto slot = reader->assign(t_, Offset(2)).value();
  keep_house();
  auto polled = reader->poll(slot, 100);
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code(), ErrorCode::OffsetOutOfRange);
}

TEST_F(Retention, BeginsWhenATopicIsGivenLimits) {
  create(CleanupPolicy::Delete);
  for (int i = 0; i < 3; ++i) write({{"a", Bytes(100, 'x'), 0}});
  keep_house();
  EXPECT_EQ(read().size(), 3U);
  create(CleanupPolicy::Delete, {.retention_bytes = 100});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(2));
}

TEST_F(Retention, OfAWindowedChangelogCountsAgeFromItsNewestRecord) {
  options_.min_dirty_bytes = 1'000'000;  // what is compacted goes by larger batches
  open();
  create(CleanupPolicy::CompactDelete, {.retention = std::chrono::hours(24)});
  // Events of long ago, which are being processed today.
  write({{"w1", "1", 1 * kHourMs}});
  write({{"w2", "1", 20 * kHourMs}});
  write({{"w3", "1", 24 * kHourMs}});
  keep_house();
  EXPECT_EQ(read().size(), 3U);
  write({{"w4", "1", 26 * kHourMs}, {"w4", "2", 26 * kHourMs}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(1, 2, 3, 4));
  options_.min_dirty_bytes = 1;
  open();
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(1, 2, 4)) << "it is compacted, too";
}

TEST_F(Retention, TakesWhatWasDeletedOffTheDisk) {
  create(CleanupPolicy::Delete);
  for (int i = 0; i < 2000; ++i) write({{"a", "1"}});
  log_->admin().delete_records({{t_, Offset(1990)}}).take().value();
  EXPECT_EQ(batches(), 2000U);
  // A crash before that leaves it to the next.
  open();
  keep_house();
  EXPECT_EQ(batches(), 10U);
  EXPECT_GT(keeper_->stats().trimmed_bytes, 0);
  EXPECT_EQ(read().size(), 10U);
  int before = storage_.writes;
  keep_house();
  EXPECT_EQ(storage_.writes, before);
}

}  // namespace
}  // namespace millrace::log_test
