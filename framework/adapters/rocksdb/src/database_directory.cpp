#include "database_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include <millrace/base/bytes.hpp>

namespace millrace {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStampName = "MILLRACE-FORMAT";
constexpr const char* kNewStampName = "MILLRACE-FORMAT.new";
constexpr const char* kFirstManifest = "MANIFEST-000001";

std::error_code last_error() { return {errno, std::generic_category()}; }

std::error_code sync_path(const fs::path& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return last_error();
  std::error_code error;
  if (::fsync(fd) != 0) error = last_error();
  ::close(fd);
  return error;
}

std::error_code write_file(const fs::path& path, const std::string& text) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return last_error();
  std::error_code error;
  ssize_t written = ::write(fd, text.data(), text.size());
  // A write of a few bytes that comes to an end within them has met the end of the disk.
  if (written >= 0 && written < static_cast<ssize_t>(text.size())) error = {ENOSPC, std::generic_category()};
  else if (written < 0 || ::fsync(fd) != 0) error = last_error();
  ::close(fd);
  return error;
}

}  // namespace

DatabaseDirectory::DatabaseDirectory(fs::path path, const std::string& kind, int version,
                                     const DatabaseErrorCodes& codes, int oldest)
    : path_(std::move(path)),
      stamp_path_(path_ / kStampName),
      family_(fmt::format("millrace {} ", kind)),
      stamp_(fmt::format("{}{}\n", family_, version)),
      codes_(codes) {
  for (int older = oldest; oldest > 0 && older < version; ++older)
    older_stamps_.push_back(fmt::format("{}{}\n", family_, older));
}

Error DatabaseDirectory::unusable(const std::string& what, const fs::path& path, const std::error_code& error) const {
  bool full = error == std::errc::no_space_on_device;
  return Error(full ? codes_.full_at_open : ErrorCode::StateDirectoryUnusable,
               fmt::format("{} {}: {}", what, path.string(), error.message()));
}

Result<void> DatabaseDirectory::claim() const {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) return unusable("cannot create", path_, error);
  auto stamped = has_stamp();
  if (!stamped) return stamped.error();
  if (!*stamped) return write_stamp();
  std::ifstream file(stamp_path_, std::ios::binary);
  std::string found((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return unusable("cannot read", stamp_path_, last_error());
  bool older = std::find(older_stamps_.begin(), older_stamps_.end(), found) != older_stamps_.end();
  if (found != stamp_ && !older) {
    return Error(codes_.format_unknown, fmt::format("{} says {}, where this version writes {}", stamp_path_.string(),
                                                    printable(found), printable(stamp_)));
  }
  MILLRACE_TRY(check_current());
  // From now on a version that knows the older format only must not take it.
  return older ? write_stamp() : Result<void>();
}

/// False if there is neither a stamp nor anything else.
Result<bool> DatabaseDirectory::has_stamp() const {
  std::error_code error;
  bool stamped = fs::exists(stamp_path_, error);
  if (error) return unusable("cannot look into", path_, error);
  if (stamped) return true;
  for (fs::directory_iterator entry(path_, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().filename() == kNewStampName) continue;
    return Error(codes_.format_unknown, fmt::format("{} holds {} but no {}: millrace did not write it", path_.string(),
                                                    entry->path().filename().string(), kStampName));
  }
  if (error) return unusable("cannot list", path_, error);
  return false;
}

Result<void> DatabaseDirectory::write_stamp() const {
  fs::path fresh = path_ / kNewStampName;
  if (auto error = write_file(fresh, stamp_)) return unusable("cannot write", fresh, error);
  std::error_code error;
  fs::rename(fresh, stamp_path_, error);
  if (error) return unusable("cannot rename", fresh, error);
  if (error = sync_path(path_); error) return unusable("cannot sync", path_, error);
  return {};
}

/// RocksDB makes a new, empty database where CURRENT is missing; that would hide the loss of the old one. Its first
/// manifest alone is none: a process killed while it makes a database leaves that, before anything could be written.
Result<void> DatabaseDirectory::check_current() const {
  std::error_code error;
  bool current = fs::exists(path_ / "CURRENT", error);
  if (error) return unusable("cannot look into", path_, error);
  if (current) return check_wal();
  for (fs::directory_iterator entry(path_, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    auto extension = entry->path().extension();
    std::string name = entry->path().filename().string();
    bool manifest = name.starts_with("MANIFEST-") && name != kFirstManifest;
    if (!manifest && extension != ".sst" && extension != ".log" && extension != ".blob") continue;
    return Error(codes_.corrupted, fmt::format("{} is missing, but {} is there", (path_ / "CURRENT").string(), name));
  }
  if (error) return unusable("cannot list", path_, error);
  return {};
}

/// RocksDB has a WAL, if an empty one, from before its second manifest on. It does not miss the newest: what is
/// committed and in no table yet would silently be gone.
Result<void> DatabaseDirectory::check_wal() const {
  std::ifstream file(path_ / "CURRENT");
  std::string manifest;
  std::getline(file, manifest);
  if (manifest == kFirstManifest) return {};
  std::error_code error;
  for (fs::directory_iterator entry(path_, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().extension() == ".log") return {};
  }
  if (error) return unusable("cannot list", path_, error);
  return Error(codes_.corrupted, fmt::format("{}: the write-ahead log, a file NUMBER.log, is missing", path_.string()));
}

Result<void> DatabaseDirectory::destroy() const {
  std::error_code error;
  if (!fs::exists(path_, error))
    return error ? Result<void>(unusable("cannot look into", path_, error)) : Result<void>();
  auto stamped = has_stamp();
  if (!stamped) return stamped.error();
  if (*stamped) {
    std::ifstream file(stamp_path_, std::ios::binary);
    std::string found(family_.size(), '\0');
    file.read(found.data(), static_cast<std::streamsize>(found.size()));
    if (found != family_) {
      return Error(codes_.format_unknown,
                   fmt::format("{} says {}: it is not deleted", stamp_path_.string(), printable(found)));
    }
  }
  // CURRENT first: without it, what a killed process leaves is known to be incomplete. The stamp last: without it, the
  // rest would not be known to be ours.
  fs::remove(path_ / "CURRENT", error);
  if (error) return unusable("cannot delete", path_ / "CURRENT", error);
  for (fs::directory_iterator entry(path_, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path() == stamp_path_) continue;
    std::error_code failure;
    fs::remove_all(entry->path(), failure);
    if (failure) return unusable("cannot delete", entry->path(), failure);
  }
  if (error) return unusable("cannot list", path_, error);
  fs::remove_all(path_, error);
  if (error) return unusable("cannot delete", path_, error);
  return {};
}

}  // namespace millrace
