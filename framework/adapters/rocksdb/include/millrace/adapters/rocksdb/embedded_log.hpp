// EmbeddedLog: a durable, transactional log within one process and one directory.
//
// A transaction is one write of RocksDB: whole or not there, also after a killed process. Without fsync a power cut may
// take the last transactions; with it none that was acknowledged.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>

#include <millrace/adapters/rocksdb/rocksdb_memory.hpp>
#include <millrace/base/logger.hpp>
#include <millrace/log/log.hpp>
#include <millrace/log/log_housekeeper.hpp>

namespace millrace {

/// How an embedded log is opened.
struct EmbeddedLogOptions {
  /// Force each transaction to the disk before it is acknowledged.
  bool fsync = false;
  /// Transactions that are not yet in a table or blob file. A third of it is written at once; after a crash at most all
  /// of it is read again when the log is opened.
  std::size_t write_buffer_bytes = std::size_t{48} << 20;
  /// For indexes, and blocks of small batches; and what its memtables count for, too. nullopt: 8 MiB of its own.
  std::optional<RocksDbMemory> memory{};
  /// Told about failures in the background. May be null; outlives the log.
  Logger* logger = nullptr;
  /// Compaction, retention, and what deleted records leave.
  HousekeepingOptions housekeeping{};
};

/// Owns the storage, the sequencer's thread, which keeps house between commits, and the log. Destroying it ends commits
/// already begun, joins the thread and closes the files. REQUIRES then: its readers, writers and memberships are gone.
class EmbeddedLog {
 public:
  ~EmbeddedLog();
  EmbeddedLog(const EmbeddedLog&) = delete;
  EmbeddedLog& operator=(const EmbeddedLog&) = delete;

  [[nodiscard]] Log& log();  ///< The log; it lives as long as this object.

 private:
  friend Result<std::unique_ptr<EmbeddedLog>> open_embedded_log(const std::filesystem::path& directory,
                                                                const EmbeddedLogOptions& options);
  struct Parts;
  explicit EmbeddedLog(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Opens or creates the log in `directory`.
/// Errors: LogCorrupted (nothing is wiped: it is the source of truth), LogFormatUnknown (nothing was changed),
/// StateDirectoryUnusable (permissions, space, not a directory), StateDirectoryLocked.
[[nodiscard]] Result<std::unique_ptr<EmbeddedLog>> open_embedded_log(const std::filesystem::path& directory,
                                                                     const EmbeddedLogOptions& options = {});

}  // namespace millrace
