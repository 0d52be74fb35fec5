// A log in memory with its housekeeper, stepped by hand, on a clock that is set by hand.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/log/in_process_log.hpp>
#include <millrace/log/log_housekeeper.hpp>
#include <millrace/testing/manual_clock.hpp>

#include "faulty_storage.hpp"

namespace millrace::log_test {

struct KeyedRecord {
  std::optional<Bytes> key;
  std::optional<Bytes> value;  ///< nullopt: a tombstone
  std::int64_t time_ms = 0;
  std::int64_t offset = -1;  ///< where it was read
  friend bool operator==(const KeyedRecord&, const KeyedRecord&) = default;
};
inline std::ostream& operator<<(std::ostream& out, const KeyedRecord& record) {
  return out << record.offset << ":" << record.key.value_or("(none)") << "=" << record.value.value_or("(null)");
}

class Lines final : public Logger {
 public:
  bool enabled(LogLevel) const override { return true; }
  void write(LogLevel, std::string_view component, std::string_view message) override {
    text += std::string(component) + ": " + std::string(message) + "\n";
    ++count;
  }
  std::string text;
  int count = 0;
};

/// The state that records leave.
using Fold = std::map<Bytes, Bytes>;
inline void fold_in(Fold& fold, const KeyedRecord& record) {
  if (!record.key) return;
  if (record.value) fold[*record.key] = *record.value;
  else fold.erase(*record.key);
}

class HousekeepingTest : public ::testing::Test {
 protected:
  HousekeepingTest() { open(); }

  void open() {
    keeper_.reset();
    log_.reset();
    log_ = InProcessLog::open(storage_, executor_).value();
    keeper_ = std::make_unique<LogHousekeeper>(*log_, clock_, &lines_, options_);
  }
  void create(CleanupPolicy cleanup, const TopicLimits& limits = {}) {
    log_->admin().ensure_topics({{"t", 1, cleanup, limits}}).take().value();
  }
  /// One transaction of one batch.
  void write(const std::vector<KeyedRecord>& records) {
    RecordBatchBuilder builder;
    for (const KeyedRecord& record : records) {
      builder.add(record.key, record.value, Timestamp(milliseconds(record.time_ms)), "h");
    }
    Transaction transaction;
    transaction.appends.push_back({t_, {}});
    transaction.appends.back().batches.push_back(builder.finish());
    log_->open_writer("w", {})->commit(std::move(transaction)).take().value();
  }
  void commit_offset(const std::string& group, std::int64_t offset) {
    Transaction transaction;
    transaction.group = group;
    transaction.offsets[t_] = {Offset(offset), ""};
    log_->open_writer("w", {})->commit(std::move(transaction)).take().value();
  }
  /// Does all that there is to do now.
  void keep_house() {
    clock_.advance(std::chrono::minutes(2));
    while (keeper_->step() <= clock_.steady_now()) {
    }
  }
  OffsetRange range() { return log_->admin().offset_ranges({t_}).take().value().at(t_); }
  /// What a reader finds from an offset on; it must come to the end.
  std::vector<KeyedRecord> read(std::optional<std::int64_t> from = std::nullopt) {
    auto reader = log_->open_reader({});
    auto slot = reader->assign(t_, from ? Offset(*from) : range().begin).value();
    std::vector<KeyedRecord> records;
    while (auto fetched = reader->poll(slot, 100).value()) {
      for (const RecordView& view : fetched->records) {
        records.push_back({view.key ? std::optional<Bytes>(*view.key) : std::nullopt,
                           view.value ? std::optional<Bytes>(*view.value) : std::nullopt,
                           view.timestamp.time_since_epoch().count(), view.offset.value()});
      }
    }
    EXPECT_EQ(reader->position(slot), range().end);
    return records;
  }
  std::vector<std::int64_t> offsets() {
    std::vector<std::int64_t> offsets;
    for (const KeyedRecord& record : read()) offsets.push_back(record.offset);
    return offsets;
  }
  std::size_t batches() { return storage_.list({TopicNumber(1), Partition(0), Offset(0)}, 1'000'000).value().size(); }

  const TopicPartition t_{"t", Partition(0)};
  HousekeepingOptions options_{.min_dirty_bytes = 1, .step_bytes = 200};
  FaultyStorage storage_;
  InlineExecutor executor_;
  ManualClock clock_{WallTime(std::chrono::hours(24 * 365 * 50))};
  Lines lines_;
  std::unique_ptr<InProcessLog> log_;
  std::unique_ptr<LogHousekeeper> keeper_;
};

}  // namespace millrace::log_test
