// How the embedded log's RocksDB is tuned, and why.
#pragma once

#include <memory>

#include <rocksdb/cache.h>
#include <rocksdb/options.h>

#include <millrace/adapters/rocksdb/embedded_log.hpp>

namespace millrace {

[[nodiscard]] rocksdb::DBOptions log_database_options(const EmbeddedLogOptions& options, const RocksDbMemory& memory);
/// Batches of records: large values under rising keys.
[[nodiscard]] rocksdb::ColumnFamilyOptions batch_column_options(const EmbeddedLogOptions& options,
                                                                const std::shared_ptr<rocksdb::Cache>& block_cache);
/// Topics, offsets and the index: small values.
[[nodiscard]] rocksdb::ColumnFamilyOptions small_column_options(const std::shared_ptr<rocksdb::Cache>& block_cache);

}  // namespace millrace
