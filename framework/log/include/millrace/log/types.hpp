// What goes through the log port.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/log/record_batch.hpp>
#include <millrace/model/ids.hpp>

namespace millrace {

/// What happens to old records: they go after a time, or when a newer one has their key.
enum class CleanupPolicy : std::uint8_t { Delete, Compact };

/// A topic that must exist.
struct TopicSpec {
  std::string name;                               ///< unique in the log
  std::int32_t partitions = 1;                    ///< at least 1
  CleanupPolicy cleanup = CleanupPolicy::Delete;  ///< what happens to old records
};

/// A topic as the log has it.
struct TopicInfo {
  std::string name;                               ///< unique in the log
  std::string id;                                 ///< unique over all topics that ever had this name
  std::int32_t partitions = 0;                    ///< how many it has
  CleanupPolicy cleanup = CleanupPolicy::Delete;  ///< what happens to old records
};

/// Who commits: checked against the group, so that a replaced member cannot commit.
struct GroupMember {
  std::string group;             ///< the application's id
  std::string member_id;         ///< unique over all members that ever were
  std::int64_t generation = -1;  ///< of the group, as the member knows it
};

/// The position of a group in one partition: the next offset to process, with the runtime's own notes.
struct CommittedOffset {
  Offset offset;         ///< the next one to process
  std::string metadata;  ///< the runtime's; at most 4,096 bytes
  friend bool operator==(const CommittedOffset&, const CommittedOffset&) = default;
};
using OffsetMap = std::map<TopicPartition, CommittedOffset>;  ///< Positions by partition.

/// Records for one partition, in order.
struct PartitionAppend {
  TopicPartition target;              ///< where they go
  std::vector<EncodedBatch> batches;  ///< in order
};

/// Becomes visible as a whole or not at all.
struct Transaction {
  std::vector<PartitionAppend> appends;  ///< each partition once
  /// Group whose offsets are committed; empty if there are none.
  std::string group;
  OffsetMap offsets;  ///< positions that are committed with the records
  /// Checked when set: a commit of offsets for tasks needs it.
  std::optional<GroupMember> member;
};

/// What a committed transaction did.
struct CommitReceipt {
  /// The new end of a partition.
  struct End {
    TopicPartition partition;  ///< which one
    Offset end;                ///< after the last record written
  };
  /// Each partition that was written to, once; in no order.
  std::vector<End> ends;

  /// nullopt if nothing was written to the partition.
  [[nodiscard]] std::optional<Offset> end_of(const TopicPartition& partition) const {
    for (const End& written : ends) {
      if (written.partition == partition) return written.end;
    }
    return std::nullopt;
  }
};

/// Records fetched from one partition. The views borrow from `storage`.
struct FetchedBatch {
  std::vector<RecordView> records;      ///< in order
  Offset next;                          ///< where to go on; may be past the last record
  std::size_t size_bytes = 0;           ///< of all of them, as stored
  std::shared_ptr<const void> storage;  ///< keeps what the views borrow from alive
};

/// First and next offset of a partition, as far as committed records go.
struct OffsetRange {
  Offset begin;  ///< of the oldest record that is kept
  Offset end;    ///< the next one
};

}  // namespace millrace
