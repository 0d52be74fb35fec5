// Disks that fail, and that lose power: what was acknowledged is safe, what was not is told of.
#include <gmock/gmock.h>

#include "damage.hpp"
#include "disk_fixture.hpp"

namespace millrace::rocksdb_test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

TEST_F(Disk, ThatFailsIsNamed) {
  auto log = open_log();
  commit_numbered(log->log(), 1, 3).value();
  disk_.fail_writes(EIO);
  auto failed = commit_numbered(log->log(), 4, 4);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::LogWriteFailed);
  EXPECT_THAT(failed.error().message(), HasSubstr("Input/output error"));
  disk_.heal();
  log.reset();
  EXPECT_EQ(transactions_in(directory()), 3);
}

TEST_F(Disk, ThatCannotReadATasksTablesIsNamedAndNotTakenForDamage) {
  auto backend = open_state();
  for (std::int64_t n = 1; n <= 50; ++n) apply_numbered(*backend, n).value();
  // Opening it again puts what is in the WAL into tables.
  backend.reset();
  backend = open_state();
  disk_.fail_reads_of_tables();
  Bytes value;
  auto got = backend->store("left").get(numbered_key(50), value);
  auto walked = read_all(backend->store("left"));
  ASSERT_FALSE(got);
  ASSERT_FALSE(walked);
  for (const Error& error : {got.error(), walked.error()}) {
    EXPECT_EQ(error.code(), ErrorCode::StateReadFailed) << error.to_string();
    EXPECT_EQ(error.disposition(), Disposition::StopApplication);
    EXPECT_THAT(error.message(), HasSubstr(directory().string()));
    EXPECT_THAT(error.message(), HasSubstr("Input/output error"));
  }
  disk_.heal();
  EXPECT_TRUE(read_all(backend->store("left")).value() == expected_after(50, "left"));
}

TEST_F(Disk, ThatCannotReadTheLogsTablesIsNamedAndNotTakenForDamage) {
  auto log = open_log();
  commit_numbered(log->log(), 1, 300).value();
  log.reset();
  log = open_log();
  disk_.fail_reads_of_tables();
  auto read = read_all(log->log(), kLarge);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::LogReadFailed) << read.error().to_string();
  EXPECT_THAT(read.error().message(), HasSubstr(directory().string()));
  EXPECT_THAT(read.error().message(), HasSubstr("Input/output error"));
  disk_.heal();
  EXPECT_EQ(read_all(log->log(), kLarge).value().size(), 300U);
}

TEST_F(Disk, ThatCannotForceATransactionDownDoesNotAcknowledgeIt) {
  auto log = open_log(small_log(true));
  commit_numbered(log->log(), 1, 3).value();
  disk_.fail_syncs();
  auto failed = commit_numbered(log->log(), 4, 4);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::LogWriteFailed);
  // A second attempt may succeed though the first one's pages are lost: there is none.
  disk_.heal();
  EXPECT_EQ(commit_numbered(log->log(), 5, 5).error().code(), ErrorCode::LogWriteFailed);
  log.reset();
  EXPECT_THAT(transactions_in(directory()), AnyOf(3, 4));
}

TEST_F(Disk, ThatFailsBehindTheSequencersBackIsToldOf) {
  TestLogger logger;
  auto options = small_log();
  options.logger = &logger;
  auto log = open_log(options);
  disk_.fail_writes(EIO, ".sst");
  auto outcome = commit_numbered(log->log(), 1, kMostCommits);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), ErrorCode::LogWriteFailed);
  EXPECT_THAT(logger.errors(), HasSubstr("embedded-log: "));
  EXPECT_THAT(logger.errors(), HasSubstr("MR-0502"));
  EXPECT_THAT(logger.errors(), HasSubstr("Input/output error"));
  auto acknowledged = static_cast<std::int64_t>(read_all(log->log(), kSmall).value().size());
  disk_.heal();
  log.reset();
  EXPECT_EQ(transactions_in(directory()), acknowledged);
}

TEST_F(Disk, IsForcedForEachTransactionIfConfigured) {
  auto log = open_log(small_log(true));
  for (std::int64_t n = 1; n <= 20; ++n) {
    int before = disk_.syncs_of(".log");
    commit_numbered(log->log(), n, n).value();
    EXPECT_GT(disk_.syncs_of(".log"), before) << n;
  }
}

TEST_F(Disk, IsNotForcedForTransactionsUnlessConfigured) {
  auto log = open_log();
  commit_numbered(log->log(), 1, 1).value();
  int before = disk_.syncs_of(".log");
  commit_numbered(log->log(), 2, 50).value();
  EXPECT_EQ(disk_.syncs_of(".log"), before);
}

