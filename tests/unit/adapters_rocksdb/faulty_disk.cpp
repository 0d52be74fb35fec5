#include "faulty_disk.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "files.hpp"

namespace millrace::rocksdb_test {

namespace fs = std::filesystem;

namespace {

struct Disk {
  std::mutex mutex;
  std::string directory;
  std::optional<std::int64_t> room_bytes;
  bool room_is_seen = true;
  int write_error = 0;
  std::string write_error_name_end;
  bool reads_fail = false;
  std::int64_t reads_of_tables = 0;
  std::int64_t bytes_read_of_tables = 0;
  bool syncs_fail = false;
  bool syncs_wait = false;
  std::condition_variable released;
  std::map<std::string, std::uintmax_t> synced_bytes;
  std::map<std::string, int> syncs;
};
Disk disk;
std::atomic<bool> disk_in_use{false};

/// Empty if the file is not on the disk.
std::string path_on_disk(int fd) {
  if (!disk_in_use.load(std::memory_order_acquire)) return {};
  char path[4096];
  ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  if (size <= 0 || size == static_cast<ssize_t>(sizeof path)) return {};
  std::string name(path, static_cast<std::size_t>(size));
  return name.starts_with(disk.directory) ? name : std::string();
}

/// Calls with the bytes that there is room for.
template <class Call>
ssize_t write_with(int fd, std::size_t size, Call call) {
  std::string path = path_on_disk(fd);
  if (path.empty()) return call(size);
  std::lock_guard lock(disk.mutex);
  int error = disk.write_error != 0 && path.ends_with(disk.write_error_name_end) ? disk.write_error : 0;
  if (error == 0 && disk.room_bytes) {
    size = std::min(size, static_cast<std::size_t>(*disk.room_bytes));
    *disk.room_bytes -= static_cast<std::int64_t>(size);
    if (size == 0) error = ENOSPC;
  }
  if (error == 0) return call(size);
  errno = error;
  return -1;
}

bool reading_fails(int fd, std::size_t size) {
  std::string path = path_on_disk(fd);
  if (path.empty()) return false;
  std::lock_guard lock(disk.mutex);
  if (!path.ends_with(".sst")) return false;
  ++disk.reads_of_tables;
  disk.bytes_read_of_tables += static_cast<std::int64_t>(size);
  return disk.reads_fail;
}

int space_of(const char* path, struct statvfs* space) {
  struct statfs real {};
  if (::syscall(SYS_statfs, path, &real) != 0) return -1;
  *space = {};
  space->f_bsize = static_cast<unsigned long>(real.f_bsize);
  space->f_frsize = static_cast<unsigned long>(real.f_frsize != 0 ? real.f_frsize : real.f_bsize);
  space->f_blocks = real.f_blocks;
  space->f_bfree = real.f_bfree;
  space->f_bavail = real.f_bavail;
  if (!disk_in_use.load(std::memory_order_acquire)) return 0;
  std::lock_guard lock(disk.mutex);
  if (!disk.room_bytes || !disk.room_is_seen || !(std::string(path) + "/").starts_with(disk.directory)) return 0;
  space->f_frsize = 1;
  space->f_blocks = fsblkcnt_t{1} << 24;
  space->f_bfree = space->f_bavail = static_cast<fsblkcnt_t>(*disk.room_bytes);
  return 0;
}

int sync_with(int fd, long number) {
  std::string path = path_on_disk(fd);
  if (path.empty()) return static_cast<int>(::syscall(number, fd));
  std::unique_lock lock(disk.mutex);
  disk.released.wait(lock, [&] { return !disk.syncs_wait || !path.ends_with(".log"); });
  if (disk.syncs_fail) {
    errno = EIO;
    return -1;
  }
  int result = static_cast<int>(::syscall(number, fd));
  if (result != 0) return result;
  ++disk.syncs[path];
  std::error_code error;
  if (auto size = fs::file_size(path, error); !error) disk.synced_bytes[path] = size;
  return 0;
}

}  // namespace

FaultyDisk::FaultyDisk(const fs::path& directory) {
  heal();
  std::lock_guard lock(disk.mutex);
  disk.directory = fs::canonical(directory).string() + "/";
  disk.synced_bytes.clear();
  disk.syncs.clear();
  disk_in_use.store(true, std::memory_order_release);
}

FaultyDisk::~FaultyDisk() {
  heal();
  disk_in_use.store(false, std::memory_order_release);
}

void FaultyDisk::leave_room(std::int64_t bytes) {
  std::lock_guard lock(disk.mutex);
  disk.room_bytes = bytes;
  disk.room_is_seen = true;
}

void FaultyDisk::leave_room_unseen(std::int64_t bytes) {
  std::lock_guard lock(disk.mutex);
  disk.room_bytes = bytes;
  disk.room_is_seen = false;
}

void FaultyDisk::fail_writes(int error, const std::string& name_end) {
  std::lock_guard lock(disk.mutex);
  disk.write_error = error;
  disk.write_error_name_end = name_end;
}

void FaultyDisk::fail_reads_of_tables() {
  std::lock_guard lock(disk.mutex);
  disk.reads_fail = true;
}

void FaultyDisk::fail_syncs() {
  std::lock_guard lock(disk.mutex);
  disk.syncs_fail = true;
}

void FaultyDisk::hold_syncs_of_wals() {
  std::lock_guard lock(disk.mutex);
  disk.syncs_wait = true;
}

void FaultyDisk::heal() {
  std::lock_guard lock(disk.mutex);
  disk.room_bytes.reset();
  disk.write_error = 0;
  disk.reads_fail = false;
  disk.syncs_fail = false;
  disk.syncs_wait = false;
  disk.released.notify_all();
}

std::int64_t FaultyDisk::reads_of_tables() const {
  std::lock_guard lock(disk.mutex);
  return disk.reads_of_tables;
}

std::int64_t FaultyDisk::bytes_read_of_tables() const {
  std::lock_guard lock(disk.mutex);
  return disk.bytes_read_of_tables;
}

int FaultyDisk::syncs_of(const std::string& name_end) const {
  std::lock_guard lock(disk.mutex);
  int count = 0;
  for (const auto& [path, syncs] : disk.syncs) count += path.ends_with(name_end) ? syncs : 0;
  return count;
}

void FaultyDisk::copy_as_after_a_kill(const fs::path& from, const fs::path& image) const {
  std::lock_guard lock(disk.mutex);
  copy_directory(from, image);
}

void FaultyDisk::copy_as_after_a_power_cut(const fs::path& from, const fs::path& image) const {
  std::lock_guard lock(disk.mutex);
  copy_directory(from, image);
  for (const auto& entry : fs::directory_iterator(image)) {
    auto synced = disk.synced_bytes.find((from / entry.path().filename()).string());
    std::uintmax_t bytes = synced == disk.synced_bytes.end() ? 0 : synced->second;
    if (bytes < entry.file_size()) fs::resize_file(entry.path(), bytes);
  }
}

}  // namespace millrace::rocksdb_test

