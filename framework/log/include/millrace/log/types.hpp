// What goes through the log port.
#pragma once

#include <chrono>
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

/// What becomes of old records. Delete: they go by age and size, if the topic has limits. Compact: of each key the
/// newest stays. CompactDelete: both, age being counted from the partition's newest record: time goes on with its data,
/// as it does for the windows whose changelog it is.
enum class CleanupPolicy : std::uint8_t { Delete, Compact, CompactDelete };

/// How long a topic keeps records; a batch of them goes as a whole.
struct TopicLimits {
  std::optional<std::chrono::milliseconds> retention;  ///< nullopt: for ever
  std::optional<std::int64_t> retention_bytes;         ///< of each partition; nullopt: any number
  friend bool operator==(const TopicLimits&, const TopicLimits&) = default;
};

/// A topic that must exist.
struct TopicSpec {
  std::string name;                               ///< unique in the log
  std::int32_t partitions = 1;                    ///< at least 1
  CleanupPolicy cleanup = CleanupPolicy::Delete;  ///< what becomes of old records
  TopicLimits limits{};                           ///< for policies other than Compact
};

/// A topic as the log has it.
struct TopicInfo {
  std::string name;                               ///< unique in the log
  std::string id;                                 ///< unique over all topics that ever had this name
  std::int32_t partitions = 0;                    ///< how many it has
  CleanupPolicy cleanup = CleanupPolicy::Delete;  ///< what becomes of old records
  TopicLimits limits{};                           ///< for policies other than Compact
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
  std::vector<RecordView> records;      ///< in order; none if all up to the end of the partition were compacted away
  Offset next;                          ///< where to go on; may be past the last record
  std::size_t size_bytes = 0;           ///< of all of them, as stored
  std::shared_ptr<const void> storage;  ///< keeps what the views borrow from alive
};

/// First and next offset of a partition, as far as committed records go. Between them there may be gaps.
struct OffsetRange {
  Offset begin;  ///< of the oldest record that is kept
  Offset end;    ///< the next one
  /// Before it tombstones may be gone: who has read from the beginning up to an offset before it, but not up to it, may
  /// hold keys that were deleted, and begins anew.
  Offset tombstones_gone{};
};

}  // namespace millrace
