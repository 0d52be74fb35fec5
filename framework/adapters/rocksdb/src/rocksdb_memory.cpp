#include <millrace/adapters/rocksdb/rocksdb_memory.hpp>

#include "memory_parts.hpp"

namespace millrace {

namespace {

// The default cuts a cache into up to 64 parts, of half a MiB at least: too small for blocks of the log, which may have
// a MiB, and for hot ones that fall into the same part.
constexpr std::size_t kLeastPartBytes = std::size_t{8} << 20;
constexpr int kMostPartBits = 6;

int part_bits(std::size_t bytes) {
  int bits = 0;
  while (bits < kMostPartBits && (bytes >> (bits + 1)) >= kLeastPartBytes) ++bits;
  return bits;
}

/// Half of it is kept for indexes and filters: a scan of the log does not drive out what every get needs.
std::shared_ptr<rocksdb::Cache> make_cache(std::size_t bytes) {
  rocksdb::LRUCacheOptions options;
  options.capacity = bytes;
  options.num_shard_bits = part_bits(bytes);
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
