#include "disk_room.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace millrace {

namespace {

constexpr std::uint64_t kPart = 16;

struct Disk {
  std::uint64_t free_bytes = 0;  ///< for who is not root
  std::uint64_t total_bytes = 0;
};

std::optional<Disk> disk_of(std::filesystem::path directory) {
  struct statvfs found {};
  while (::statvfs(directory.c_str(), &found) != 0) {
    const auto above = directory.has_parent_path() ? directory.parent_path() : std::filesystem::path(".");
    if (errno != ENOENT || above == directory) return std::nullopt;
    directory = above;
  }
  // Some network and user-space file systems tell nothing.
  if (found.f_blocks == 0) return std::nullopt;
  const std::uint64_t unit = found.f_frsize;
  return Disk{found.f_bavail * unit, found.f_blocks * unit};
}

}  // namespace

Result<void> check_room(const std::filesystem::path& directory, std::uint64_t needed_bytes,
                        std::uint64_t to_go_on_bytes, ErrorCode code) {
  auto disk = disk_of(directory);
  if (!disk || disk->free_bytes >= needed_bytes) return {};
  return Error(code, fmt::format("{}: No space left on device: {} bytes are free, {} are needed to go on",
                                 directory.string(), disk->free_bytes, std::max(needed_bytes, to_go_on_bytes)));
}

Error no_room(const std::filesystem::path& directory, std::uint64_t to_go_on_bytes, ErrorCode code,
              const std::string& why) {
  auto disk = disk_of(directory);
  if (!disk) return Error(code, fmt::format("{}: {}", directory.string(), why));
  return Error(code, fmt::format("{}: No space left on device: {} bytes are free, {} are needed to go on: {}",
                                 directory.string(), disk->free_bytes, to_go_on_bytes, why));
}

std::uint64_t part_of_disk_bytes(const std::filesystem::path& directory) {
  auto disk = disk_of(directory);
  return disk ? disk->total_bytes / kPart : std::numeric_limits<std::uint64_t>::max() / kPart;
}

}  // namespace millrace
