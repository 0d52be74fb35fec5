// BatchStorage: where an in-process log keeps its bytes. The RocksDB adapter fills it durably, testing/ in memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <millrace/log/types.hpp>

namespace millrace {

/// Number of a topic in the storage; never used twice.
using TopicNumber = Strong<std::uint32_t, struct TopicNumberTag>;

/// Key of one batch.
struct BatchKey {
  TopicNumber topic;    ///< which topic
  Partition partition;  ///< which of its partitions
  Offset base;          ///< offset of the batch's first record
};

/// What is known of a partition beside its batches.
struct PartitionMarks {
  Offset begin;            ///< what is before it was deleted
  Offset compacted;        ///< before it no two records have the same key
  Offset tombstones_gone;  ///< before it tombstones may have been deleted
  friend bool operator==(const PartitionMarks&, const PartitionMarks&) = default;
};

/// One atomic write. What it removes goes first, so that what it brings anew stays.
struct StorageWrite {
  /// A batch to be stored.
  struct Batch {
    BatchKey key;     ///< where it goes
    BytesView bytes;  ///< the encoded batch; borrowed
  };
  /// All batches of a partition whose base is from `from.base` on and before `to`.
  struct Range {
    BatchKey from;  ///< the partition, and the least base
    Offset to;      ///< the base that is no longer meant
  };
  /// What is to be known of a partition from now on.
  struct Marks {
    TopicNumber topic;     ///< which topic
    Partition partition;   ///< which of its partitions
    PartitionMarks marks;  ///< in the place of what was known
  };
  /// A position to be stored.
  struct GroupOffset {
    std::string group;          ///< whose position
    TopicPartition partition;   ///< in which partition
    CommittedOffset committed;  ///< the position, with metadata
  };
  /// A position to be deleted.
  struct GroupPartition {
    std::string group;         ///< whose position
    TopicPartition partition;  ///< in which partition
  };
  /// A topic to be stored.
  struct Topic {
    TopicNumber number;  ///< the number under which its batches stand
    TopicInfo info;      ///< name, id and partitions
  };
  std::vector<Range> removed;                   ///< batches that go
  std::vector<Batch> batches;                   ///< appended, or in the place of what was removed
  std::vector<Marks> marks;                     ///< of partitions
  std::vector<GroupOffset> offsets;             ///< committed
  std::vector<Topic> created_topics;            ///< new topics
  std::vector<Topic> changed_topics;            ///< of the same number and partitions, with other properties
  std::vector<Topic> deleted_topics;            ///< with all their batches, but not the offsets committed in them
  std::vector<GroupPartition> deleted_offsets;  ///< positions to forget
  std::vector<std::string> deleted_groups;      ///< groups to forget
};

/// All but the batches, as found at start.
struct StoredLog {
  /// A partition as it was found.
  struct Partition {
    PartitionMarks marks;  ///< where it begins, and what compaction did
    Offset end;            ///< the next offset
  };
  /// A topic as it was found.
  struct Topic {
    TopicNumber number;                 ///< the number under which its batches stand
    TopicInfo info;                     ///< name, id and partitions
    std::vector<Partition> partitions;  ///< all of them, in order
  };
  /// Tells this log from every other one; the same at each start.
  std::string id;
  /// Beyond the number of every topic that was ever created, also of those deleted since.
  TopicNumber next_topic{1};
  std::vector<Topic> topics;                       ///< all that exist
  std::vector<StorageWrite::GroupOffset> offsets;  ///< all positions of all groups
};

/// A batch read back; `bytes` borrow from `owner`.
struct StoredBatch {
  Offset base;                        ///< offset of its first record
  BytesView bytes;                    ///< the encoded batch
  std::shared_ptr<const void> owner;  ///< keeps the bytes alive
};

/// A batch without its bytes.
struct BatchPlace {
  Offset base;                 ///< offset of its first record
  Offset end;                  ///< the first offset behind it
  std::size_t size_bytes = 0;  ///< at least, if a version before this one wrote it
};

/// Thread: write() is never called twice at once; read_batch() and list() from any thread at any time.
class BatchStorage {
 public:
  BatchStorage() = default;
  BatchStorage(const BatchStorage&) = delete;
  BatchStorage& operator=(const BatchStorage&) = delete;
  virtual ~BatchStorage() = default;

  /// Everything that was stored, without the batches. Errors: LogReadFailed, LogCorrupted, LogFormatUnknown.
  [[nodiscard]] virtual Result<StoredLog> load() = 0;
  /// All or nothing, also over a crash. Errors: LogFull, and until resume() the storage takes no more writes; or
  /// LogWriteFailed, LogCorrupted, and then it takes none ever.
  [[nodiscard]] virtual Result<void> write(const StorageWrite& write) = 0;
  /// Takes writes again after LogFull. What the failed write would have brought is not there then, and does not come.
  /// Errors: LogFull if there is no space yet; those of write().
  [[nodiscard]] virtual Result<void> resume() { return {}; }
  /// The batch that holds `key.base`, or else the first one after it; nullopt at the end of the partition.
  [[nodiscard]] virtual Result<std::optional<StoredBatch>> read_batch(const BatchKey& key) = 0;
  /// At most `most` batches of a partition in their order, the first of them that which read_batch() would find.
  [[nodiscard]] virtual Result<std::vector<BatchPlace>> list(const BatchKey& from, std::size_t most) = 0;
};

}  // namespace millrace
