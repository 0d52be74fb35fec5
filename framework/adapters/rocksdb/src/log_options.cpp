#include "log_options.hpp"

#include <algorithm>

#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "log_keys.hpp"
#include "log_listener.hpp"
#include "memory_parts.hpp"
#include "record_files.hpp"
#include "state_options.hpp"

namespace millrace {

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kSmallMemtableBytes = 4 * kMiB;
constexpr int kMemtables = 3;
constexpr int kOpenFiles = 256;
// No larger than a separate batch: neighbours in "batches" belong to other partitions, and are not wanted with it.
constexpr std::size_t kBatchBlockBytes = kLeastSeparateBytes;
constexpr std::size_t kSmallBlockBytes = 16 << 10;

std::shared_ptr<rocksdb::TableFactory> table_factory(const std::shared_ptr<rocksdb::Cache>& block_cache,
                                                     std::size_t block_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = block_cache;
  table.format_version = 5;
  table.block_size = block_bytes;
  table.cache_index_and_filter_blocks = true;
  return std::shared_ptr<rocksdb::TableFactory>(rocksdb::NewBlockBasedTableFactory(table));
}

/// Keys rise, so that no compaction comes upon the batches of deleted topics by itself: it is asked for.
void compact_deletions(rocksdb::ColumnFamilyOptions& column) {
  constexpr std::size_t kWindow = 1024;
  constexpr std::size_t kDeletionsInWindow = 512;
  // Where everything that comes goes again, nearly every other entry is a deletion, but never half of them.
  constexpr double kDeletionsInFile = 0.1;
  column.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(kWindow, kDeletionsInWindow, kDeletionsInFile));
}

std::size_t memtable_bytes(const EmbeddedLogOptions& options) {
  return std::max(options.write_buffer_bytes / kMemtables, kMiB);
}

}  // namespace

rocksdb::DBOptions log_database_options(const EmbeddedLogOptions& options, const RocksDbMemory& memory) {
  rocksdb::DBOptions database;
  make_quiet(database);
  database.write_buffer_manager = memory.parts()->memtables->manager();
  database.create_if_missing = true;
  database.create_missing_column_families = true;
  database.max_open_files = kOpenFiles;
  database.table_cache_numshardbits = 0;  // see state_options.cpp
  database.max_background_jobs = 2;
  database.max_total_wal_size = kMemtables * memtable_bytes(options);
  database.max_manifest_file_size = 8 * kMiB;
  database.bytes_per_sync = kMiB;
  // The last record of a WAL may be torn, by the death of the process that wrote it; anything else is damage, and a log
  // that silently went on without committed transactions would be worse than one that does not start.
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  database.track_and_verify_wals_in_manifest = true;
  refuse_gaps_between_wals(database);
  // The sequencer writes alone.
  database.allow_concurrent_memtable_write = false;
  if (options.logger != nullptr) database.listeners.push_back(std::make_shared<LogListener>(*options.logger));
  return database;
}

rocksdb::ColumnFamilyOptions batch_column_options(const EmbeddedLogOptions& options,
                                                  const std::shared_ptr<rocksdb::Cache>& block_cache) {
  rocksdb::ColumnFamilyOptions column;
  column.table_factory = table_factory(block_cache, kBatchBlockBytes);
  column.write_buffer_size = memtable_bytes(options);
  column.max_write_buffer_number = kMemtables;
  compact_deletions(column);
  column.compression = rocksdb::kNoCompression;
  return column;
}

rocksdb::ColumnFamilyOptions small_column_options(const std::shared_ptr<rocksdb::Cache>& block_cache) {
  rocksdb::ColumnFamilyOptions column;
  column.table_factory = table_factory(block_cache, kSmallBlockBytes);
  column.write_buffer_size = kSmallMemtableBytes;
  column.arena_block_size = std::size_t{64} << 10;
  compact_deletions(column);
  column.compression = rocksdb::kNoCompression;
  return column;
}

}  // namespace millrace
