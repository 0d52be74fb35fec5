#include "state_options.hpp"

#include <algorithm>
#include <memory>

#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include "record_files.hpp"

namespace millrace {

namespace {

constexpr std::size_t kKiB = std::size_t{1} << 10;
constexpr std::size_t kMiB = std::size_t{1} << 20;
// What one store may hold in its memtable; the WAL, which is read again after a crash, is bounded by twice that. An
// entry costs as much then as when it was written, up to 4 us on a busy machine: 8 MiB took a start beyond a second.
constexpr std::size_t kMemtableBytes = 4 * kMiB;
constexpr std::size_t kLeastMemtableBytes = 256 * kKiB;
// Files kept open per task: a process may have many tasks and 1,024 descriptors.
constexpr int kOpenFiles = 64;
// The default divides the open files among 64 parts, which leaves one for each: of two files in the same part every
// read closed one to open the other, and a store of a dozen files was processed at a fifth of its speed.
constexpr int kOpenFilesShardBits = 0;
constexpr double kBloomBitsPerKey = 10;

/// Writes nothing. RocksDB's own writes a file LOG beside the data, and aborts the process (an assertion, version 7.8)
/// at the second message that finds no room there: a full disk must stop us with a reason. What matters comes with
/// each status.
class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

/// After a write that found no space RocksDB would begin again by itself, on a thread of its own and when it likes to.
/// Here its owner decides, who knows whether the write is to be made again; and Resume() would be refused as busy.
class NoResumption final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* resumes) override {
    *resumes = false;
  }
};

}  // namespace

void make_quiet(rocksdb::DBOptions& options) {
  options.listeners.push_back(std::make_shared<NoResumption>());
  options.info_log = std::make_shared<SilentLogger>();
  options.info_log_level = rocksdb::InfoLogLevel::FATAL_LEVEL;
  // The default, sixteen, makes as many threads for each column family, for a handful of files.
  options.max_file_opening_threads = 1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
}

rocksdb::DBOptions state_database_options(std::shared_ptr<rocksdb::WriteBufferManager> write_buffers) {
  rocksdb::DBOptions options;
  make_quiet(options);
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_open_files = kOpenFiles;
  options.table_cache_numshardbits = kOpenFilesShardBits;
  options.max_background_jobs = 2;
  options.write_buffer_manager = std::move(write_buffers);
  options.max_total_wal_size = 2 * kMemtableBytes;
  options.max_manifest_file_size = 8 * kMiB;
  options.bytes_per_sync = kMiB;
  // A damaged or torn WAL gives a consistent prefix: the changelog has the rest.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // But a prefix it must be: no WAL may be missing, or end too soon, before another one.
  options.track_and_verify_wals_in_manifest = true;
  refuse_gaps_between_wals(options);
  // One thread writes at a time.
  options.allow_concurrent_memtable_write = false;
  return options;
}

rocksdb::ColumnFamilyOptions state_column_options(std::shared_ptr<rocksdb::Cache> block_cache,
                                                  std::size_t memtable_budget_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(block_cache);
  table.block_size = 4 * kKiB;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  table.whole_key_filtering = true;
  // Within the one byte budget, and there before the blocks they lead to. In pieces of a block's size: the filter of a
  // large file would be as large as a whole part of the cache; it drove out the others, and each get read it anew.
  table.cache_index_and_filter_blocks = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;

  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // Where there is little for all stores, one does not have most of it.
  options.write_buffer_size = std::clamp(memtable_budget_bytes / 8, kLeastMemtableBytes, kMemtableBytes);
  options.max_write_buffer_number = 3;
  // Twice the default, for memtables of half the usual size: as many compactions as those would make.
  options.level0_file_num_compaction_trigger = 8;
  // Most gets are for keys that are not in the memtable; searching it is what costs.
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = 0.1;
  // The default, an eighth of the memtable, would cost a MiB for each store that has seen one write.
  options.arena_block_size = 64 * kKiB;
  options.level_compaction_dynamic_level_bytes = true;
  options.compression = rocksdb::kNoCompression;
  return options;
}

}  // namespace millrace
