// Compaction: of each key the newest record stays, at its offset, whatever happens in between.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "housekeeping.hpp"

namespace millrace::log_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Compaction : public HousekeepingTest {
 protected:
  Compaction() { create(CleanupPolicy::Compact); }
};

TEST_F(Compaction, KeepsTheNewestRecordOfEachKeyAtItsOffset) {
  write({{"a", "1"}, {"b", "1"}, {"a", "2"}});
  write({{"c", "1"}, {"a", "3"}});
  keep_house();
  EXPECT_THAT(read(),
              ElementsAre(KeyedRecord{"b", "1", 0, 1}, KeyedRecord{"c", "1", 0, 3}, KeyedRecord{"a", "3", 0, 4}));
  EXPECT_EQ(range().begin, Offset(0));
  EXPECT_EQ(range().end, Offset(5));
  EXPECT_EQ(keeper_->stats().passes, 1U);
  EXPECT_EQ(keeper_->stats().dropped_records, 2U);
  EXPECT_EQ(batches(), 1U);
  write({{"b", Bytes(200, '2')}});
  open();
  EXPECT_EQ(range().end, Offset(6));
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(3, 4, 5));
}

TEST_F(Compaction, ReadsFromAnyOffsetWithinAGap) {
  write({{"a", "1"}, {"a", "2"}, {"a", "3"}, {"b", "1"}, {"a", "4"}});
  keep_house();
  for (std::int64_t from : {0, 1, 2, 3}) EXPECT_EQ(read(from).size(), 2U) << from;
  EXPECT_EQ(read(4).size(), 1U);
  EXPECT_THAT(read(5), IsEmpty());
}

