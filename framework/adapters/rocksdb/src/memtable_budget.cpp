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

MemtableBudget::Column* MemtableBudget::largest() {
  std::uint64_t most = 0;
  Column* found = nullptr;
  for (Column& column : columns_) {
    std::uint64_t bytes = 0;
    column.second->GetIntProperty(column.first, rocksdb::DB::Properties::kCurSizeActiveMemTable, &bytes);
    if (bytes <= most) continue;
    most = bytes;
    found = &column;
  }
  return found;
}

void MemtableBudget::relieve() {
  // With half of the memory in open memtables and the rest on its way to the disk, RocksDB's own limit is not reached.
  const std::size_t open_bytes = bytes() / 2;
  if (manager_->mutable_memtable_memory_usage() < open_bytes) return;
  auto all_used = [&] { return manager_->memory_usage() >= bytes(); };
  std::unique_lock lock(mutex_, std::defer_lock);
  // Whoever is here already begins a flush for all; and what it waits for, all wait for.
  if (all_used()) lock.lock();
  else if (!lock.try_lock()) return;
  do {
    Column* column = largest();
    if (column == nullptr) return;
    rocksdb::FlushOptions options;
    options.wait = all_used();
    options.allow_write_stall = true;
    // A flush that fails stops that database's writes, and its owner hears of it there.
    if (!column->second->Flush(options, column->first).ok()) return;
    // What is closed is freed as soon as it is written: only open memtables are worth another flush.
  } while (all_used() && manager_->mutable_memtable_memory_usage() >= open_bytes);
}

}  // namespace millrace
