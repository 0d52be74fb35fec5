// RocksDbBatchStorage: the batches, topics and offsets of an in-process log in one RocksDB.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/log/batch_storage.hpp>

#include "log_keys.hpp"
#include "wal_watch.hpp"

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
  Result<void> resume() override;
  Result<std::optional<StoredBatch>> read_batch(const BatchKey& key) override;
  Result<std::vector<BatchPlace>> list(const BatchKey& from, std::size_t most) override;

 private:
  using Pinned = std::shared_ptr<rocksdb::PinnableSlice>;

  RocksDbBatchStorage(std::filesystem::path directory, RocksDbMemory memory, std::shared_ptr<const WalWatch> wal_watch,
                      std::unique_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> handles);
  using AllMarks = std::map<std::pair<TopicNumber, Partition>, PartitionMarks>;
  Result<void> load_meta(StoredLog& log, AllMarks& marks);
  Result<void> load_meta_entry(BytesView key, BytesView value, StoredLog& log, AllMarks& marks);
  Result<void> ensure_log_id(StoredLog& log);
  Result<void> find_next_serial();
  Result<Offset> find_end(TopicNumber topic, Partition partition);
  Result<void> collect(const StorageWrite& write);
  void collect_batch(const StorageWrite::Batch& batch, std::int64_t span);
  /// Of the batches whose index keys are from `from` on and before `to`.
  Result<void> collect_batch_deletions(const Bytes& from, const Bytes& to);
  Result<void> collect_topic_deletion(TopicNumber topic);
  /// Once much was removed: has the disk given back what it took.
  void give_back();
  /// Nothing more is written, for this reason; returns it.
  Result<void> stop(Error why);
  [[nodiscard]] Error error_of(const rocksdb::Status& status) const;
  [[nodiscard]] std::uint64_t needed_bytes() const;
  [[nodiscard]] std::uint64_t needed_to_go_on_bytes() const;
  Result<void> collect_deletions(const Bytes& prefix);
  /// Moves a walk to the batch that holds the key's offset, or the first one after it. False if an entry is malformed.
  static bool find_in_index(rocksdb::Iterator& at, const BatchKey& key);
  Result<std::optional<StoredBatch>> seek_batch(const BatchKey& key, const rocksdb::Snapshot* snapshot);
  /// The batch that an index entry tells of; nullopt if it is not there.
  Result<std::optional<StoredBatch>> resolve(Offset base, Pinned encoded, const rocksdb::Snapshot* snapshot);
  Result<std::optional<StoredBatch>> read_at_one_time(const BatchKey& key);
  Result<void> check_gap(const BatchKey& key, Offset found, const rocksdb::Snapshot& snapshot);
  Error corrupted(const std::string& what) const;

  // Constant after construction.
  std::filesystem::path directory_;
  std::uint64_t part_of_disk_bytes_;
  RocksDbMemory memory_;
  std::shared_ptr<const WalWatch> wal_watch_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* meta_;
  rocksdb::ColumnFamilyHandle* index_;
  rocksdb::ColumnFamilyHandle* batches_;
  rocksdb::ReadOptions read_options_;
  rocksdb::WriteOptions write_options_;

  // The writer's.
  rocksdb::WriteBatch batch_;
  BatchSerial next_serial_{1};
  std::uint64_t wanted_bytes_ = 0;  ///< that the last write may come to
  std::size_t removed_bytes_ = 0;   ///< since give_back() had something to do
  std::optional<Error> failed_;
  bool database_stopped_ = false;  ///< the database said so itself
};

}  // namespace millrace
