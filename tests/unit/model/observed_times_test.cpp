#include <millrace/model/observed_times.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

Timestamp at(std::int64_t ms) { return Timestamp(std::chrono::milliseconds(ms)); }

TEST(ObservedTimes, OnlyGoUp) {
  ObservedTimes times;
  auto id = times.open("count");
  EXPECT_EQ(times.get(id), kNoTimestamp);
  EXPECT_EQ(times.observe(id, at(5)), at(5));
  EXPECT_EQ(times.observe(id, at(3)), at(5));
  EXPECT_EQ(times.observe(id, at(9)), at(9));
  EXPECT_EQ(times.find("count"), at(9));
  EXPECT_EQ(times.find("other"), kNoTimestamp);
}

TEST(ObservedTimes, AreSharedByName) {
  ObservedTimes times;
  auto left = times.open("join");
  auto other = times.open("other");
  auto right = times.open("join");
  EXPECT_EQ(left, right);
  EXPECT_NE(left, other);
}

TEST(ObservedTimes, TakeBackWhatAFailedRecordDid) {
  ObservedTimes times;
  auto a = times.open("a");
  auto hint = times.open_unkept("a", at(100));
  times.observe(a, at(5));
  times.set(hint, at(50));
  times.seal();
  times.observe(a, at(7));
  times.observe(a, at(8));
  times.set(hint, at(200));
  times.rollback();
  EXPECT_EQ(times.get(a), at(5));
  EXPECT_EQ(times.get(hint), at(50));
  times.rollback();
  EXPECT_EQ(times.get(a), at(5));
  // A part of a record.
  times.observe(a, at(6));
  const std::size_t mark = times.mark();
  times.observe(a, at(9));
  times.set(hint, at(300));
  times.rollback(mark);
  EXPECT_EQ(times.get(a), at(6));
  EXPECT_EQ(times.get(hint), at(50));
  times.rollback();
  EXPECT_EQ(times.get(a), at(5));
}

TEST(ObservedTimes, AreCommittedByNameWhereTheyAreKnown) {
  ObservedTimes times;
  auto a = times.open("a");
  (void)times.open("never seen");
  times.set(times.open_unkept("a", at(1)), at(2));
  times.observe(a, at(5));
  auto snapshot = times.snapshot();
  ASSERT_EQ(snapshot.size(), 1U);
  EXPECT_EQ(find_observed_time(snapshot, "a"), at(5));

  ObservedTimes restored(snapshot);
  EXPECT_EQ(restored.get(restored.open("never seen")), kNoTimestamp);
  EXPECT_EQ(restored.get(restored.open("a")), at(5));
}

TEST(ObservedTimes, MergeToTheLatest) {
  ObservedTimes::Snapshot into{{1, at(5)}, {2, at(6)}};
  merge_observed_times(into, {{2, at(4)}, {1, at(9)}, {3, at(1)}});
  EXPECT_THAT(into, ::testing::ElementsAre(ObservedTimes::Entry{1, at(9)}, ObservedTimes::Entry{2, at(6)},
                                           ObservedTimes::Entry{3, at(1)}));
}

TEST(ObservedTimes, HaveNamesWithTheSameHashEverywhere) {
  // What is committed today is read by the next version.
  EXPECT_EQ(ObservedTimes::hash("counts-store"), 0xd1745b52U);
}

}  // namespace
}  // namespace millrace