TEST_F(Disk, ThatLosesPowerKeepsEveryTransactionThatWasForced) {
  auto log = open_log(small_log(true));
  for (std::int64_t n : {1, 2, 30, 150, 400}) {
    SCOPED_TRACE(n);
    auto found = static_cast<std::int64_t>(read_all(log->log(), kSmall).value().size());
    commit_numbered(log->log(), found + 1, n).value();
    disk_.copy_as_after_a_power_cut(directory(), image());
    EXPECT_EQ(transactions_in(image()), n);
  }
}

TEST_F(Disk, ThatLosesPowerKeepsTheFirstTransactionsAtLeast) {
  auto log = open_log();
  std::int64_t most = 0;
  for (std::int64_t n : {1, 20, 150, 400, 800}) {
    SCOPED_TRACE(n);
    auto found = static_cast<std::int64_t>(read_all(log->log(), kSmall).value().size());
    commit_numbered(log->log(), found + 1, n).value();
    disk_.copy_as_after_a_power_cut(directory(), image());
    std::int64_t kept = transactions_in(image());
    EXPECT_LE(kept, n);
    EXPECT_GE(kept, most);
    most = kept;
  }
  EXPECT_GT(most, 0) << "tables are forced to the disk in any case";
}

TEST_F(Disk, ThatLosesPowerKeepsAnEarlierStateOfATask) {
  auto backend = open_state();
  std::int64_t n = 0;
  std::int64_t most = 0;
  for (std::int64_t until : {1, 20, 150, 400, 900}) {
    SCOPED_TRACE(until);
    while (n < until) apply_numbered(*backend, ++n).value();
    disk_.copy_as_after_a_power_cut(directory(), image());
    std::int64_t kept = commits_in(image());
    EXPECT_LE(kept, n);
    EXPECT_GE(kept, most);
    most = kept;
  }
  EXPECT_GT(most, 0) << "tables are forced to the disk in any case";
}

/// Of two WALs that were not forced to the disk, the system had written the newer one, and the older without its last
/// records, or without the end of one of them.
void lose_the_end_of_the_older_wal(const std::filesystem::path& directory, bool within_a_record) {
  auto wals = files_like(directory, "", ".log");
  ASSERT_GE(wals.size(), 2U);
  auto older = directory / wals[wals.size() - 2];
  auto records = records_of(read_file(older));
  ASSERT_GE(records.size(), 10U);
  std::filesystem::resize_file(older, records[records.size() / 2] + (within_a_record ? 8 : 0));
}
bool newest_of_several_wals_is_used(const std::filesystem::path& directory, std::size_t several) {
  auto wals = files_like(directory, "", ".log");
  return wals.size() >= several && !std::filesystem::is_empty(directory / wals.back());
}

TEST_F(Disk, ThatLosesAnOlderWalsEndWithPowerLeavesNoHoleInATask) {
  auto backend = open_state();
  disk_.hold_syncs_of_wals();
  std::int64_t n = 0;
  while (n < kMostCommits && !newest_of_several_wals_is_used(directory(), 2)) apply_numbered(*backend, ++n).value();
  copy_directory(directory(), scratch_ / "as left");
  disk_.heal();
  for (bool within_a_record : {false, true}) {
    copy_directory(scratch_ / "as left", image());
    lose_the_end_of_the_older_wal(image(), within_a_record);
    std::int64_t kept = commits_in(image());
    EXPECT_GT(kept, 0);
    EXPECT_LT(kept, n);
  }
}

TEST_F(Disk, ThatLosesAnOlderWalsEndWithPowerLeavesNoHoleInTheLog) {
  auto log = open_log();
  disk_.hold_syncs_of_wals();
  std::int64_t n = 0;
  while (n < kMostCommits && !newest_of_several_wals_is_used(directory(), 2)) {
    ++n;
    commit_numbered(log->log(), n, n).value();
  }
  copy_directory(directory(), scratch_ / "as left");
  disk_.heal();
  for (bool within_a_record : {false, true}) {
    copy_directory(scratch_ / "as left", image());
    lose_the_end_of_the_older_wal(image(), within_a_record);
    auto opened = open_embedded_log(image(), small_log());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::LogCorrupted);
    EXPECT_THAT(opened.error().message(), HasSubstr("gap between write-ahead logs"));
  }
}

}  // namespace
}  // namespace millrace::rocksdb_test
