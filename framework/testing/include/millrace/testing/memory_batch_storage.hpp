// MemoryBatchStorage: an in-process log's batches in memory.
//
// It outlives its log: opening InProcessLog over it again is a restart.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include <millrace/log/batch_storage.hpp>

namespace millrace {

class MemoryBatchStorage final : public BatchStorage {
 public:
  /// `id` goes into the ids of topics: two logs whose topics must differ need different ones.
  explicit MemoryBatchStorage(std::string id = "memory");

  Result<StoredLog> load() override;
  /// Never fails.
  Result<void> write(const StorageWrite& write) override;
  Result<std::optional<StoredBatch>> read_batch(const BatchKey& key) override;

 private:
  using Key = std::tuple<TopicNumber, Partition, Offset>;
  struct Batch {
    std::int32_t count = 0;
    std::shared_ptr<const Bytes> bytes;
  };

  // REQUIRE: mutex_ held.
  void delete_topic(TopicNumber number);
  [[nodiscard]] Offset end_of(TopicNumber topic, Partition partition) const;

  mutable std::mutex mutex_;
  std::string id_;
  TopicNumber next_topic_{1};
  std::map<TopicNumber, TopicInfo> topics_;
  std::map<Key, Batch> batches_;
  std::map<std::string, std::map<TopicPartition, CommittedOffset>> offsets_;
};

}  // namespace millrace
