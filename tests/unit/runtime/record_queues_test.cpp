// Which record is next: lowest timestamp first, never while a partition with more to come is empty.
#include <millrace/runtime/record_queues.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::ElementsAre;

/// A reader whose batches and ends a test sets by hand.
class HandReader final : public LogReader {
 public:
  struct Slot {
    TopicPartition partition;
    Offset position;
    Offset end;
    std::deque<FetchedBatch> batches;
  };
  Result<ReaderSlot> assign(const TopicPartition& partition, Offset from) override {
    slots.push_back({partition, from, from, {}});
    return ReaderSlot(static_cast<std::uint32_t>(slots.size() - 1));
  }
  void unassign(ReaderSlot) override { ++unassigned; }
  void seek(ReaderSlot slot, Offset offset) override { slots.at(slot.value()).position = offset; }
  Result<std::optional<FetchedBatch>> poll(ReaderSlot slot, std::size_t) override {
    auto& batches = slots.at(slot.value()).batches;
    if (batches.empty()) return std::optional<FetchedBatch>();
    auto batch = std::move(batches.front());
    batches.pop_front();
    slots.at(slot.value()).position = batch.next;
    return std::optional<FetchedBatch>(std::move(batch));
  }
  Offset end_offset(ReaderSlot slot) const override { return slots.at(slot.value()).end; }
  Offset position(ReaderSlot slot) const override { return slots.at(slot.value()).position; }

  /// A batch of records at `offset` and after, with these timestamps.
  void give(std::size_t slot, std::int64_t offset, const std::vector<std::int64_t>& times, std::int64_t next = -1) {
    FetchedBatch batch;
    for (std::int64_t time : times) {
      batch.records.push_back({std::nullopt, std::nullopt, at(time), Offset(offset++), {}});
    }
    batch.next = Offset(next < 0 ? offset : next);
    slots.at(slot).end = std::max(slots.at(slot).end, batch.next);
    slots.at(slot).batches.push_back(std::move(batch));
  }

  std::vector<Slot> slots;
  int unassigned = 0;
};

struct Queues {
  explicit Queues(int partitions, TaskIdle idle = {}) : queues(reader, 1000, metrics, idle) {
    for (int i = 0; i < partitions; ++i) queues.add({"t", Partition(i)}, Offset(0), kNoTimestamp).value();
  }
  /// Takes everything that can be taken now, as "partition@time".
  std::vector<std::string> drain() {
    std::vector<std::string> taken;
    while (queues.fill().value()) {
      auto head = queues.choose();
      taken.push_back(std::to_string(head.partition) + "@" +
                      std::to_string(head.record->timestamp.time_since_epoch().count()));
      queues.pop(head.partition);
    }
    return taken;
  }
  HandReader reader;
  Metrics metrics;
  RecordQueues queues;
};

TEST(RecordQueues, GiveTheLowestTimestampFirst) {
  Queues all(3);
  all.reader.give(0, 0, {10, 40});
  all.reader.give(1, 0, {20, 21});
  all.reader.give(2, 0, {5, 50});
  EXPECT_THAT(all.drain(), ElementsAre("2@5", "0@10", "1@20", "1@21", "0@40", "2@50"));
}

TEST(RecordQueues, KeepTheOrderWithinAPartition) {
  Queues all(2);
  all.reader.give(0, 0, {30, 1, 2});
  all.reader.give(1, 0, {10, 31});
  EXPECT_THAT(all.drain(), ElementsAre("1@10", "0@30", "0@1", "0@2", "1@31"));
}

TEST(RecordQueues, GiveTheFirstPartitionOnATie) {
  Queues all(2);
  all.reader.give(0, 0, {7, 7});
  all.reader.give(1, 0, {7, 7});
  EXPECT_THAT(all.drain(), ElementsAre("0@7", "0@7", "1@7", "1@7"));
}

TEST(RecordQueues, WaitForAPartitionThatHasMoreToCome) {
  Queues all(2);
  all.reader.give(0, 0, {10});
  all.reader.slots[1].end = Offset(1);  // written, not yet fetched
  EXPECT_THAT(all.drain(), ElementsAre());
  EXPECT_FALSE(all.queues.ready());
  all.reader.give(1, 0, {5});
  EXPECT_THAT(all.drain(), ElementsAre("1@5", "0@10"));
}

TEST(RecordQueues, DoNotWaitForAPartitionThatHasNoMore) {
  Queues all(2);
  all.reader.give(0, 0, {10, 11});
  EXPECT_THAT(all.drain(), ElementsAre("0@10", "0@11"));
}

/// max.task.idle.ms, with a clock that stands until it is moved.
struct IdleQueues : Queues {
  explicit IdleQueues(std::int64_t wait_ms) : Queues(2, {milliseconds(wait_ms), &clock}) {}
  ManualClock clock;
};

TEST(TaskIdle, WaitsSoLongForAPartitionThatHasNoMore) {
  IdleQueues all(100);
  all.reader.give(0, 0, {10, 11});
  EXPECT_THAT(all.drain(), ElementsAre());
  EXPECT_EQ(all.queues.idle_until(), SteadyTime(milliseconds(100)));
  all.clock.advance(milliseconds(99));
  EXPECT_THAT(all.drain(), ElementsAre());
  all.clock.advance(milliseconds(1));
  EXPECT_THAT(all.drain(), ElementsAre("0@10", "0@11"));
  EXPECT_EQ(all.queues.idle_until(), SteadyTime::max());
  all.reader.give(0, 2, {12});
  EXPECT_THAT(all.drain(), ElementsAre("0@12")) << "the wait is over until the partition has had a record";
}

