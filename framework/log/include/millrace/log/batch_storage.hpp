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
  TopicNumber topic;
  Partition partition;
  Offset base;
};

/// One atomic write.
struct StorageWrite {
  struct Batch {
    BatchKey key;
    BytesView bytes;
  };
  struct GroupOffset {
    std::string group;
    TopicPartition partition;
    CommittedOffset committed;
  };
  struct GroupPartition {
    std::string group;
    TopicPartition partition;
  };
  struct Topic {
    TopicNumber number;
    TopicInfo info;
  };
  std::vector<Batch> batches;
  std::vector<GroupOffset> offsets;
  std::vector<Topic> created_topics;
  std::vector<Topic> deleted_topics;  ///< with all their batches, but not the offsets committed in them
  std::vector<GroupPartition> deleted_offsets;
  std::vector<std::string> deleted_groups;
};

/// All but the batches, as found at start.
struct StoredLog {
  struct Topic {
    TopicNumber number;
    TopicInfo info;
    std::vector<OffsetRange> partitions;
  };
  /// Tells this log from every other one; the same at each start.
  std::string id;
  /// Beyond the number of every topic that was ever created, also of those deleted since.
  TopicNumber next_topic{1};
  std::vector<Topic> topics;
  std::vector<StorageWrite::GroupOffset> offsets;
};

/// A batch read back; `bytes` borrow from `owner`.
struct StoredBatch {
  Offset base;
  BytesView bytes;
  std::shared_ptr<const void> owner;
};

/// Thread: write() is never called twice at once; read_batch() from any thread at any time.
class BatchStorage {
 public:
  BatchStorage() = default;
  BatchStorage(const BatchStorage&) = delete;
  BatchStorage& operator=(const BatchStorage&) = delete;
  virtual ~BatchStorage() = default;

  [[nodiscard]] virtual Result<StoredLog> load() = 0;
  /// All or nothing, also over a crash. Errors: LogWriteFailed; after one the storage takes no more writes.
  [[nodiscard]] virtual Result<void> write(const StorageWrite& write) = 0;
  /// The batch that holds `key.base`, or else the first one after it; nullopt at the end of the partition.
  [[nodiscard]] virtual Result<std::optional<StoredBatch>> read_batch(const BatchKey& key) = 0;
};

}  // namespace millrace
