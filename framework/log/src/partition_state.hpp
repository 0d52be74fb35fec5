// PartitionState: what an in-process log knows of one partition.
#pragma once

#include <atomic>
#include <utility>

#include <millrace/log/batch_storage.hpp>

namespace millrace {

[[nodiscard]] Error unknown_topic(const TopicPartition& partition);
[[nodiscard]] Error out_of_range(const TopicPartition& partition, Offset offset, Offset begin, Offset end);

/// Shared with readers, which look at the atomics without a lock.
struct PartitionState {
  PartitionState(TopicPartition partition, TopicNumber topic_number, const StoredLog::Partition& stored)
      : id(std::move(partition)),
        topic(topic_number),
        opened_end(stored.end),
        begin(stored.marks.begin.value()),
        end(stored.end.value()),
        marks(stored.marks),
        needs_trim(stored.marks.begin > Offset(0)) {}

  // Constant.
  const TopicPartition id;
  const TopicNumber topic;
  const Offset opened_end;  ///< where it ended when the log was opened

  std::atomic<std::int64_t> begin;
  std::atomic<std::int64_t> end;
  std::atomic<bool> deleted{false};

  // Guarded by the log's mutex.
  PartitionMarks marks;
  std::int64_t appended_bytes = 0;  ///< since the log was opened
  bool needs_trim;                  ///< there may be batches before the beginning
};

}  // namespace millrace
