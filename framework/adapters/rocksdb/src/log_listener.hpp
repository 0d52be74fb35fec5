// LogListener: tells a person when the embedded log's database fails behind the sequencer's back.
#pragma once

#include <rocksdb/listener.h>

#include <millrace/base/logger.hpp>

namespace millrace {

/// Thread: RocksDB's own.
class LogListener final : public rocksdb::EventListener {
 public:
  /// Borrows `logger`.
  explicit LogListener(Logger& logger) : logger_(logger) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    // That is told by those who wait for it, once.
    if (status->IsNoSpace()) return;
    logger_.error("embedded-log", Error(ErrorCode::LogWriteFailed, status->ToString()));
  }
  /// A writer that waits is worth knowing of once, not each time.
  void OnStallConditionsChanged(const rocksdb::WriteStallInfo& info) override {
    if (info.condition.cur != rocksdb::WriteStallCondition::kStopped) return;
    logger_.warn("embedded-log", "writing waits for the disk: it is slower than the transactions come");
  }

 private:
  Logger& logger_;
};

}  // namespace millrace
