// Topics, offsets and groups, and what stays when the log is closed and opened again.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log_under_test.hpp"

namespace millrace::log_conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Admin : public LogTest {
 protected:
  std::map<std::string, TopicInfo> topics() {
    std::map<std::string, TopicInfo> found;
    const std::vector<TopicInfo> infos = await(log().admin().topics()).value();
    for (const TopicInfo& info : infos) found[info.name] = info;
    return found;
  }
  void commit_offset(const std::string& group, const TopicPartition& of, std::int64_t offset,
                     const std::string& metadata = "") {
    Transaction transaction;
    transaction.group = group;
    transaction.offsets[of] = {Offset(offset), metadata};
    commit(std::move(transaction));
  }
};
INSTANTIATE_TEST_SUITE_P(Log, Admin, ::testing::ValuesIn(kAllLogs),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Admin, CreatesTopicsWithTheirProperties) {
  EXPECT_THAT(topics(), IsEmpty());
  await(log().admin().ensure_topics({{"plain", 1}, {"wide", 7, CleanupPolicy::Compact}})).value();
  auto found = topics();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found["plain"].partitions, 1);
  EXPECT_EQ(found["plain"].cleanup, CleanupPolicy::Delete);
  EXPECT_EQ(found["wide"].partitions, 7);
  EXPECT_EQ(found["wide"].cleanup, CleanupPolicy::Compact);
  EXPECT_NE(found["plain"].id, found["wide"].id);
}

TEST_P(Admin, GivesTopicsThatExistTheCleanupAndLimitsAskedFor) {
  create("t", 2);
  write(partition("t", 1), {"a"});
  auto before = topics();
  EXPECT_EQ(before["t"].limits, TopicLimits());
  TopicLimits limits{.retention = std::chrono::hours(1), .retention_bytes = 12345};
  await(log().admin().ensure_topics({{"t", 2, CleanupPolicy::CompactDelete, limits}, {"u", 1, {}, limits}})).value();
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(topics()["t"].id, before["t"].id);
    EXPECT_EQ(topics()["t"].cleanup, CleanupPolicy::CompactDelete);
    EXPECT_EQ(topics()["t"].limits, limits);
    EXPECT_EQ(topics()["u"].limits, limits);
    EXPECT_THAT(read_values(partition("t", 1)), ElementsAre("a"));
    reopen();
  }
  await(log().admin().ensure_topics({{"t", 2}})).value();
  reopen();
  EXPECT_EQ(topics()["t"].limits, TopicLimits());
  EXPECT_EQ(topics()["t"].cleanup, CleanupPolicy::Delete);
}

TEST_P(Admin, LeavesTopicsThatExistAlone) {
  create("t", 2);
  write(partition("t", 1), {"a"});
  auto before = topics();
  await(log().admin().ensure_topics({{"t", 2}, {"new", 1}})).value();
  EXPECT_EQ(topics()["t"].id, before["t"].id);
  EXPECT_THAT(read_values(partition("t", 1)), ElementsAre("a"));
}

TEST_P(Admin, RefusesATopicOfOtherPartitionsAndCreatesNone) {
  create("t", 2);
  auto outcome = await(log().admin().ensure_topics({{"new", 1}, {"t", 3}}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::TopicMismatch);
  EXPECT_EQ(outcome.error().where().topic, "t");
  EXPECT_THAT(outcome.error().message(), HasSubstr("2 partitions"));
  EXPECT_FALSE(topics().contains("new"));
}

TEST_P(Admin, CreatesATopicThatIsNamedTwiceOnce) {
  await(log().admin().ensure_topics({{"t", 2}, {"t", 2}})).value();
  EXPECT_EQ(topics().size(), 1U);
  EXPECT_EQ(range_of(partition("t", 1)).end, Offset(0));
  EXPECT_FALSE(await(log().admin().ensure_topics({{"u", 2}, {"u", 3}})));
  write(partition("t", 1), {"a"});
  reopen();
  EXPECT_EQ(topics().size(), 1U);
  EXPECT_THAT(read_values(partition("t", 1)), ElementsAre("a"));
}

TEST_P(Admin, RefusesATopicWithoutPartitions) {
  for (std::int32_t partitions : {0, -1}) {
    auto outcome = await(log().admin().ensure_topics({{"t", partitions}}));
    ASSERT_FALSE(outcome) << partitions;
    EXPECT_EQ(outcome.error().code(), ErrorCode::TopicMismatch);
  }
  reopen();
  EXPECT_THAT(topics(), IsEmpty());
}

TEST_P(Admin, TellsTheRangesOfPartitions) {
  create("t", 2);
  write(partition("t", 1), {"a", "b"});
  auto ranges = await(log().admin().offset_ranges({partition("t", 0), partition("t", 1)})).value();
  EXPECT_EQ(ranges.at(partition("t", 0)).begin, Offset(0));
  EXPECT_EQ(ranges.at(partition("t", 0)).end, Offset(0));
  EXPECT_EQ(ranges.at(partition("t", 1)).begin, Offset(0));
  EXPECT_EQ(ranges.at(partition("t", 1)).end, Offset(2));
  auto unknown = await(log().admin().offset_ranges({partition("t", 0), partition("t", 2)}));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), ErrorCode::TopicUnknown);
}