// The C library's names, in front of it. RocksDB finds these first.
extern "C" {

#define MILLRACE_IN_FRONT __attribute__((visibility("default")))

using millrace::rocksdb_test::disk;
using millrace::rocksdb_test::disk_in_use;

MILLRACE_IN_FRONT ssize_t write(int fd, const void* bytes, size_t size) {
  return millrace::rocksdb_test::write_with(fd, size,
                                            [&](size_t room) { return ::syscall(SYS_write, fd, bytes, room); });
}

MILLRACE_IN_FRONT ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return millrace::rocksdb_test::write_with(
      fd, size, [&](size_t room) { return ::syscall(SYS_pwrite64, fd, bytes, room, offset); });
}

MILLRACE_IN_FRONT ssize_t pread(int fd, void* bytes, size_t size, off_t offset) {
  if (!millrace::rocksdb_test::reading_fails(fd, size)) return ::syscall(SYS_pread64, fd, bytes, size, offset);
  errno = EIO;
  return -1;
}

MILLRACE_IN_FRONT int statvfs(const char* path, struct statvfs* space) noexcept {
  return millrace::rocksdb_test::space_of(path, space);
}

MILLRACE_IN_FRONT int fsync(int fd) { return millrace::rocksdb_test::sync_with(fd, SYS_fsync); }

MILLRACE_IN_FRONT int fdatasync(int fd) { return millrace::rocksdb_test::sync_with(fd, SYS_fdatasync); }

MILLRACE_IN_FRONT int rename(const char* from, const char* to) noexcept {
  std::unique_lock lock(disk.mutex, std::defer_lock);
  if (disk_in_use.load(std::memory_order_acquire)) lock.lock();
  int result = static_cast<int>(::syscall(SYS_rename, from, to));
  if (result != 0 || !lock.owns_lock()) return result;
  if (auto synced = disk.synced_bytes.extract(from)) {
    disk.synced_bytes.erase(to);
    synced.key() = to;
    disk.synced_bytes.insert(std::move(synced));
  }
  return 0;
}

MILLRACE_IN_FRONT int unlink(const char* path) noexcept {
  if (disk_in_use.load(std::memory_order_acquire)) {
    std::lock_guard lock(disk.mutex);
    disk.synced_bytes.erase(path);
  }
  return static_cast<int>(::syscall(SYS_unlink, path));
}
}
