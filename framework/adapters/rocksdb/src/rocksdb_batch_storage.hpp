// RocksDbBatchStorage: the batches, topics and offsets of an in-process log in one RocksDB.
#pragma once

#include <memory>
#include <optional>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/log/batch_storage.hpp>

#include "log_keys.hpp"

namespace millrace {

/// One write of the log is one write batch. What a failed one left is dropped, or found whole, at the next opening.
class RocksDbBatchStorage final : public BatchStorage {
 public:
  /// Errors: see open_embedded_log.
  [[nodiscard]] static Result<std::unique_ptr<RocksDbBatchStorage>> open(const std::filesystem::path& directory,
                                                                         const EmbeddedLogOptions& options);
  /// Moves what is only in the WAL to files of its own, so that the next opening has nothing to replay.
  ~RocksDbBatchStorage() override;

  Result<StoredLog> load() override;
  Result<void> write(const StorageWrite& write) override;
  Result<std::optional<StoredBatch>> read_batch(const BatchKey& key) override;

 private:
  using Pinned = std::shared_ptr<rocksdb::PinnableSlice>;

  RocksDbBatchStorage(std::filesystem::path directory, std::unique_ptr<rocksdb::DB> db,
                      std::vector<rocksdb::ColumnFamilyHandle*> handles, bool fsync);
  Result<void> load_meta(StoredLog& log);
  Result<void> load_meta_entry(BytesView key, BytesView value, StoredLog& log);
  Result<void> ensure_log_id(StoredLog& log);
  Result<void> find_next_serial();
  Result<Offset> find_end(TopicNumber topic, Partition partition);
  Result<void> collect(const StorageWrite& write);
  void collect_batch(const StorageWrite::Batch& batch, std::int32_t count);
  Result<void> collect_topic_deletion(TopicNumber topic);
  Result<void> collect_group_deletion(const std::string& group);
  Result<std::optional<StoredBatch>> seek_batch(const BatchKey& key);
  /// The batch that an index entry tells of.
  Result<std::optional<StoredBatch>> resolve(const BatchKey& key, Pinned encoded);
  Result<std::optional<StoredBatch>> explain_missing(const BatchKey& key);
  Error corrupted(const std::string& what) const;

  // Constant after construction.
  std::filesystem::path directory_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* meta_;
  rocksdb::ColumnFamilyHandle* index_;
  rocksdb::ColumnFamilyHandle* batches_;
  rocksdb::ReadOptions read_options_;
  rocksdb::WriteOptions write_options_;

  // The writer's.
  rocksdb::WriteBatch batch_;
  BatchSerial next_serial_{1};
  std::optional<Error> failed_;
};

}  // namespace millrace
