// MemoryBatchStorage: an in-process log's batches in memory.
//
// It outlives its log: opening InProcessLog over it again is a restart.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/log/batch_storage.hpp>

namespace millrace {

/// A log's storage in memory; gone with the object.
class MemoryBatchStorage final : public BatchStorage {
 public:
  /// `id` goes into the ids of topics: two logs whose topics must differ need different ones.
  explicit MemoryBatchStorage(std::string id = "memory");

  Result<StoredLog> load() override;  ///< What was written to this object before.
  /// REQUIRES: batches of one partition come in the order of their offsets, or into what the same write removes. Fails
  /// only for bytes that are no batch, and for a topic or partition that was not created.
  Result<void> write(const StorageWrite& write) override;
  Result<std::optional<StoredBatch>> read_batch(const BatchKey& key) override;
  Result<std::vector<BatchPlace>> list(const BatchKey& from, std::size_t most) override;

 private:
  struct Batch {
    Offset base;
    std::int64_t span = 0;
    BytesView bytes;  // borrows from the owner
    std::shared_ptr<const char[]> owner;
    [[nodiscard]] Offset end() const { return base.plus(span); }
  };
  struct PartitionBatches {
    std::vector<Batch> batches;  // in order of their offsets
    PartitionMarks marks;
  };
  struct Topic {
    TopicInfo info;
    std::vector<PartitionBatches> partitions;
  };

  // REQUIRE: mutex_ held.
  [[nodiscard]] PartitionBatches* find(const BatchKey& key);
  [[nodiscard]] Result<void> resolve(const StorageWrite& write);
  void remove(const StorageWrite::Range& range);
  void add(const StorageWrite::Batch& batch, PartitionBatches& to, std::int64_t span);
  [[nodiscard]] static StoredBatch stored(const Batch& batch) { return {batch.base, batch.bytes, batch.owner}; }

  mutable std::mutex mutex_;
  std::string id_;
  TopicNumber next_topic_{1};
  std::vector<std::optional<Topic>> topics_;  // by their numbers
  // Batches lie one after the other: a test's batches have a single record each, too small for memory of their own.
  std::shared_ptr<char[]> chunk_;
  std::size_t chunk_left_ = 0;
  char* chunk_next_ = nullptr;
  std::map<std::string, std::map<TopicPartition, CommittedOffset>> offsets_;
  // Where the batches of the write in hand go; kept for its memory.
  struct Resolved {
    PartitionBatches* to;
    std::int64_t span;
  };
  std::vector<Resolved> resolved_;
};

}  // namespace millrace
