// Transactions: whole, in order, and only by whom they may be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log_under_test.hpp"

namespace millrace::log_conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Transactions : public LogTest {};
INSTANTIATE_TEST_SUITE_P(Log, Transactions, ::testing::ValuesIn(kAllLogs),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Transactions, AppendInOrderOverBatchesAndCommits) {
  create("t");
  auto first = write(partition("t"), {"a", "b"});
  EXPECT_EQ(first.end_of(partition("t")), Offset(2));
  auto second = write(partition("t"), {"c"});
  EXPECT_EQ(second.end_of(partition("t")), Offset(3));
  EXPECT_THAT(read_values(partition("t")), ElementsAre("a", "b", "c"));
}

TEST_P(Transactions, ReachSeveralTopicsAndTheGroupsOffsets) {
  create("left", 2);
  create("right");
  Transaction transaction;
  transaction.appends = {append(partition("left", 1), {"l"}), append(partition("right"), {"r", "s"})};
  transaction.group = "g";
  transaction.offsets[partition("left", 0)] = {Offset(7), std::string("meta\0data", 9)};
  auto receipt = commit(std::move(transaction));
  EXPECT_EQ(receipt.end_of(partition("left", 1)), Offset(1));
  EXPECT_EQ(receipt.end_of(partition("right")), Offset(2));
  EXPECT_THAT(read_values(partition("left", 1)), ElementsAre("l"));
  EXPECT_THAT(read_values(partition("right")), ElementsAre("r", "s"));
  auto offsets = committed("g");
  ASSERT_EQ(offsets.size(), 1U);
  EXPECT_EQ(offsets.at(partition("left", 0)).offset, Offset(7));
  EXPECT_EQ(offsets.at(partition("left", 0)).metadata, std::string("meta\0data", 9));
}

TEST_P(Transactions, MayNameAPartitionTwice) {
  create("t");
  Transaction transaction;
  transaction.appends = {append(partition("t"), {"a"}), append(partition("t"), {"b"})};
  EXPECT_EQ(commit(std::move(transaction)).end_of(partition("t")), Offset(2));
  EXPECT_THAT(read_values(partition("t")), ElementsAre("a", "b"));
}

TEST_P(Transactions, WriteNothingAtAllIfATopicIsUnknown) {
  create("t");
  auto writer = log().open_writer("w", {});
  Transaction transaction;
  transaction.appends = {append(partition("t"), {"a"}), append(partition("unknown"), {"b"})};
  transaction.group = "g";
  transaction.offsets[partition("t")] = {Offset(1), ""};
  auto outcome = await(writer->commit(std::move(transaction)));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::TopicUnknown);
  EXPECT_EQ(outcome.error().where().topic, "unknown");
  EXPECT_THAT(read_values(partition("t")), IsEmpty());
  EXPECT_THAT(committed("g"), IsEmpty());
  // And the writer is none the worse for it.
  Transaction good;
  good.appends = {append(partition("t"), {"c"})};
  EXPECT_TRUE(await(writer->commit(std::move(good))));
  EXPECT_THAT(read_values(partition("t")), ElementsAre("c"));
}

TEST_P(Transactions, RefuseAPartitionThatTheTopicLacks) {
  create("t", 2);
  auto writer = log().open_writer("w", {});
  for (std::int32_t number : {2, -1}) {
    Transaction transaction;
    transaction.appends = {append(partition("t", number), {"a"})};
    auto outcome = await(writer->commit(std::move(transaction)));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), ErrorCode::TopicUnknown);
  }
}

TEST_P(Transactions, MayBeEmpty) {
  create("t");
  EXPECT_THAT(commit({}).ends, IsEmpty());
  Transaction no_batches;
  no_batches.appends.push_back({partition("t"), {}});
  EXPECT_EQ(commit(std::move(no_batches)).end_of(partition("t")), Offset(0));
  EXPECT_THAT(read_values(partition("t")), IsEmpty());
}

TEST_P(Transactions, OfOffsetsOnlyAreKept) {
  Transaction transaction;
  transaction.group = "g";
  transaction.offsets[partition("t", 3)] = {Offset(5), "m"};
  commit(std::move(transaction));
  EXPECT_EQ(committed("g").at(partition("t", 3)).offset, Offset(5));
  EXPECT_THAT(committed("other"), IsEmpty());
}

