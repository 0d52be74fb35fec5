// InProcessLog over a storage that fails: what is reported, where, and that nothing unwritten is ever seen.
// What it does when all is well is in tests/conformance/log.
#include <millrace/log/in_process_log.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faulty_storage.hpp"

namespace millrace {
namespace {

using log_test::FaultyStorage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TopicPartition kPartition{"t", Partition(0)};

EncodedBatch batch_of(const std::vector<Bytes>& values) {
  RecordBatchBuilder builder;
  for (const Bytes& value : values) builder.add(std::nullopt, BytesView(value), Timestamp(), "");
  return builder.finish();
}

class LogOverAFaultyStorage : public ::testing::Test {
 protected:
  LogOverAFaultyStorage() { log_->admin().ensure_topics({{"t", 1}}).take().value(); }

  Result<CommitReceipt> commit(const std::vector<Bytes>& values) {
    Transaction transaction;
    transaction.appends.push_back({kPartition, {batch_of(values)}});
    transaction.group = "g";
    transaction.offsets[kPartition] = {Offset(static_cast<std::int64_t>(values.size())), ""};
    return log_->open_writer("w", {})->commit(std::move(transaction)).take();
  }
  Result<std::optional<FetchedBatch>> poll(Offset from = Offset(0)) {
    reader_ = log_->open_reader({});
    return reader_->poll(reader_->assign(kPartition, from).value(), 1 << 20);
  }
  std::vector<Bytes> read() {
    std::vector<Bytes> values;
    auto fetched = poll().value();
    if (!fetched) return values;
    for (const RecordView& record : fetched->records) values.emplace_back(*record.value);
    return values;
  }
  void reopen() {
    reader_.reset();
    log_.reset();
    log_ = InProcessLog::open(storage_, executor_).value();
  }

  FaultyStorage storage_;
  InlineExecutor executor_;
  std::unique_ptr<InProcessLog> log_ = InProcessLog::open(storage_, executor_).value();
  std::unique_ptr<LogReader> reader_;
};

TEST_F(LogOverAFaultyStorage, IsNotOpenedIfTheStorageCannotBeLoaded) {
  storage_.load_error = Error(ErrorCode::LogCorrupted, "bad block");
  auto opened = InProcessLog::open(storage_, executor_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::LogCorrupted);
}

TEST_F(LogOverAFaultyStorage, ShowsNothingOfATransactionThatWasNotWritten) {
  commit({"a"}).value();
  storage_.write_error = Error(ErrorCode::LogWriteFailed, "no space left");
  auto failed = commit({"b", "c"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::LogWriteFailed);
  EXPECT_THAT(failed.error().message(), HasSubstr("no space left"));
  EXPECT_THAT(read(), ElementsAre("a"));
  auto range = log_->admin().offset_ranges({kPartition}).take().value();
  EXPECT_EQ(range.at(kPartition).end, Offset(1));
  EXPECT_EQ(log_->admin().committed_offsets("g").take().value().at(kPartition).offset, Offset(1));
}

TEST_F(LogOverAFaultyStorage, WritesNothingAfterAWriteThatFailed) {
  storage_.write_error = Error(ErrorCode::LogWriteFailed, "no space left");
  EXPECT_FALSE(commit({"a"}));
  // What is on the disk is not known now. Only opening it again tells.
  storage_.write_error.reset();
  int writes = storage_.writes;
  EXPECT_EQ(commit({"b"}).error().code(), ErrorCode::LogWriteFailed);
  EXPECT_EQ(log_->admin().ensure_topics({{"new", 1}}).take().error().code(), ErrorCode::LogWriteFailed);
  EXPECT_EQ(log_->admin().delete_topics({"t"}).take().error().code(), ErrorCode::LogWriteFailed);
  EXPECT_EQ(log_->admin().delete_group("g").take().error().code(), ErrorCode::LogWriteFailed);
  EXPECT_EQ(storage_.writes, writes);
  reopen();
  commit({"c"}).value();
  EXPECT_THAT(read(), ElementsAre("c"));
}

TEST_F(LogOverAFaultyStorage, FailsAfterATopicCouldNotBeWritten) {
  storage_.write_error = Error(ErrorCode::LogWriteFailed, "no space left");
  EXPECT_EQ(log_->admin().ensure_topics({{"new", 2}}).take().error().code(), ErrorCode::LogWriteFailed);
  storage_.write_error.reset();
  EXPECT_EQ(commit({"a"}).error().code(), ErrorCode::LogWriteFailed);
  EXPECT_EQ(log_->admin().topics().take().value().size(), 1U);
}

TEST_F(LogOverAFaultyStorage, FailsAfterAGroupCouldNotBeDeletedAndKeepsIt) {
  commit({"a"}).value();
  storage_.write_error = Error(ErrorCode::LogWriteFailed, "no space left");
  EXPECT_EQ(log_->admin().delete_group("g").take().error().code(), ErrorCode::LogWriteFailed);
  EXPECT_EQ(log_->admin().committed_offsets("g").take().value().size(), 1U);
  storage_.write_error.reset();
  EXPECT_EQ(commit({"b"}).error().code(), ErrorCode::LogWriteFailed);
}

TEST_F(LogOverAFaultyStorage, PassesOnThatABatchCannotBeRead) {
  commit({"a"}).value();
  storage_.read_error = Error(ErrorCode::LogReadFailed, "the disk says no");
  auto polled = poll();
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code(), ErrorCode::LogReadFailed);
  EXPECT_THAT(polled.error().message(), HasSubstr("the disk says no"));
  // It may be back the next time.
  storage_.read_error.reset();
  EXPECT_THAT(read(), ElementsAre("a"));
}

TEST_F(LogOverAFaultyStorage, NamesThePlaceOfADamagedBatch) {
  commit({"a"}).value();
  storage_.damaged = "not a batch";
  auto polled = poll();
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code(), ErrorCode::LogCorrupted);
  EXPECT_EQ(polled.error().where().topic, "t");
  EXPECT_EQ(polled.error().where().partition, 0);
}

TEST_F(LogOverAFaultyStorage, NamesThePlaceOfRecordsThatAreMissing) {
  commit({"a"}).value();
  commit({"b", "c"}).value();
  storage_.lost_from = Offset(1);
  // What is there is read first.
  EXPECT_THAT(read(), ElementsAre("a"));
  auto polled = poll(Offset(1));
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code(), ErrorCode::LogCorrupted);
  EXPECT_EQ(polled.error().where().topic, "t");
  EXPECT_EQ(polled.error().where().partition, 0);
  EXPECT_EQ(polled.error().where().offset, 1);
}

TEST_F(LogOverAFaultyStorage, RefusesAnOffsetThatIsNotThere) {
  commit({"a"}).value();
  for (std::int64_t offset : {std::int64_t{-1}, std::int64_t{2}, INT64_MAX}) {
    auto polled = poll(Offset(offset));
    ASSERT_FALSE(polled);
    EXPECT_EQ(polled.error().code(), ErrorCode::OffsetOutOfRange);
    EXPECT_EQ(polled.error().where().topic, "t");
    EXPECT_EQ(polled.error().where().offset, offset);
  }
  EXPECT_EQ(poll(Offset(1)).value(), std::nullopt);
}

}  // namespace
}  // namespace millrace
