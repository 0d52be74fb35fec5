#include "database_error.hpp"

#include <fmt/format.h>

namespace millrace {

DatabaseFault classify(const rocksdb::Status& status) {
  // A file that the manifest names and the directory lacks.
  if (status.IsPathNotFound()) return DatabaseFault::Corrupted;
  if (status.IsIOError() || status.IsNoSpace()) {
    // RocksDB has no sub-code for it: "While lock file: <path>/LOCK: ..." and "lock hold by current process, ...".
    std::string text = status.ToString();
    bool locked = text.find("lock file") != std::string::npos || text.find("lock hold") != std::string::npos;
    return locked ? DatabaseFault::Locked : DatabaseFault::Unusable;
  }
  if (status.IsMemoryLimit() || status.IsTimedOut() || status.IsBusy()) return DatabaseFault::Unusable;
  // Damage also shows as InvalidArgument or NotSupported: a flipped bit names an unknown comparator or compression.
  return DatabaseFault::Corrupted;
}

std::string describe(const rocksdb::Status& status, const std::filesystem::path& directory) {
  return fmt::format("{}: {}", directory.string(), status.ToString());
}

bool finds_no_space(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return true;
  // A write that has to wait for a compaction, which has found none, is given up: there is no sub-code for it.
  return status.IsIncomplete() && status.ToString().find("No space left on device") != std::string::npos;
}

Error open_error(const rocksdb::Status& status, const std::filesystem::path& directory,
                 const DatabaseErrorCodes& codes) {
  if (finds_no_space(status)) return Error(codes.full_at_open, describe(status, directory));
  switch (classify(status)) {
    case DatabaseFault::Corrupted: return Error(codes.corrupted, describe(status, directory));
    case DatabaseFault::Locked: return Error(ErrorCode::StateDirectoryLocked, describe(status, directory));
    case DatabaseFault::Unusable: break;
  }
  return Error(ErrorCode::StateDirectoryUnusable, describe(status, directory));
}

Error read_error(const rocksdb::Status& status, const std::filesystem::path& directory,
                 const DatabaseErrorCodes& codes) {
  bool corrupted = classify(status) == DatabaseFault::Corrupted;
  return Error(corrupted ? codes.corrupted : codes.read_failed, describe(status, directory));
}

Error write_error(const rocksdb::Status& status, const std::filesystem::path& directory,
                  const DatabaseErrorCodes& codes) {
  if (finds_no_space(status)) return Error(codes.full, describe(status, directory));
  // A background task that met damaged bytes stops all writes with its own status.
  return Error(status.IsCorruption() ? codes.corrupted : codes.write_failed, describe(status, directory));
}

}  // namespace millrace
