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

/// One atomic write.
struct StorageWrite {
  /// A batch to be stored.
  struct Batch {
    BatchKey key;     ///< where it goes
    BytesView bytes;  ///< the encoded batch; borrowed
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
  std::vector<Batch> batches;                   ///< appended
  std::vector<GroupOffset> offsets;             ///< committed
  std::vector<Topic> created_topics;            ///< new topics
  std::vector<Topic> deleted_topics;            ///< with all their batches, but not the offsets committed in them
  std::vector<GroupPartition> deleted_offsets;  ///< positions to forget
  std::vector<std::string> deleted_groups;      ///< groups to forget
};

/// All but the batches, as found at start.
struct StoredLog {
  /// A topic as it was found.
  struct Topic {
    TopicNumber number;                   ///< the number under which its batches stand
    TopicInfo info;                       ///< name, id and partitions
    std::vector<OffsetRange> partitions;  ///< begin and end of each
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

/// Thread: write() is never called twice at once; read_batch() from any thread at any time.
class BatchStorage {
 public:
  BatchStorage() = default;
  BatchStorage(const BatchStorage&) = delete;
  BatchStorage& operator=(const BatchStorage&) = delete;
  virtual ~BatchStorage() = default;

  /// Everything that was stored, without the batches. Errors: LogReadFailed, LogCorrupted, LogFormatUnknown.
  [[nodiscard]] virtual Result<StoredLog> load() = 0;
  /// All or nothing, also over a crash. Errors: LogWriteFailed; after one the storage takes no more writes.
  [[nodiscard]] virtual Result<void> write(const StorageWrite& write) = 0;
  /// The batch that holds `key.base`, or else the first one after it; nullopt at the end of the partition.
  [[nodiscard]] virtual Result<std::optional<StoredBatch>> read_batch(const BatchKey& key) = 0;
};

}  // namespace millrace
