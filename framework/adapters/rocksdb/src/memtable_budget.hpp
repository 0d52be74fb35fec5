// MemtableBudget: keeps the memtables of all tasks within one number of bytes, by flushing the largest.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include <rocksdb/db.h>
#include <rocksdb/write_buffer_manager.h>

namespace millrace {

/// RocksDB's own manager flushes whichever database happens to write, however small its memtable, which makes many tiny
/// files. So the largest is flushed here, before that manager's limit is reached. Thread-safe.
class MemtableBudget {
 public:
  explicit MemtableBudget(std::size_t bytes);

  [[nodiscard]] const std::shared_ptr<rocksdb::WriteBufferManager>& manager() const { return manager_; }

  /// Of all memtables.
  [[nodiscard]] std::size_t bytes() const { return manager_->buffer_size(); }

  /// Both are borrowed until leave().
  void enter(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& column);
  void leave(rocksdb::ColumnFamilyHandle& column);

  /// To be called after each write. Never waits for a flush.
  void relieve();

 private:
  std::shared_ptr<rocksdb::WriteBufferManager> manager_;
  std::mutex mutex_;
  std::map<rocksdb::ColumnFamilyHandle*, rocksdb::DB*> columns_;
};

}  // namespace millrace
