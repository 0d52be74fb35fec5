// A process killed in the middle of writing: what it acknowledged is there, and each commit is there whole or not.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "child.hpp"
#include "compacted_log.hpp"
#include "files.hpp"
#include "numbered_log.hpp"
#include "numbered_state.hpp"

namespace millrace::rocksdb_test {
namespace {

constexpr int kKills = 12;

/// Mostly soon, so that opening and the first writes are hit too.
int random_count(std::mt19937& engine) { return static_cast<int>(engine() % 3 == 0 ? engine() % 900 : engine() % 40); }

TEST(KilledProcess, LeavesStateOfWholeCommitsAndAllThatItAcknowledged) {
  ScratchDirectory scratch;
  auto directory = scratch / "task";
  std::mt19937 engine(1);
  std::int64_t acknowledged = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    Child child({"state", directory.string()});
    std::int64_t last = child.kill_after(random_count(engine));
    if (last >= 0) acknowledged = last;
    SCOPED_TRACE("kill " + std::to_string(kill) + ", acknowledged " + std::to_string(acknowledged));
    RocksDbTaskBackendFactory factory(small_state());
    auto backend = factory.open(directory, kStores).value();
    std::int64_t found = backend->stamp("left").value().next.value();
    EXPECT_GE(found, acknowledged);
    // One commit may have been written whose acknowledgement died with the process.
    EXPECT_LE(found, acknowledged + 1);
    EXPECT_EQ(backend->stamp("right").value().next.value(), found);
    for (const std::string& store : kStores) {
      EXPECT_TRUE(read_all(backend->store(store)).value() == expected_after(found, store)) << store;
    }
    acknowledged = found;
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(acknowledged, 0);
}

void expect_whole_log(Log& log, std::int64_t acknowledged, std::int64_t in_flight, std::int64_t& found) {
  for (const TopicPartition& partition : {kSmall, kLarge}) {
    auto values = read_all(log, partition).value();
    if (partition == kSmall) found = static_cast<std::int64_t>(values.size());
    ASSERT_EQ(static_cast<std::int64_t>(values.size()), found);
    for (std::int64_t n = 1; n <= found; ++n) {
      ASSERT_TRUE(values[static_cast<std::size_t>(n - 1)] == numbered_record(partition, n)) << n;
    }
  }
  EXPECT_GE(found, acknowledged);
  EXPECT_LE(found, acknowledged + in_flight);
  auto offsets = await(log.admin().committed_offsets(kGroup)).value();
  if (found > 0) {
    EXPECT_EQ(offsets.at(kSmall).offset, Offset(found));
    EXPECT_EQ(offsets.at(kSmall).metadata, "metadata " + std::to_string(found));
  }
}

void kill_the_log(const std::vector<std::string>& options) {
  ScratchDirectory scratch;
  auto directory = scratch / "log";
  std::mt19937 engine(2);
  std::int64_t acknowledged = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    std::vector<std::string> arguments{"log", directory.string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    Child child(arguments);
    std::int64_t last = child.kill_after(random_count(engine) / (options.empty() ? 1 : 10));
    if (last >= 0) acknowledged = last;
    SCOPED_TRACE("kill " + std::to_string(kill) + ", acknowledged " + std::to_string(acknowledged));
    auto log = open_embedded_log(directory, small_log()).value();
    create_numbered(log->log()).value();
    expect_whole_log(log->log(), acknowledged, 4, acknowledged);
    // And it takes more, without treading on what is there.
    commit_numbered(log->log(), acknowledged + 1, acknowledged + 3).value();
    expect_whole_log(log->log(), acknowledged + 3, 0, acknowledged);
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
  EXPECT_GT(acknowledged, 3 * kKills);
}

TEST(KilledProcess, LeavesALogOfWholeTransactionsAndAllThatItAcknowledged) { kill_the_log({}); }

TEST(KilledProcess, LeavesALogOfWholeTransactionsIfItForcesThemToTheDisk) { kill_the_log({"--fsync"}); }

TEST(KilledProcess, LeavesALogInWhichTheNewestOfEachKeyIsThereWhileItIsCompacted) {
  ScratchDirectory scratch;
  auto directory = scratch / "log";
  std::mt19937 engine(3);
  std::int64_t acknowledged = 0;
  std::size_t most_records = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    Child child({"compacted", directory.string()});
    std::int64_t last = child.kill_after(static_cast<int>(engine() % 3000));
    if (last >= 0) acknowledged = last;
    SCOPED_TRACE("kill " + std::to_string(kill) + ", acknowledged " + std::to_string(acknowledged));
    auto log = open_embedded_log(directory, small_compacted_log()).value();
    create_compacted(log->log()).value();
    auto ranges = await(log->log().admin().offset_ranges({kChanges, kPassing})).value();
    std::int64_t found = ranges.at(kChanges).end.value();
    EXPECT_GE(found, acknowledged);
    EXPECT_LE(found, acknowledged + 1);
    EXPECT_EQ(ranges.at(kPassing).end, Offset(found));
    EXPECT_GE(ranges.at(kPassing).begin, Offset((acknowledged - 1) / 50 * 50));
    std::map<Bytes, Bytes> fold;
    std::size_t records = 0;
    auto reader = log->log().open_reader({});
    auto slot = reader->assign(kChanges, Offset(0)).value();
    while (auto fetched = reader->poll(slot, std::size_t{1} << 16).value()) {
      records += fetched->records.size();
      for (const RecordView& record : fetched->records) {
        ASSERT_EQ(*record.key, changed_key(record.offset.value() + 1));
        if (record.value) fold[Bytes(*record.key)] = Bytes(*record.value);
        else fold.erase(Bytes(*record.key));
      }
    }
    EXPECT_EQ(reader->position(slot), Offset(found));
    EXPECT_TRUE(fold == changes_after(found));
    most_records = std::max(most_records, records);
    acknowledged = found;
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(acknowledged, 3000);
  EXPECT_LT(most_records, static_cast<std::size_t>(acknowledged)) << "it was never compacted";
}

}  // namespace
}  // namespace millrace::rocksdb_test
