// Disks that are full: commits wait, a task's state is given up, and nothing is lost or there twice.
#include <algorithm>
#include <cerrno>

#include <gmock/gmock.h>

#include "disk_fixture.hpp"

namespace millrace::rocksdb_test {
namespace {

using log_conformance::eventually;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

TEST_F(Disk, ThatIsFullHoldsCommitsUpUntilThereIsRoomAndLosesAndDoublesNothing) {
  std::int64_t next = 1;
  for (std::int64_t room : {0, 1, 100'000, 1'500'000, 4'000'000, 12'000'001}) {
    SCOPED_TRACE("room for " + std::to_string(room) + " bytes");
    auto log = open_log();
    disk_.leave_room(room);
    auto writer = log->log().open_writer("numbered", {});
    Pending<CommitReceipt> waiting;
    for (; next <= kMostCommits; ++next) {
      waiting = writer->commit(numbered_transaction(next));
      ASSERT_TRUE(eventually([&] { return waiting.ready() || log->log().obstacle(); }));
      if (!waiting.ready()) break;
      waiting.take().value();
    }
    auto obstacle = log->log().obstacle();
    ASSERT_TRUE(obstacle.has_value());
    EXPECT_EQ(obstacle->code(), ErrorCode::LogFull);
    EXPECT_EQ(obstacle->disposition(), Disposition::Retry);
    EXPECT_THAT(obstacle->message(), HasSubstr(directory().string()));
    EXPECT_THAT(obstacle->message(), HasSubstr("No space left on device"));
    auto waiting_too = writer->commit(numbered_transaction(next + 1));
    // What is there can be read; what waits is not there, and whatever else is to be written fails.
    EXPECT_EQ(read_all(log->log(), kSmall).value().size(), static_cast<std::size_t>(next - 1));
    EXPECT_EQ(await(log->log().admin().ensure_topics({{"new", 1}})).error().code(), ErrorCode::LogFull);
    EXPECT_FALSE(waiting.ready());
    disk_.heal();
    EXPECT_EQ(await(std::move(waiting)).value().end_of(kSmall), Offset(next));
    EXPECT_EQ(await(std::move(waiting_too)).value().end_of(kSmall), Offset(next + 1));
    EXPECT_FALSE(log->log().obstacle().has_value());
    commit_numbered(log->log(), next + 2, next + 9).value();
    next += 10;
    writer.reset();
    if (room % 2 == 0) {
      log.reset();
    } else {
      disk_.copy_as_after_a_kill(directory(), image());  // as a kill leaves it
      EXPECT_EQ(transactions_in(image()), next - 1);
      log.reset();
    }
    EXPECT_EQ(transactions_in(directory()), next - 1);
  }
  EXPECT_GT(next, 150);
}

TEST_F(Disk, ThatIsFullAgainAndAgainLosesAndDoublesNothing) {
  auto log = open_log();
  auto writer = log->log().open_writer("numbered", {});
  int waited = 0;
  for (std::int64_t n = 1; n <= 80; ++n) {
    // The end of the disk comes at another place each time, now before and now after a flush.
    disk_.leave_room(500'000 + n * 27'411 % 2'000'000);
    auto pending = writer->commit(numbered_transaction(n));
    ASSERT_TRUE(eventually([&] { return pending.ready() || log->log().obstacle(); }));
    waited += log->log().obstacle().has_value();
    disk_.heal();
    EXPECT_EQ(await(std::move(pending)).value().end_of(kSmall), Offset(n));
  }
  EXPECT_GT(waited, 10);
  EXPECT_LT(waited, 70);
  writer.reset();
  disk_.copy_as_after_a_kill(directory(), image());
  EXPECT_EQ(transactions_in(image()), 80);
  log.reset();
  EXPECT_EQ(transactions_in(directory()), 80);
}

TEST_F(Disk, ThatIsFullHasCommitsWaitForMoreRoomThanTheyStoppedAt) {
  auto log = open_log();
  disk_.leave_room(100'000);
  auto pending = log->log().open_writer("numbered", {})->commit(numbered_transaction(1));
  auto free_as_told = [&] {
    auto obstacle = log->log().obstacle();
    return obstacle ? obstacle->message() : std::string();
  };
  ASSERT_TRUE(eventually([&] { return free_as_told().find(" 100000 bytes are free") != std::string::npos; }));
  // Enough for the commit, but a compaction could have given it back; who looks is told of it.
  disk_.leave_room(1'234'567);
  ASSERT_TRUE(eventually([&] { return free_as_told().find(" 1234567 bytes are free") != std::string::npos; }));
  EXPECT_FALSE(pending.ready());
  disk_.leave_room(12'000'000);
  EXPECT_EQ(await(std::move(pending)).value().end_of(kSmall), Offset(1));
}

TEST_F(Disk, ThatOthersFillBetweenALookAndAWriteLosesAndDoublesNothing) {
  std::int64_t next = 1;
  int waited = 0;
  int ended = 0;
  for (std::int64_t room : {0, 1, 10'000, 100'000, 1'500'000, 4'000'000}) {
    SCOPED_TRACE("room for " + std::to_string(room) + " bytes");
    auto log = open_log();
    disk_.leave_room_unseen(room);
    auto writer = log->log().open_writer("numbered", {});
    Pending<CommitReceipt> pending;
    std::optional<Error> failure;
    while (true) {
      ASSERT_LE(next, kMostCommits);
      pending = writer->commit(numbered_transaction(next));
      ASSERT_TRUE(eventually([&] { return pending.ready() || log->log().obstacle(); }));
      if (!pending.ready()) break;
      auto outcome = pending.take();
      if (!outcome) failure = outcome.error();
      if (failure) break;
      ++next;
    }
    disk_.heal();
    if (!failure) {
      // A flush found no room: it waits, and goes on.
      ++waited;
      EXPECT_EQ(await(std::move(pending)).value().end_of(kSmall), Offset(next));
      ++next;
    } else {
      // The WAL did: what it holds only another opening can tell.
      ++ended;
      EXPECT_EQ(failure->code(), ErrorCode::LogWriteFailed);
      EXPECT_THAT(failure->message(), HasSubstr(directory().string()));
      EXPECT_THAT(failure->message(), HasSubstr("No space left on device"));
      EXPECT_EQ(await(writer->commit(numbered_transaction(next))).error().code(), ErrorCode::LogWriteFailed);
      EXPECT_EQ(read_all(log->log(), kSmall).value().size(), static_cast<std::size_t>(next - 1));
    }
    writer.reset();
    disk_.copy_as_after_a_kill(directory(), image());
    EXPECT_EQ(transactions_in(image()), next - 1);
    log.reset();
    EXPECT_EQ(transactions_in(directory()), next - 1);
  }
  EXPECT_GT(ended, 0);
  EXPECT_GT(next, 150);
  RecordProperty("waited", waited);
}

TEST_F(Disk, ThatOthersFillDuringAFlushHoldsCommitsUpUntilThereIsRoom) {
  auto log = open_log();
  disk_.fail_writes(ENOSPC, ".sst");
  auto writer = log->log().open_writer("numbered", {});
  Pending<CommitReceipt> pending;
  std::int64_t n = 0;
  do {
    pending = writer->commit(numbered_transaction(++n));
    ASSERT_TRUE(eventually([&] { return pending.ready() || log->log().obstacle(); }));
  } while (pending.ready() && n < kMostCommits);
  ASSERT_FALSE(pending.ready());
  EXPECT_EQ(log->log().obstacle()->code(), ErrorCode::LogFull);
  EXPECT_THAT(log->log().obstacle()->message(), HasSubstr("No space left on device"));
  disk_.heal();
  EXPECT_EQ(await(std::move(pending)).value().end_of(kSmall), Offset(n));
  commit_numbered(log->log(), n + 1, n + 300).value();
  writer.reset();
  disk_.copy_as_after_a_kill(directory(), image());
  EXPECT_EQ(transactions_in(image()), n + 300);
  log.reset();
  EXPECT_EQ(transactions_in(directory()), n + 300);
}

TEST_F(Disk, ThatIsFullEndsATaskWithAReasonAndLosesNothing) {
  std::int64_t next = 1;
  for (std::int64_t room : {0, 1, 10'000, 100'000, 900'000, 900'001, 4'000'000, 4'000'001}) {
    SCOPED_TRACE("room for " + std::to_string(room) + " bytes");
    auto backend = open_state();
    if (room % 2 == 0) disk_.leave_room(room);
    else disk_.leave_room_unseen(room);
    Result<void> outcome;
    for (; next <= kMostCommits; ++next) {
      outcome = apply_numbered(*backend, next);
      if (!outcome) break;
    }
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), ErrorCode::StateFull);
    EXPECT_THAT(outcome.error().message(), HasSubstr(directory().string()));
    EXPECT_THAT(outcome.error().message(), HasSubstr("No space left on device"));
    disk_.heal();
    EXPECT_EQ(apply_numbered(*backend, next).error().code(), ErrorCode::StateFull);
    EXPECT_EQ(backend->wipe("left").error().code(), ErrorCode::StateFull);
    // What it had can still be read.
    EXPECT_EQ(backend->stamp("left").value().next.value(), next - 1);
    EXPECT_TRUE(read_all(backend->store("left")).value() == expected_after(next - 1, "left"));
    backend.reset();
    EXPECT_EQ(commits_in(directory()), next - 1);
  }
  EXPECT_GT(next, 150);
}

TEST_F(Disk, ThatIsFullWhenADirectoryIsMadeIsNamedAndLeavesNothingInTheWay) {
  for (std::int64_t room : {0, 5, 40, 300, 3000, 100'000}) {
    SCOPED_TRACE("room for " + std::to_string(room) + " bytes");
    const bool seen = room == 0 || room == 100'000;
    std::filesystem::remove_all(directory());
    auto leave_room = [&] { seen ? disk_.leave_room(room) : disk_.leave_room_unseen(room); };
    leave_room();
    auto log = open_embedded_log(directory(), small_log());
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code(), ErrorCode::StateDirectoryUnusable) << log.error().to_string();
    EXPECT_THAT(log.error().message(), HasSubstr(directory().string()));
    EXPECT_THAT(log.error().message(), HasSubstr("No space left on device"));
    disk_.heal();
    EXPECT_EQ(transactions_in(directory()), 0);

    std::filesystem::remove_all(directory());
    leave_room();
    auto state = factory_.open(directory(), kStores);
    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().code(), ErrorCode::StateFull) << state.error().to_string();
    EXPECT_THAT(state.error().message(), HasSubstr("No space left on device"));
    disk_.heal();
    auto opened = factory_.open(directory(), kStores);
    // What was begun may be found damaged: then it is wiped, as the runtime does.
    if (!opened) {
      EXPECT_EQ(opened.error().code(), ErrorCode::StateCorrupted) << opened.error().to_string();
      factory_.destroy(directory()).value();
      opened = factory_.open(directory(), kStores);
    }
    EXPECT_TRUE(opened);
  }
}

TEST_F(Disk, ThatIsFullIsToldOfOnce) {
  TestLogger logger;
  auto options = small_log();
  options.logger = &logger;
  auto log = open_log(options);
  disk_.leave_room(2'000'000);
  auto writer = log->log().open_writer("numbered", {});
  Pending<CommitReceipt> pending;
  std::int64_t n = 1;
  do {
    pending = writer->commit(numbered_transaction(n++));
    ASSERT_TRUE(eventually([&] { return pending.ready() || log->log().obstacle(); }));
  } while (pending.ready());
  ASSERT_TRUE(eventually([&] { return !logger.errors().empty(); }));
  disk_.heal();
  await(std::move(pending)).value();
  const std::string errors = logger.errors();
  EXPECT_THAT(errors, HasSubstr("log: MR-0514"));
  EXPECT_THAT(errors, HasSubstr(directory().string()));
  EXPECT_THAT(errors, ContainsRegex("No space left on device: [0-9]+ bytes are free, [0-9]+ are needed to go on"));
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
}

}  // namespace
}  // namespace millrace::rocksdb_test
