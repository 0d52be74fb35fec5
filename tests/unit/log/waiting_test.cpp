// A storage without room: commits wait, in their order, and everything else goes on as well as it can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "housekeeping.hpp"

namespace millrace::log_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Waiting : public HousekeepingTest {
 protected:
  Waiting() {
    create(CleanupPolicy::Delete);
    write({{"a", "0"}});
  }
  void fill_the_disk() { storage_.write_error = Error(ErrorCode::LogFull, "not a byte is left"); }
  Pending<CommitReceipt> begin(LogWriter& writer, const Bytes& value) {
    RecordBatchBuilder builder;
    builder.add("a", BytesView(value), Timestamp(), "");
    Transaction transaction;
    transaction.appends.push_back({t_, {}});
    transaction.appends.back().batches.push_back(builder.finish());
    return writer.commit(std::move(transaction));
  }
  std::vector<Bytes> values() {
    std::vector<Bytes> values;
    for (const KeyedRecord& record : read()) values.push_back(*record.value);
    return values;
  }
  void wait_a_second() {
    clock_.advance(std::chrono::seconds(1));
    keeper_->step();
  }
};

TEST_F(Waiting, CommitsAreAnsweredInTheirOrderOnceThereIsRoom) {
  auto writer = log_->open_writer("one", {});
  auto other = log_->open_writer("other", {});
  fill_the_disk();
  auto first = begin(*writer, "1");
  auto second = begin(*other, "2");
  auto third = begin(*writer, "3");
  ASSERT_TRUE(log_->obstacle().has_value());
  EXPECT_EQ(log_->obstacle()->code(), ErrorCode::LogFull);
  for (int i = 0; i < 5; ++i) wait_a_second();
  EXPECT_FALSE(first.ready() || second.ready() || third.ready());
  EXPECT_THAT(values(), ElementsAre("0"));
  storage_.write_error.reset();
  wait_a_second();
  EXPECT_FALSE(log_->obstacle().has_value());
  EXPECT_EQ(first.take().value().end_of(t_), Offset(2));
  EXPECT_EQ(second.take().value().end_of(t_), Offset(3));
  EXPECT_EQ(third.take().value().end_of(t_), Offset(4));
  EXPECT_THAT(values(), ElementsAre("0", "1", "2", "3"));
  // Told once, and when it has been over for a while.
  EXPECT_EQ(lines_.count, 1) << lines_.text;
  for (int i = 0; i < 5; ++i) wait_a_second();
  EXPECT_EQ(lines_.count, 2) << lines_.text;
  EXPECT_THAT(lines_.text, HasSubstr("MR-0514"));
  EXPECT_THAT(lines_.text, HasSubstr("not a byte is left"));
  EXPECT_THAT(lines_.text, HasSubstr("room again: what waited 5 s for it is written"));
}

TEST_F(Waiting, IsToldOfOnceWhereThereIsRoomForAMomentNowAndThen) {
  auto writer = log_->open_writer("one", {});
  for (int i = 0; i < 20; ++i) {
    fill_the_disk();
    auto pending = begin(*writer, std::to_string(i));
    wait_a_second();
    EXPECT_FALSE(pending.ready());
    storage_.write_error.reset();
    wait_a_second();
    EXPECT_TRUE(pending.take());
  }
  EXPECT_EQ(lines_.count, 1) << lines_.text;
  for (int i = 0; i < 6; ++i) wait_a_second();
  EXPECT_EQ(lines_.count, 2) << lines_.text;
  fill_the_disk();
  auto pending = begin(*writer, "another");
  wait_a_second();
  EXPECT_EQ(lines_.count, 3) << lines_.text;
}

TEST_F(Waiting, ShowsWhatTheStorageSaysNow) {
  fill_the_disk();
  auto pending = begin(*log_->open_writer("one", {}), "1");
  storage_.resume_error = Error(ErrorCode::LogFull, "some bytes are free, too few");
  wait_a_second();
  EXPECT_EQ(log_->obstacle()->message(), "some bytes are free, too few");
  EXPECT_FALSE(pending.ready());
}

TEST_F(Waiting, BeginsAgainWhereTheRoomWasNotEnough) {
  auto writer = log_->open_writer("one", {});
  fill_the_disk();
  auto first = begin(*writer, "1");
  for (int round = 0; round < 3; ++round) {
    // There seems to be room, but the write finds none.
    storage_.resumes_in_vain = true;
    wait_a_second();
    EXPECT_FALSE(first.ready());
    EXPECT_TRUE(log_->obstacle().has_value());
  }
  storage_.write_error.reset();
  wait_a_second();
  EXPECT_TRUE(first.take());
  EXPECT_EQ(lines_.count, 1) << lines_.text;
}

TEST_F(Waiting, FailsWhateverElseIsToBeWritten) {
  fill_the_disk();
  EXPECT_EQ(log_->admin().ensure_topics({{"new", 1}}).take().error().code(), ErrorCode::LogFull);
  EXPECT_EQ(log_->admin().delete_records({{t_, Offset(1)}}).take().error().code(), ErrorCode::LogFull);
  EXPECT_EQ(log_->admin().delete_group("g").take().error().code(), ErrorCode::LogFull);
  EXPECT_EQ(log_->admin().topics().take().value().size(), 1U);
  storage_.write_error.reset();
  wait_a_second();
  EXPECT_TRUE(log_->admin().delete_records({{t_, Offset(1)}}).take());
}

TEST_F(Waiting, EndsWithTheErrorThatTheDiskHasInstead) {
  auto writer = log_->open_writer("one", {});
  fill_the_disk();
  auto first = begin(*writer, "1");
  auto second = begin(*writer, "2");
  storage_.resume_error = Error(ErrorCode::LogWriteFailed, "the disk is broken");
  wait_a_second();
  EXPECT_EQ(first.take().error().code(), ErrorCode::LogWriteFailed);
  EXPECT_EQ(second.take().error().code(), ErrorCode::LogWriteFailed);
  for (int i = 0; i < 8; ++i) wait_a_second();
  EXPECT_THAT(lines_.text, ::testing::Not(HasSubstr("room again")));
}

TEST_F(Waiting, RefusesACommitWhoseWriterWasReplacedMeanwhile) {
  auto writer = log_->open_writer("one", {});
  fill_the_disk();
  auto first = begin(*writer, "1");
  auto newer = log_->open_writer("one", {});
  storage_.write_error.reset();
  wait_a_second();
  EXPECT_EQ(first.take().error().code(), ErrorCode::MemberFenced);
  EXPECT_THAT(values(), ElementsAre("0"));
}

TEST_F(Waiting, CompactionBeginsAgainWhenThereIsRoom) {
  create(CleanupPolicy::Compact);
  write({{"a", "1"}});
  fill_the_disk();
  for (int i = 0; i < 10; ++i) wait_a_second();
  EXPECT_THAT(values(), ElementsAre("0", "1"));
  storage_.write_error.reset();
  keep_house();
  EXPECT_THAT(values(), ElementsAre("1"));
}

}  // namespace
}  // namespace millrace::log_test
