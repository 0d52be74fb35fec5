// RocksDbTaskBackendFactory: task state that outlives the process, in one RocksDB per task.
//
// What apply() wrote survives a killed process, whole or not at all: it is with the operating system when apply()
// returns. A power cut may take the last of it, never leave a part of it. A store's column family and its stamp live
// and die together, so a store that was dropped, wiped or newly made is empty and has never been stamped, wherever a
// crash comes.
#pragma once

#include <memory>

#include <millrace/adapters/rocksdb/rocksdb_memory.hpp>
#include <millrace/state/task_backend.hpp>

namespace millrace {

/// Thread-safe. The backends that it opened may outlive it.
class RocksDbTaskBackendFactory final : public TaskBackendFactory {
 public:
  /// Opens nothing yet. All tasks share the memory, and whoever else has it.
  explicit RocksDbTaskBackendFactory(RocksDbMemory memory = RocksDbMemory(RocksDbMemory::Sizes{}));
  ~RocksDbTaskBackendFactory() override;

  /// Errors: StateCorrupted (names the file if RocksDB does), StateDirectoryUnusable, StateDirectoryLocked,
  /// StateFormatUnknown (nothing was changed), StateFull.
  Result<std::unique_ptr<TaskBackend>> open(const std::filesystem::path& directory,
                                            const std::vector<std::string>& stores) override;
  /// Deletes the directory. A killed process leaves one that open() finds corrupted, or none.
  /// Errors: StateDirectoryUnusable, StateFormatUnknown (the directory is not ours: nothing was deleted).
  /// REQUIRES: no backend of the directory is open, nor any of its iterators.
  Result<void> destroy(const std::filesystem::path& directory) override;

 private:
  RocksDbMemory memory_;
};

}  // namespace millrace
