// RecordQueues: the fetched records of one task, and the choice of the next one.
//
// The next record is that with the lowest timestamp among the partitions' heads; on a tie, that of the first partition.
// Whether it is chosen while another partition has no head is said by TaskIdle. Thread: the one that owns the task.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include <millrace/base/clock.hpp>
#include <millrace/log/log.hpp>
#include <millrace/metrics/metrics.hpp>
#include <millrace/runtime/thread_memory.hpp>
#include <millrace/topology/node.hpp>

namespace millrace {

/// max.task.idle.ms of Kafka Streams: what becomes of records while a partition of their task has none to compare with.
struct TaskIdle {
  /// 0: a partition with records in the log is waited for, one without is not. Above 0: one without is waited for so
  /// long, from when it was found empty to when it has a record again. Below 0: nothing is waited for.
  milliseconds wait{0};
  const Clock* clock = nullptr;  ///< borrowed; asked only if wait is above 0
};

/// The fetched records of a task's partitions, lowest timestamp first. Thread: the stream thread.
class RecordQueues {
 public:
  /// Borrows reader and budget, which outlive the queues. Reads each partition up to about `fetch_max_bytes` ahead,
  /// or less if the budget says so; it may be null.
  RecordQueues(LogReader& reader, std::size_t fetch_max_bytes, Metrics& metrics, TaskIdle idle = {},
               FetchBudget* budget = nullptr);
  ~RecordQueues();
  RecordQueues(const RecordQueues&) = delete;
  RecordQueues& operator=(const RecordQueues&) = delete;

  /// Begins to read `partition` at `from`. `partition_time` is the highest timestamp taken from it before.
  [[nodiscard]] Result<void> add(const TopicPartition& partition, Offset from, Timestamp partition_time);
  /// From now on `source` tells the time of a record when it is next in `partition`; nullptr: it is the record's own.
  /// Borrows the source until the next call. REQUIRES: nothing of the partition is fetched.
  void extract_time_by(std::size_t partition, SourceNode* source) { queues_[partition].source = source; }
  /// Drops what was fetched and goes back to `offset`.
  void rewind(std::size_t partition, Offset offset, Timestamp partition_time);

  /// Fetches where a queue is empty. Returns whether there is a record to take now.
  [[nodiscard]] Result<bool> fill();

  /// One chosen record; borrowed until the next pop() or fill().
  struct Head {
    std::size_t partition;     ///< index of the partition
    const RecordView* record;  ///< borrowed until it is taken
  };
  /// REQUIRES: the last fill() returned true, or ready(). The record stays at the head.
  [[nodiscard]] Head choose();
  /// Why the head of `partition` has no time, if its source could not tell it.
  [[nodiscard]] const std::optional<Error>& time_error(std::size_t partition) const {
    return queues_[partition].time_error;
  }
  /// True if a record can be chosen without fetching.
  [[nodiscard]] bool ready();
  /// When waiting for an empty partition is over; SteadyTime::max() if none is waited for.
  [[nodiscard]] SteadyTime idle_until() const;
  /// Takes the head of `partition` away: it is processed.
  void pop(std::size_t partition);
  /// Takes the head of `partition` away without noting its timestamp: it could not be read.
  void skip(std::size_t partition);

  [[nodiscard]] std::size_t size() const { return queues_.size(); }  ///< Number of partitions.
  /// Topic and number of a partition.
  [[nodiscard]] const TopicPartition& id(std::size_t partition) const { return queues_[partition].id; }
  /// The next offset to process: what is committed.
  [[nodiscard]] Offset position(std::size_t partition) const { return queues_[partition].position; }
  /// The highest timestamp taken from the partition.
  [[nodiscard]] Timestamp partition_time(std::size_t partition) const { return queues_[partition].time; }
  /// Records that are not yet taken, also those not yet fetched.
  [[nodiscard]] std::int64_t lag(std::size_t partition) const;
  [[nodiscard]] std::size_t buffered_records() const;  ///< Records fetched and not yet taken, of all partitions.
  /// Refreshes the gauges of lag.
  void report() const;

 private:
  struct Queue {
    TopicPartition id;
    ReaderSlot slot;
    FetchedBatch batch;
    std::size_t index = 0;  // of the head within the batch
    Offset position;
    Timestamp time = kNoTimestamp;
    std::optional<SteadyTime> empty_since = {};
    bool waited_for = false;      // long enough
    std::int64_t held_bytes = 0;  // of the budget
    CounterHandle consumed;
    GaugeHandle lag;
    SourceNode* source = nullptr;     // where it tells the time of records
    std::optional<Error> time_error;  // why it could not tell that of the head
    [[nodiscard]] bool has_head() const { return index < batch.records.size(); }
  };
  [[nodiscard]] Result<void> fetch(Queue& queue);
  /// The head is another record.
  void note_head(Queue& queue) {
    if (queue.source != nullptr) [[unlikely]]
      extract_time(queue);
  }
  static void extract_time(Queue& queue);
  [[nodiscard]] bool keeps_waiting_for(Queue& queue);
  /// Bytes to fetch now; 0: none, since other records are to be processed first.
  [[nodiscard]] std::size_t allowed_bytes();
  /// The batch is processed.
  void release(Queue& queue);
  /// Tells the budget what the queue holds now.
  void account(Queue& queue) const;

  LogReader& reader_;
  const std::size_t fetch_max_bytes_;
  Metrics& metrics_;
  const TaskIdle idle_;
  FetchBudget* const budget_;
  std::vector<Queue> queues_;
};

}  // namespace millrace
