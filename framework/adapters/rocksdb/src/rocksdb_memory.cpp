#include <millrace/adapters/rocksdb/rocksdb_memory.hpp>

#include "memory_parts.hpp"

namespace millrace {

namespace {

/// Half of it is kept for indexes and filters: a scan of the log does not drive out what every get needs.
std::shared_ptr<rocksdb::Cache> make_cache(std::size_t bytes) {
  rocksdb::LRUCacheOptions options;
  options.capacity = bytes;
  options.high_pri_pool_ratio = 0.5;
  return rocksdb::NewLRUCache(options);
}

}  // namespace

RocksDbMemory::Parts::Parts(const Sizes& given)
    : sizes(given),
      block_cache(make_cache(given.block_cache_bytes)),
      memtables(std::make_shared<MemtableBudget>(given.memtable_bytes)) {}

RocksDbMemory::RocksDbMemory(const Sizes& sizes) : parts_(std::make_shared<Parts>(sizes)) {}

std::size_t RocksDbMemory::block_cache_used_bytes() const { return parts_->block_cache->GetUsage(); }
std::size_t RocksDbMemory::memtable_used_bytes() const { return parts_->memtables->manager()->memory_usage(); }
const RocksDbMemory::Sizes& RocksDbMemory::sizes() const { return parts_->sizes; }

}  // namespace millrace
