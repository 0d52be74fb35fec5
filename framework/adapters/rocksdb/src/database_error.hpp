// What a RocksDB status means to people and to the runtime.
#pragma once

#include <filesystem>

#include <rocksdb/status.h>

#include <millrace/base/error.hpp>

namespace millrace {

enum class DatabaseFault : std::uint8_t {
  Corrupted,  ///< the bytes on disk are not those that were written
  Locked,     ///< somebody else has the database open
  Unusable,   ///< no space, no permission, a failing disk
};

/// REQUIRES: !status.ok().
[[nodiscard]] DatabaseFault classify(const rocksdb::Status& status);

/// "<directory>: <what RocksDB says, with the file and the system's error text>".
[[nodiscard]] std::string describe(const rocksdb::Status& status, const std::filesystem::path& directory);

/// The codes by which one kind of database reports its faults.
struct DatabaseErrorCodes {
  ErrorCode corrupted;
  ErrorCode read_failed;
  ErrorCode write_failed;
  ErrorCode format_unknown;
  ErrorCode full;          ///< a write found no space
  ErrorCode full_at_open;  ///< opening did
};
inline constexpr DatabaseErrorCodes kStateErrors{ErrorCode::StateCorrupted,   ErrorCode::StateReadFailed,
                                                 ErrorCode::StateWriteFailed, ErrorCode::StateFormatUnknown,
                                                 ErrorCode::StateFull,        ErrorCode::StateFull};
inline constexpr DatabaseErrorCodes kLogErrors{ErrorCode::LogCorrupted,   ErrorCode::LogReadFailed,
                                               ErrorCode::LogWriteFailed, ErrorCode::LogFormatUnknown,
                                               ErrorCode::LogFull,        ErrorCode::StateDirectoryUnusable};

/// Is a full disk the reason?
[[nodiscard]] bool finds_no_space(const rocksdb::Status& status);
[[nodiscard]] Error open_error(const rocksdb::Status& status, const std::filesystem::path& directory,
                               const DatabaseErrorCodes& codes);
[[nodiscard]] Error read_error(const rocksdb::Status& status, const std::filesystem::path& directory,
                               const DatabaseErrorCodes& codes);
[[nodiscard]] Error write_error(const rocksdb::Status& status, const std::filesystem::path& directory,
                                const DatabaseErrorCodes& codes);

}  // namespace millrace
