// How a task's RocksDB is tuned, and why.
#pragma once

#include <memory>

#include <rocksdb/cache.h>
#include <rocksdb/options.h>
#include <rocksdb/write_buffer_manager.h>

namespace millrace {

[[nodiscard]] rocksdb::DBOptions state_database_options(std::shared_ptr<rocksdb::WriteBufferManager> write_buffers);
[[nodiscard]] rocksdb::ColumnFamilyOptions state_column_options(std::shared_ptr<rocksdb::Cache> block_cache,
                                                                std::size_t memtable_budget_bytes);
/// What every database of millrace has in common: no statistics, little chatter, and no going on by itself after a
/// write that failed.
void make_quiet(rocksdb::DBOptions& options);

}  // namespace millrace