TEST_P(Transactions, ReplaceSomeOffsetsAndKeepTheOthers) {
  for (std::int64_t round = 1; round <= 2; ++round) {
    Transaction transaction;
    transaction.group = "g";
    transaction.offsets[partition("t", static_cast<std::int32_t>(round))] = {Offset(round), ""};
    transaction.offsets[partition("t", 0)] = {Offset(10 * round), ""};
    commit(std::move(transaction));
  }
  auto offsets = committed("g");
  EXPECT_EQ(offsets.size(), 3U);
  EXPECT_EQ(offsets.at(partition("t", 0)).offset, Offset(20));
  EXPECT_EQ(offsets.at(partition("t", 1)).offset, Offset(1));
}

TEST_P(Transactions, OfOneWriterEndInTheOrderOfTheirCalls) {
  create("t");
  auto writer = log().open_writer("w", {});
  std::vector<Pending<CommitReceipt>> pendings;
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    Transaction transaction;
    transaction.appends = {append(partition("t"), {std::to_string(i)})};
    pendings.push_back(writer->commit(std::move(transaction)));
    expected.push_back(std::to_string(i));
  }
  for (std::size_t i = 0; i < pendings.size(); ++i) {
    EXPECT_EQ(await(std::move(pendings[i])).value().end_of(partition("t")), Offset(static_cast<std::int64_t>(i) + 1));
  }
  EXPECT_EQ(read_values(partition("t")), expected);
}

TEST_P(Transactions, OfAReplacedWriterAreRefused) {
  create("t");
  auto old_one = log().open_writer("w", {});
  auto other_id = log().open_writer("v", {});
  auto new_one = log().open_writer("w", {});
  auto commit_by = [&](LogWriter& writer, const char* value) {
    Transaction transaction;
    transaction.appends = {append(partition("t"), {value})};
    return await(writer.commit(std::move(transaction)));
  };
  auto refused = commit_by(*old_one, "zombie");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::MemberFenced);
  EXPECT_TRUE(commit_by(*new_one, "new"));
  EXPECT_TRUE(commit_by(*other_id, "other"));
  EXPECT_THAT(read_values(partition("t")), ElementsAre("new", "other"));
}

/// What another one may have by now must not be committed; whether the mere coming of another member is enough to
/// refuse depends on the log.
TEST_P(Transactions, OfAMemberThatHasLetGoSinceAreRefused) {
  create("t");
  std::vector<TaskId> tasks{{SubtopologyId(0), Partition(0)}, {SubtopologyId(0), Partition(1)}};
  auto first = log().join_group({"g", "first", tasks, {}});
  auto writer = log().open_writer("w", {});
  auto commit_as = [&](const GroupMember& member, const char* value) {
    Transaction transaction;
    transaction.appends = {append(partition("t"), {value})};
    transaction.group = "g";
    transaction.offsets[partition("in")] = {Offset(1), value};
    transaction.member = member;
    return await(writer->commit(std::move(transaction)));
  };
  GroupMember before = first->member();
  EXPECT_TRUE(commit_as(before, "a"));
  auto second = log().join_group({"g", "second", tasks, {}});
  int revocations = 0;
  for (const MembershipEvent& event : first->poll()) {
    revocations += event.kind == MembershipEvent::Kind::Revoked;
    first->acknowledge(event.id);
  }
  EXPECT_EQ(revocations, 1);
  auto refused = commit_as(before, "b");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::MemberFenced);
  EXPECT_TRUE(commit_as(first->member(), "c"));
  first->leave();
  EXPECT_FALSE(commit_as(first->member(), "d"));
  EXPECT_FALSE(commit_as({"g", "nobody", 1}, "e"));
  EXPECT_FALSE(commit_as({}, "f"));
  EXPECT_THAT(read_values(partition("t")), ElementsAre("a", "c"));
  EXPECT_EQ(committed("g").at(partition("in")).metadata, "c");
}

}  // namespace
}  // namespace millrace::log_conformance
