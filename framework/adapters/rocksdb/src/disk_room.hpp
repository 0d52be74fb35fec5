// The room on a disk, looked at before RocksDB meets its end: in the middle of a write to a WAL or a manifest it takes
// that for a fault, and from some it does not recover while the database is open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <millrace/base/result.hpp>

namespace millrace {

/// What must stay free beside what is written: for what RocksDB writes of its own accord, and for others who write to
/// the same disk between the look and the write.
inline constexpr std::uint64_t kReservedBytes = std::uint64_t{512} << 10;
/// Of a task's state less: on a disk that both share commits to the log wait first, and what has been committed still
/// finds room.
inline constexpr std::uint64_t kStateReservedBytes = std::uint64_t{256} << 10;

/// Fails with `code` if fewer than `needed_bytes` are free on the disk of `directory`, or of the nearest folder above
/// that exists; the message says that `to_go_on_bytes` are wanted. Where it cannot be told what is free it succeeds:
/// the write will tell.
[[nodiscard]] Result<void> check_room(const std::filesystem::path& directory, std::uint64_t needed_bytes,
                                      std::uint64_t to_go_on_bytes, ErrorCode code);

/// The same for what a database has said already, as `why`: the message has what is free, too.
[[nodiscard]] Error no_room(const std::filesystem::path& directory, std::uint64_t to_go_on_bytes, ErrorCode code,
                            const std::string& why);

/// A sixteenth of the whole disk: no more is kept back of a small one. As good as without a limit if it cannot be told.
[[nodiscard]] std::uint64_t part_of_disk_bytes(const std::filesystem::path& directory);

}  // namespace millrace