TEST(TaskIdle, IsOverWhenTheRecordComes) {
  IdleQueues all(100);
  all.reader.give(0, 0, {10, 20});
  EXPECT_THAT(all.drain(), ElementsAre());
  all.reader.give(1, 0, {5});
  EXPECT_THAT(all.drain(), ElementsAre("1@5")) << "and begins again when the partition is empty again";
  all.clock.advance(milliseconds(100));
  EXPECT_THAT(all.drain(), ElementsAre("0@10", "0@20"));
}

TEST(TaskIdle, BeginsAnewAfterARewind) {
  IdleQueues all(100);
  all.reader.give(0, 0, {10});
  EXPECT_THAT(all.drain(), ElementsAre());
  all.clock.advance(milliseconds(100));
  all.queues.rewind(1, Offset(0), kNoTimestamp);
  EXPECT_THAT(all.drain(), ElementsAre());
  all.clock.advance(milliseconds(100));
  EXPECT_THAT(all.drain(), ElementsAre("0@10"));
}

TEST(TaskIdle, DoesNotCountWhileTheLogHasMore) {
  IdleQueues all(100);
  all.reader.give(0, 0, {10});
  all.reader.slots[1].end = Offset(1);  // written, not yet fetched
  EXPECT_THAT(all.drain(), ElementsAre());
  all.clock.advance(milliseconds(1000));
  EXPECT_THAT(all.drain(), ElementsAre());
  EXPECT_EQ(all.queues.idle_until(), SteadyTime::max());
}

TEST(TaskIdle, BelowZeroWaitsForNothing) {
  IdleQueues all(-1);
  all.reader.give(0, 0, {10, 11});
  all.reader.slots[1].end = Offset(1);  // written, not yet fetched
  EXPECT_THAT(all.drain(), ElementsAre("0@10", "0@11"));
}

TEST(TaskIdle, WakesTheThreadWhenItIsOver) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("a").merge(builder.stream<Text, Text>("b")).to("out");
  StreamsConfig config;
  config.max_task_idle = milliseconds(70);
  World world(builder.build(), config);
  world.start();
  world.run();
  world.produce("a", "k", "v");
  world.run();
  EXPECT_THAT(world.texts("out"), ElementsAre());
  EXPECT_EQ(world.thread().step(), world.clock.steady_now() + milliseconds(70));
  world.clock.advance(milliseconds(70));
  world.run();
  EXPECT_THAT(world.texts("out"), ElementsAre("k=v"));
}

TEST(RecordQueues, MoveOverGapsAndEmptyBatches) {
  Queues all(1);
  all.reader.give(0, 0, {1}, 5);  // offsets 1 to 4 hold nothing for us
  EXPECT_THAT(all.drain(), ElementsAre("0@1"));
  EXPECT_EQ(all.queues.position(0), Offset(5));
  all.reader.give(0, 5, {}, 9);
  EXPECT_THAT(all.drain(), ElementsAre());
  EXPECT_EQ(all.queues.position(0), Offset(9));
  EXPECT_EQ(all.queues.lag(0), 0);
}

TEST(RecordQueues, CommitTheOffsetOfTheNextRecord) {
  Queues all(1);
  all.reader.give(0, 3, {1, 2});
  all.reader.slots[0].end = Offset(8);
  ASSERT_TRUE(all.queues.fill().value());
  all.queues.pop(0);
  EXPECT_EQ(all.queues.position(0), Offset(4));
  EXPECT_EQ(all.queues.lag(0), 4);
  EXPECT_EQ(all.queues.buffered_records(), 1U);
}

TEST(RecordQueues, KnowTheHighestTimestampTaken) {
  Queues all(1);
  EXPECT_EQ(all.queues.partition_time(0), kNoTimestamp);
  all.reader.give(0, 0, {9, 3});
  (void)all.drain();
  EXPECT_EQ(all.queues.partition_time(0), at(9));
}

TEST(RecordQueues, LeaveTheTimestampOfASkippedRecordOut) {
  Queues all(1);
  all.reader.give(0, 0, {9, 3});
  ASSERT_TRUE(all.queues.fill().value());
  all.queues.skip(0);
  EXPECT_EQ(all.queues.partition_time(0), kNoTimestamp);
  EXPECT_EQ(all.queues.position(0), Offset(1));
  all.queues.pop(0);
  EXPECT_EQ(all.queues.partition_time(0), at(3));
}

TEST(RecordQueues, RewindForgetsWhatWasFetched) {
  Queues all(1);
  all.reader.give(0, 0, {1, 2, 3});
  ASSERT_TRUE(all.queues.fill().value());
  all.queues.pop(0);
  all.queues.rewind(0, Offset(0), at(0));
  EXPECT_EQ(all.queues.buffered_records(), 0U);
  EXPECT_EQ(all.queues.position(0), Offset(0));
  EXPECT_EQ(all.queues.partition_time(0), at(0));
  EXPECT_EQ(all.reader.slots[0].position, Offset(0));
  all.reader.give(0, 0, {1});
  EXPECT_THAT(all.drain(), ElementsAre("0@1"));
}

TEST(RecordQueues, LetGoOfTheirPartitions) {
  HandReader reader;
  Metrics metrics;
  {
    RecordQueues queues(reader, 1000, metrics);
    queues.add({"t", Partition(0)}, Offset(0), kNoTimestamp).value();
    queues.add({"t", Partition(1)}, Offset(0), kNoTimestamp).value();
  }
  EXPECT_EQ(reader.unassigned, 2);
}

}  // namespace
}  // namespace millrace
