#include "memtable_budget.hpp"

#include <algorithm>

namespace millrace {

namespace {
constexpr std::size_t kLeastBytes = std::size_t{1} << 20;
}

MemtableBudget::MemtableBudget(std::size_t bytes)
    : manager_(std::make_shared<rocksdb::WriteBufferManager>(std::max(bytes, kLeastBytes))) {}

void MemtableBudget::enter(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& column) {
  std::lock_guard lock(mutex_);
  columns_[&column] = &db;
}

void MemtableBudget::leave(rocksdb::ColumnFamilyHandle& column) {
  std::lock_guard lock(mutex_);
  columns_.erase(&column);
}

void MemtableBudget::relieve() {
  // With half of the memory in open memtables and the rest on its way to the disk, RocksDB's own limit is not reached.
  if (manager_->mutable_memtable_memory_usage() < manager_->buffer_size() / 2) return;
  std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  std::uint64_t largest_bytes = 0;
  std::map<rocksdb::ColumnFamilyHandle*, rocksdb::DB*>::value_type* largest = nullptr;
  for (auto& entry : columns_) {
    std::uint64_t bytes = 0;
    entry.second->GetIntProperty(entry.first, rocksdb::DB::Properties::kCurSizeActiveMemTable, &bytes);
    if (bytes > largest_bytes) {
      largest_bytes = bytes;
      largest = &entry;
    }
  }
  if (largest == nullptr) return;
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;
  // A flush that fails stops that database's writes, and its owner hears of it there.
  largest->second->Flush(options, largest->first).PermitUncheckedError();
}

}  // namespace millrace