TEST_F(Compaction, LeavesOtherTopicsAlone) {
  create(CleanupPolicy::Delete);
  write({{"a", "1"}, {"a", "2"}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(0, 1));
}

TEST_F(Compaction, KeepsRecordsWithoutAKey) {
  write({{std::nullopt, "1"}, {"a", "1"}, {std::nullopt, std::nullopt}, {"a", "2"}, {"", "1"}, {"", "2"}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(0, 2, 3, 5));
}

TEST_F(Compaction, WaitsUntilEnoughIsNew) {
  options_.min_dirty_bytes = 2000;
  open();
  write({{"a", Bytes(900, 'x')}});
  write({{"a", Bytes(900, 'y')}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(0, 1));
  write({{"a", Bytes(900, 'z')}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(2));
}

TEST_F(Compaction, WaitsUntilEnoughOfThePartitionIsNew) {
  for (char key = 'a'; key < 'k'; ++key) write({{Bytes(1, key), Bytes(100, key)}});
  keep_house();
  ASSERT_EQ(keeper_->stats().passes, 1U);
  for (int i = 0; i < 4; ++i) write({{"a", Bytes(100, 'A')}});
  keep_house();
  EXPECT_EQ(keeper_->stats().passes, 1U);
  // It is known after a restart, too.
  open();
  keep_house();
  EXPECT_EQ(keeper_->stats().passes, 0U);
  for (int i = 0; i < 8; ++i) write({{"a", Bytes(100, 'B')}});
  keep_house();
  EXPECT_EQ(keeper_->stats().passes, 1U);
  EXPECT_EQ(read().size(), 10U);
}

TEST_F(Compaction, KeepsTombstonesForTheirRetentionAndTellsThatTheyAreGone) {
  options_.delete_retention = std::chrono::hours(3);
  options_.min_dirty_ratio = 0;
  open();
  write({{"a", "1"}, {"b", "1"}, {"a", std::nullopt}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(1, 2));
  EXPECT_EQ(range().tombstones_gone, Offset(0));
  // However often it is compacted until then, and restarted.
  for (int i = 0; i < 4; ++i) {
    clock_.advance(std::chrono::minutes(35));
    write({{"c", Bytes(100, 'c')}});
    keep_house();
    ASSERT_EQ(read().front().offset, 1);
    EXPECT_EQ(read().size(), 3U);
    open();
  }
  clock_.advance(std::chrono::minutes(60));
  write({{"c", Bytes(200, 'c')}});
  keep_house();
  EXPECT_EQ(read().size(), 2U);
  EXPECT_EQ(range().tombstones_gone, Offset(3));
  open();
  EXPECT_EQ(range().tombstones_gone, Offset(3));
}

TEST_F(Compaction, CountsTheRetentionOfEachTombstoneFromItsOwnFirstCompaction) {
  options_.delete_retention = std::chrono::hours(3);
  open();
  write({{"a", std::nullopt}});
  keep_house();
  clock_.advance(std::chrono::hours(2));
  write({{"b", std::nullopt}, {"filler", Bytes(100, 'f')}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(0, 1, 2));
  clock_.advance(std::chrono::hours(2));
  write({{"filler", Bytes(200, 'f')}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(1, 3));
  clock_.advance(std::chrono::hours(2));
  write({{"filler", Bytes(500, 'f')}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(4));
}

TEST_F(Compaction, OfMoreKeysThanItsMemoryHoldsTakesMorePasses) {
  options_.key_memory_bytes = 500;
  options_.min_dirty_ratio = 0;
  open();
  for (int round = 0; round < 3; ++round) {
    for (int key = 0; key < 40; ++key) write({{"key " + std::to_string(key), std::to_string(round)}});
  }
  keep_house();
  EXPECT_GT(keeper_->stats().passes, 5U);
  EXPECT_EQ(read().size(), 40U);
  for (const KeyedRecord& record : read()) EXPECT_EQ(record.value, "2");
}

TEST_F(Compaction, LeavesLargeBatchesThatLoseNothingAsTheyAre) {
  write({{"a", Bytes(30'000, 'a')}});
  write({{"b", Bytes(30'000, 'b')}});
  write({{"c", "1"}, {"c", "2"}});
  int before = storage_.writes;
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(0, 1, 3));
  EXPECT_EQ(batches(), 3U);
  EXPECT_LE(storage_.writes, before + 2);
  auto first = storage_.read_batch({TopicNumber(1), Partition(0), Offset(0)}).value();
  EXPECT_FALSE(read_batch_header(first->bytes).value().sparse);
}

TEST_F(Compaction, MergesSmallBatches) {
  for (int i = 0; i < 3000; ++i) write({{std::to_string(i), Bytes(50, 'v')}});
  keep_house();
  EXPECT_LT(batches(), 10U);
  EXPECT_EQ(read().size(), 3000U);
}

TEST_F(Compaction, OfATopicThatIsDeletedMeanwhileEndsQuietly) {
  for (int i = 0; i < 200; ++i) write({{std::to_string(i % 10), Bytes(50, 'v')}});
  clock_.advance(std::chrono::minutes(1));
  for (int i = 0; i < 6; ++i) keeper_->step();
  log_->admin().delete_topics({"t"}).take().value();
  keep_house();
  create(CleanupPolicy::Compact);
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_EQ(lines_.text, "");
}

TEST_F(Compaction, WhileRecordsAreDeletedKeepsTheBeginning) {
  for (int i = 0; i < 200; ++i) write({{std::to_string(i % 50), Bytes(50, 'v')}});
  clock_.advance(std::chrono::minutes(1));
  for (int i = 0; i < 90; ++i) keeper_->step();
  log_->admin().delete_records({{t_, Offset(170)}}).take().value();
  keep_house();
  EXPECT_EQ(range().begin, Offset(170));
  EXPECT_EQ(read().size(), 30U);
  open();
  EXPECT_EQ(range().begin, Offset(170));
  EXPECT_EQ(read().size(), 30U);
}

TEST_F(Compaction, LeavesAPartitionAloneThatCannotBeReadAndSaysSoOnce) {
  write({{"a", "1"}, {"a", "2"}});
  storage_.damaged = "not a batch";
  clock_.advance(std::chrono::seconds(5));
  for (int i = 0; i < 20; ++i) keeper_->step();
  EXPECT_EQ(lines_.count, 1) << lines_.text;
  EXPECT_THAT(lines_.text, HasSubstr("MR-0504"));
  EXPECT_THAT(lines_.text, HasSubstr("t[0]"));
  storage_.damaged.reset();
  write({{"b", "1"}});
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(1, 2));
}

TEST_F(Compaction, ThatCannotBeWrittenEndsTheLogAsAnyOtherWrite) {
  write({{"a", "1"}, {"a", "2"}});
  storage_.write_error = Error(ErrorCode::LogWriteFailed, "no space left");
  keep_house();
  storage_.write_error.reset();
  EXPECT_EQ(log_->admin().delete_topics({"t"}).take().error().code(), ErrorCode::LogWriteFailed);
  EXPECT_THAT(offsets(), ElementsAre(0, 1));
  open();
  keep_house();
  EXPECT_THAT(offsets(), ElementsAre(1));
}

/// Random updates and deletions, with a crash now and then in the middle of compaction.
class RandomCompaction : public Compaction {
 protected:
  int below(int count) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(count)); }

  void write_some() {
    std::vector<KeyedRecord> records;
    for (int n = 1 + below(10); n > 0; --n) {
      KeyedRecord record{"k" + std::to_string(below(25)), std::nullopt, below(1000)};
      if (below(4) != 0) record.value = Bytes(static_cast<std::size_t>(below(below(10) == 0 ? 9000 : 60)), 'v');
      record.offset = static_cast<std::int64_t>(history_.size());
      history_.push_back(record);
      records.push_back(record);
    }
    write(records);
  }
  /// From `from` on a reader who holds the state of then comes to the state of now.
  void check(std::int64_t from) {
    Fold expected;
    Fold held;
    for (const KeyedRecord& record : history_) {
      fold_in(expected, record);
      if (record.offset < from) fold_in(held, record);
    }
    std::int64_t last = from - 1;
    for (const KeyedRecord& record : read(from)) {
      ASSERT_GT(record.offset, last);
      last = record.offset;
      ASSERT_EQ(record, history_[static_cast<std::size_t>(record.offset)]);
      fold_in(held, record);
    }
    EXPECT_TRUE(held == expected) << "from " << from;
  }

  std::mt19937_64 engine_;
  std::vector<KeyedRecord> history_;
};

TEST_F(RandomCompaction, NeverChangesTheStateThatAnyReaderComesTo) {
  std::uint64_t passes = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    engine_.seed(seed);
    history_.clear();
    log_->admin().delete_topics({"t"}).take().value();
    options_.delete_retention = std::chrono::minutes(below(20));
    options_.step_bytes = static_cast<std::size_t>(50 + below(5000));
    options_.key_memory_bytes = static_cast<std::size_t>(below(2) == 0 ? 300 : 100'000);
    open();
    create(CleanupPolicy::Compact);
    for (int i = 0; i < 150; ++i) {
      if (below(3) != 0) write_some();
      clock_.advance(milliseconds(below(60'000)));
      for (int steps = below(6); steps > 0; --steps) keeper_->step();
      passes += below(25) == 0 ? keeper_->stats().passes : 0;
      if (below(25) == 0) open();
      if (below(10) != 0 || history_.empty()) continue;
      check(0);
      std::int64_t gone = range().tombstones_gone.value();
      std::int64_t end = range().end.value();
      check(gone + below(static_cast<int>(end - gone) + 1));
      ASSERT_FALSE(HasFailure());
    }
  }
  EXPECT_GT(passes, 100U);
}

}  // namespace
}  // namespace millrace::log_test
