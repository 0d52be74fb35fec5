// MemtableBudget: keeps the memtables of all tasks within one number of bytes, by flushing the largest.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>

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

  /// To be called after each write. With half of the memory in open memtables the largest begins to be flushed. With
  /// all of it used, the caller waits while the largest are: whoever writes faster than the disk takes it up is held
  /// up here, and nowhere else, since RocksDB's own way (`allow_stall`) can wait for memory that nobody flushes.
  void relieve();

 private:
  using Column = std::pair<rocksdb::ColumnFamilyHandle* const, rocksdb::DB*>;

  [[nodiscard]] Column* largest();

  std::shared_ptr<rocksdb::WriteBufferManager> manager_;
  std::mutex mutex_;
  std::map<rocksdb::ColumnFamilyHandle*, rocksdb::DB*> columns_;
};

}  // namespace millrace
