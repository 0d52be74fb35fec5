// WalWatch: knows whether a write-ahead log has failed, or the step from one to the next.
#pragma once

#include <atomic>

#include <rocksdb/listener.h>

namespace millrace {

/// RocksDB 7.8 does not go on safely after that while the database is open: the whole of a record gets into the WAL
/// behind a part of it; a new WAL is begun only if something is in memory, and else the next write aborts the process
/// (an assertion). After what fails beside a write, a flush, a compaction, a manifest, it does: that is made again.
/// Thread-safe.
class WalWatch final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status*) override {
    if (reason == rocksdb::BackgroundErrorReason::kWriteCallback || reason == rocksdb::BackgroundErrorReason::kMemTable)
      failed_.store(true, std::memory_order_release);
  }
  [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> failed_{false};
};

}  // namespace millrace
