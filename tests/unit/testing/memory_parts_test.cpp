// The in-memory fakes: a clock moved by hand, and a storage that outlives its log.
#include <gtest/gtest.h>

#include <millrace/log/in_process_log.hpp>
#include <millrace/testing/manual_clock.hpp>
#include <millrace/testing/memory_batch_storage.hpp>

namespace millrace {
namespace {

TEST(ManualClock, StandsUntilItIsMoved) {
  ManualClock clock(WallTime(milliseconds(100)));
  SteadyTime before = clock.steady_now();
  EXPECT_EQ(clock.steady_now(), before);
  clock.advance(milliseconds(5));
  EXPECT_EQ(clock.steady_now() - before, milliseconds(5));
  EXPECT_EQ(clock.wall_now(), WallTime(milliseconds(105)));
  clock.set_wall(WallTime(milliseconds(1)));
  EXPECT_EQ(clock.wall_now(), WallTime(milliseconds(1)));
  EXPECT_EQ(clock.steady_now() - before, milliseconds(5)) << "the steady clock never goes back";
}

TEST(MemoryBatchStorage, OutlivesItsLog) {
  MemoryBatchStorage storage;
  InlineExecutor executor;
  std::string id;
  {
    auto log = std::move(InProcessLog::open(storage, executor).value());
    log->admin().ensure_topics({{"t", 2, CleanupPolicy::Compact}}).take().value();
    RecordBatchBuilder batch;
    batch.add("k", "v", Timestamp{}, {});
    Transaction transaction;
    transaction.appends.push_back({{"t", Partition(1)}, {}});
    transaction.appends.back().batches.push_back(batch.finish());
    transaction.group = "g";
    transaction.offsets[{"t", Partition(1)}] = {Offset(1), "note"};
    log->open_writer("w", {})->commit(std::move(transaction)).take().value();
    id = log->admin().topics().take().value().at(0).id;
  }
  auto log = std::move(InProcessLog::open(storage, executor).value());
  auto topics = log->admin().topics().take().value();
  ASSERT_EQ(topics.size(), 1U);
  EXPECT_EQ(topics[0].id, id);
  EXPECT_EQ(topics[0].partitions, 2);
  EXPECT_EQ(topics[0].cleanup, CleanupPolicy::Compact);
  auto offsets = log->admin().committed_offsets("g").take().value();
  EXPECT_EQ((offsets.at({"t", Partition(1)}).metadata), "note");
  auto reader = log->open_reader({});
  auto slot = reader->assign({"t", Partition(1)}, Offset(0)).value();
  auto batch = reader->poll(slot, 1000).value();
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(batch->records.at(0).value, "v");
}

}  // namespace
}  // namespace millrace