TEST_P(Admin, DeletesATopicWithAllItsRecords) {
  create("gone", 2);
  create("kept");
  write(partition("gone", 1), {"a", std::string(10'000, 'x')});
  write(partition("kept"), {"k", std::string(10'000, 'y')});
  auto old_id = topics()["gone"].id;
  await(log().admin().delete_topics({"gone", "never-there"})).value();
  EXPECT_FALSE(topics().contains("gone"));
  EXPECT_FALSE(await(log().admin().offset_ranges({partition("gone", 1)})));
  EXPECT_EQ(read_values(partition("kept")).size(), 2U);
  reopen();
  EXPECT_FALSE(topics().contains("gone"));
  create("gone", 3);
  EXPECT_NE(topics()["gone"].id, old_id);
  EXPECT_THAT(read_values(partition("gone", 1)), IsEmpty());
  write(partition("gone", 1), {"new", std::string(10'000, 'z')});
  reopen();
  EXPECT_EQ(read_values(partition("gone", 1))[0], "new");
  EXPECT_EQ(read_values(partition("kept"))[1], std::string(10'000, 'y'));
}

TEST_P(Admin, ForgetsTheOffsetsOfADeletedTopic) {
  create("t");
  create("u");
  commit_offset("g", partition("t"), 5);
  commit_offset("g", partition("u"), 6);
  commit_offset("h", partition("t"), 7);
  await(log().admin().delete_topics({"t"})).value();
  // Or else a new topic of that name would be read from the middle.
  for (int round = 0; round < 2; ++round) {
    auto offsets = committed("g");
    EXPECT_FALSE(offsets.contains(partition("t")));
    EXPECT_EQ(offsets.at(partition("u")).offset, Offset(6));
    EXPECT_THAT(committed("h"), IsEmpty());
    reopen();
  }
}

TEST_P(Admin, TellsAReaderThatItsTopicIsGone) {
  create("t");
  write(partition("t"), {"a"});
  auto reader = log().open_reader({});
  auto slot = reader->assign(partition("t"), Offset(0)).value();
  await(log().admin().delete_topics({"t"})).value();
  auto fetched = reader->poll(slot, 1000);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code(), ErrorCode::TopicUnknown);
  // Nor are the records of its namesake taken for the old one's.
  create("t");
  write(partition("t"), {"b"});
  EXPECT_FALSE(reader->poll(slot, 1000));
  reader.reset();
}

TEST_P(Admin, GivesEachTopicAnIdOfItsOwnForEver) {
  std::set<std::string> ids;
  for (int round = 0; round < 4; ++round) {
    create("t");
    EXPECT_TRUE(ids.insert(topics()["t"].id).second);
    await(log().admin().delete_topics({"t"})).value();
    if (round % 2 == 1) reopen();
  }
}

TEST_P(Admin, DeletesAGroup) {
  commit_offset("g", partition("t"), 5);
  // A group whose name begins with the other's name is another group.
  commit_offset("gg", partition("t"), 6);
  commit_offset("g", partition("u"), 7);
  await(log().admin().delete_group("g")).value();
  await(log().admin().delete_group("never-there")).value();
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(committed("g"), IsEmpty());
    EXPECT_EQ(committed("gg").at(partition("t")).offset, Offset(6));
    reopen();
  }
}

TEST_P(Admin, FindsEverythingAgainAfterReopening) {
  create("t", 3);
  create("empty");
  write(partition("t", 0), {"a", "b"});
  write(partition("t", 2), {"c"});
  commit_offset("g", partition("t", 0), 1, std::string(4096, 'm'));
  commit_offset("g/1", partition("odd name\n", 1), 2, std::string("\0", 1));
  auto before = topics();
  reopen();
  auto after = topics();
  ASSERT_EQ(after.size(), 2U);
  for (const auto& [name, info] : before) {
    EXPECT_EQ(after[name].id, info.id);
    EXPECT_EQ(after[name].partitions, info.partitions);
    EXPECT_EQ(after[name].cleanup, info.cleanup);
  }
  EXPECT_THAT(read_values(partition("t", 0)), ElementsAre("a", "b"));
  EXPECT_THAT(read_values(partition("t", 1)), IsEmpty());
  EXPECT_THAT(read_values(partition("t", 2)), ElementsAre("c"));
  EXPECT_EQ(committed("g").at(partition("t", 0)).metadata, std::string(4096, 'm'));
  EXPECT_EQ(committed("g/1").at(partition("odd name\n", 1)).metadata, std::string("\0", 1));
  // And goes on where it was.
  EXPECT_EQ(write(partition("t", 0), {"d"}).end_of(partition("t", 0)), Offset(3));
  EXPECT_THAT(read_values(partition("t", 0)), ElementsAre("a", "b", "d"));
}

TEST_P(Admin, KeepsThousandPartitionsApart) {
  constexpr std::int32_t kPartitions = 1000;
  create("t", kPartitions);
  create("after");
  Transaction transaction;
  for (std::int32_t i = 0; i < kPartitions; ++i) {
    transaction.appends.push_back(append(partition("t", i), {"p" + std::to_string(i), "q"}));
  }
  commit(std::move(transaction));
  for (int round = 0; round < 2; ++round) {
    for (std::int32_t i = 0; i < kPartitions; i += 111) {
      EXPECT_THAT(read_values(partition("t", i)), ElementsAre("p" + std::to_string(i), "q"));
    }
    EXPECT_THAT(read_values(partition("t", kPartitions - 1)), ElementsAre("p999", "q"));
    EXPECT_THAT(read_values(partition("after")), IsEmpty());
    reopen();
  }
}

}  // namespace
}  // namespace millrace::log_conformance
