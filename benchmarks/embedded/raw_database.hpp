#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include <rocksdb/db.h>
#include <rocksdb/table.h>

#include "flags.hpp"

namespace millrace::bench {

inline void check(const rocksdb::Status& status) {
  if (!status.ok()) throw std::runtime_error("RocksDB: " + status.ToString());
}

/// What the limit shares with the engine it is held against. Never compressed: the values are random text.
struct RawOptions {
  rocksdb::Options database;
  rocksdb::ReadOptions read;

  explicit RawOptions(Flags& flags) {
    database.create_if_missing = true;
    database.compression = rocksdb::kNoCompression;
    database.write_buffer_size = flags.number("write-buffer-bytes", 64 << 20);
    database.max_write_buffer_number = static_cast<int>(flags.number("write-buffers", 2));
    database.max_background_jobs = static_cast<int>(flags.number("background-jobs", 2));
    database.enable_blob_files = flags.choice("blob-files", {"off", "on"}) == "on";
    database.min_blob_size = flags.number("min-blob-bytes", 4096);
    database.allow_mmap_reads = flags.choice("mmap-reads", {"off", "on"}) == "on";
    rocksdb::BlockBasedTableOptions table;
    table.block_size = flags.number("block-bytes", 16 << 10);
    table.block_cache = rocksdb::NewLRUCache(flags.number("block-cache-bytes", 32 << 20));
    database.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    read.fill_cache = false;  // a log is read once, front to back
    read.verify_checksums = flags.choice("verify-checksums", {"on", "off"}) == "on";
    read.readahead_size = flags.number("readahead-bytes", 0);
  }

  std::unique_ptr<rocksdb::DB> open(const std::string& directory) const {
    rocksdb::DB* opened = nullptr;
    check(rocksdb::DB::Open(database, directory, &opened));
    return std::unique_ptr<rocksdb::DB>(opened);
  }
};

enum class Topic : std::uint32_t { Source = 1, Output = 2 };

/// topic | partition | base offset, big-endian, so that a partition's batches stand in order.
inline std::string batch_key(Topic topic, std::uint64_t base_offset) {
  std::string key(16, '\0');
  key[3] = static_cast<char>(topic);
  for (int i = 0; i < 8; ++i) key[8 + i] = static_cast<char>(base_offset >> (56 - 8 * i));
  return key;
}

}  // namespace millrace::bench
