// FaultyDisk: a disk that is full, fails, or loses power.
//
// The test binary defines write(), pwrite(), pread(), fsync(), fdatasync(), rename(), unlink() and statvfs() itself, in
// front of the C library's; so what is tested is the code that users run, down to RocksDB's own files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace millrace::rocksdb_test {

/// While it is alive, the files below one directory are on it. One at a time. Thread-safe.
class FaultyDisk {
 public:
  explicit FaultyDisk(const std::filesystem::path& directory);
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  /// There is room for so many bytes more. The write that finds less writes a part; then writes fail with ENOSPC.
  void leave_room(std::int64_t bytes);
  /// The same, but who asks what is free is told nothing: as if others filled the disk between a look and a write.
  void leave_room_unseen(std::int64_t bytes);
  /// Every write to files whose name ends so fails with `error`, which is an errno.
  void fail_writes(int error, const std::string& name_end = "");
  /// Every read of tables (files NUMBER.sst) fails with EIO.
  void fail_reads_of_tables();
  /// Every fsync and fdatasync fails with EIO.
  void fail_syncs();
  /// Syncs of files NUMBER.log wait until heal().
  void hold_syncs_of_wals();
  void heal();

  /// Reads of tables so far, and what was asked for.
  [[nodiscard]] std::int64_t reads_of_tables() const;
  [[nodiscard]] std::int64_t bytes_read_of_tables() const;
  /// Of files whose name ends so.
  [[nodiscard]] int syncs_of(const std::string& name_end) const;
  /// Copies to `image` what is in `from` now, as the death of the process would leave it: nothing changes meanwhile,
  /// whatever other threads are at.
  void copy_as_after_a_kill(const std::filesystem::path& from, const std::filesystem::path& image) const;
  /// Copies to `image` what is in `from` after a power cut in the worst case: of each file what was synced.
  void copy_as_after_a_power_cut(const std::filesystem::path& from, const std::filesystem::path& image) const;
};

}  // namespace millrace::rocksdb_test
