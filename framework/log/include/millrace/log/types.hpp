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

enum class CleanupPolicy : std::uint8_t { Delete, Compact };

/// A topic that must exist.
struct TopicSpec {
  std::string name;
  std::int32_t partitions = 1;
  CleanupPolicy cleanup = CleanupPolicy::Delete;
};

/// A topic as the log has it.
struct TopicInfo {
  std::string name;
  std::string id;  ///< unique over all topics that ever had this name
  std::int32_t partitions = 0;
  CleanupPolicy cleanup = CleanupPolicy::Delete;
};

/// Who commits: checked against the group, so that a replaced member cannot commit.
struct GroupMember {
  std::string group;
  std::string member_id;
  std::int64_t generation = -1;
};

/// The position of a group in one partition: the next offset to process, with the runtime's own notes.
struct CommittedOffset {
  Offset offset;
  std::string metadata;
};
using OffsetMap = std::map<TopicPartition, CommittedOffset>;

/// Records for one partition, in order.
struct PartitionAppend {
  TopicPartition target;
  std::vector<EncodedBatch> batches;
};

/// Becomes visible as a whole or not at all.
struct Transaction {
  std::vector<PartitionAppend> appends;
  /// Group whose offsets are committed; empty if there are none.
  std::string group;
  OffsetMap offsets;
  /// Checked when set: a commit of offsets for tasks needs it.
  std::optional<GroupMember> member;
};

/// What a committed transaction did.
struct CommitReceipt {
  struct End {
    TopicPartition partition;
    Offset end;  ///< after the last record written
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
  std::vector<RecordView> records;
  Offset next;  ///< where to go on; may be past the last record
  std::size_t size_bytes = 0;
  std::shared_ptr<const void> storage;
};

/// First and next offset of a partition, as far as committed records go.
struct OffsetRange {
  Offset begin;
  Offset end;
};

}  // namespace millrace
