// What RocksDbMemory is made of.
#pragma once

#include <memory>

#include <rocksdb/cache.h>

#include <millrace/adapters/rocksdb/rocksdb_memory.hpp>

#include "memtable_budget.hpp"

namespace millrace {

struct RocksDbMemory::Parts {
  explicit Parts(const Sizes& given);

  const Sizes sizes;
  const std::shared_ptr<rocksdb::Cache> block_cache;
  const std::shared_ptr<MemtableBudget> memtables;
};

}  // namespace millrace
