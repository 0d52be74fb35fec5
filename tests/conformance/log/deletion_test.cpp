// Deleted records: beginnings that move, for good, and never past the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log_under_test.hpp"

namespace millrace::log_conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Deletion : public LogTest {
 protected:
  Deletion() { create("t", 2); }
  Result<void> delete_before(const TopicPartition& of, std::int64_t offset) {
    return await(log().admin().delete_records({{of, Offset(offset)}}));
  }
  ErrorCode error_of_poll(const TopicPartition& of, std::int64_t offset) {
    auto reader = log().open_reader({});
    auto fetched = reader->poll(reader->assign(of, Offset(offset)).value(), 1 << 20);
    EXPECT_FALSE(fetched);
    return fetched ? ErrorCode::LogCorrupted : fetched.error().code();
  }
  void expect_range(const TopicPartition& of, std::int64_t begin, std::int64_t end) {
    EXPECT_EQ(range_of(of).begin, Offset(begin));
    EXPECT_EQ(range_of(of).end, Offset(end));
  }
  const TopicPartition t0_ = partition("t", 0);
  const TopicPartition t1_ = partition("t", 1);
};
INSTANTIATE_TEST_SUITE_P(Log, Deletion, ::testing::ValuesIn(kAllLogs),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Deletion, MovesTheBeginningForGood) {
  write(t0_, {"a", "b", "c", "d"});
  write(t1_, {"other"});
  delete_before(t0_, 2).value();
  for (int round = 0; round < 2; ++round) {
    expect_range(t0_, 2, 4);
    expect_range(t1_, 0, 1);
    EXPECT_THAT(read_values(t0_, Offset(2)), ElementsAre("c", "d"));
    EXPECT_THAT(read_values(t0_, Offset(3)), ElementsAre("d"));
    EXPECT_THAT(read_values(t1_), ElementsAre("other"));
    for (std::int64_t gone : {0, 1}) EXPECT_EQ(error_of_poll(t0_, gone), ErrorCode::OffsetOutOfRange);
    reopen();
  }
}

TEST_P(Deletion, WithinABatchHidesTheRecordsBefore) {
  Transaction transaction;
  transaction.appends.push_back({t0_, {batch_of({record("a"), record("b"), record("c")})}});
  commit(std::move(transaction));
  delete_before(t0_, 1).value();
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(read_values(t0_, Offset(1)), ElementsAre("b", "c"));
    EXPECT_EQ(error_of_poll(t0_, 0), ErrorCode::OffsetOutOfRange);
    reopen();
  }
}

TEST_P(Deletion, OfEverythingLeavesTheEndWhereItWas) {
  write(t0_, {"a", "b"});
  delete_before(t0_, 2).value();
  for (int round = 0; round < 2; ++round) {
    expect_range(t0_, 2, 2);
    EXPECT_THAT(read_values(t0_, Offset(2)), IsEmpty());
    reopen();
  }
  EXPECT_EQ(write(t0_, {"c"}).end_of(t0_), Offset(3));
  reopen();
  expect_range(t0_, 2, 3);
  EXPECT_THAT(read_values(t0_, Offset(2)), ElementsAre("c"));
}

TEST_P(Deletion, NeverMovesABeginningBack) {
  write(t0_, {"a", "b", "c"});
  delete_before(t0_, 2).value();
  delete_before(t0_, 1).value();
  delete_before(t0_, 0).value();
  expect_range(t0_, 2, 3);
  delete_before(t0_, 2).value();
  expect_range(t0_, 2, 3);
}

TEST_P(Deletion, BeyondTheEndOrOfAnUnknownPartitionIsRefusedAndDeletesNothing) {
  write(t0_, {"a", "b"});
  auto beyond = await(log().admin().delete_records({{t0_, Offset(1)}, {t1_, Offset(1)}}));
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code(), ErrorCode::OffsetOutOfRange);
  EXPECT_EQ(beyond.error().where().partition, 1);
  auto unknown = await(log().admin().delete_records({{t0_, Offset(1)}, {partition("u"), Offset(0)}}));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), ErrorCode::TopicUnknown);
  expect_range(t0_, 0, 2);
  EXPECT_THAT(read_values(t0_), ElementsAre("a", "b"));
}

TEST_P(Deletion, LeavesAReaderThatIsBehindAnErrorAndWhatItHasFetched) {
  write(t0_, {"a", "b", "c"});
  auto reader = log().open_reader({});
  auto slot = reader->assign(t0_, Offset(0)).value();
  auto fetched = reader->poll(slot, 1).value();
  ASSERT_EQ(fetched->records.size(), 1U);
  delete_before(t0_, 3).value();
  EXPECT_EQ(fetched->records[0].value, "a");
  auto behind = reader->poll(slot, 1);
  ASSERT_FALSE(behind);
  EXPECT_EQ(behind.error().code(), ErrorCode::OffsetOutOfRange);
  EXPECT_EQ(behind.error().where().offset, 1);
  reader->seek(slot, Offset(3));
  EXPECT_FALSE(reader->poll(slot, 1).value().has_value());
  write(t0_, {"d"});
  EXPECT_EQ(reader->poll(slot, 1).value()->records[0].value, "d");
}

TEST_P(Deletion, IsForgottenWithTheTopic) {
  write(t0_, {"a", "b"});
  delete_before(t0_, 2).value();
  await(log().admin().delete_topics({"t"})).value();
  create("t");
  expect_range(t0_, 0, 0);
  write(t0_, {"new"});
  reopen();
  expect_range(t0_, 0, 1);
  EXPECT_THAT(read_values(t0_), ElementsAre("new"));
}

TEST_P(Deletion, KeepsCommittedOffsets) {
  write(t0_, {"a", "b"});
  Transaction transaction;
  transaction.group = "g";
  transaction.offsets[t0_] = {Offset(1), "note"};
  commit(std::move(transaction));
  delete_before(t0_, 2).value();
  reopen();
  EXPECT_EQ(committed("g").at(t0_).offset, Offset(1));
}

TEST_P(Deletion, OfManyBatchesBesideAWriterAndAReader) {
  for (int round = 1; round <= 20; ++round) {
    std::vector<std::string> values;
    for (int i = 0; i < 50; ++i) values.push_back(std::string(i % 10 == 0 ? 5000 : 10, 'x'));
    write(t0_, values);
    delete_before(t0_, 50 * round - 5).value();
    expect_range(t0_, 50 * round - 5, 50 * round);
    EXPECT_EQ(read_values(t0_, Offset(50 * round - 5)).size(), 5U);
    if (round % 7 == 0) reopen();
  }
}

}  // namespace
}  // namespace millrace::log_conformance
