// What every implementation of the log port is tested through. A new one adds a factory to kAllLogs.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/log/log.hpp>

#include "await.hpp"

namespace millrace::log_conformance {

/// A log that can be closed and opened again.
class LogUnderTest {
 public:
  LogUnderTest() = default;
  LogUnderTest(const LogUnderTest&) = delete;
  LogUnderTest& operator=(const LogUnderTest&) = delete;
  virtual ~LogUnderTest() = default;

  virtual Log& log() = 0;
  /// Closes the log in order and opens it again. REQUIRES: none of its parts is alive.
  virtual void reopen() = 0;
};

struct LogKind {
  const char* name;
  std::unique_ptr<LogUnderTest> (*make)();
};
inline std::ostream& operator<<(std::ostream& out, const LogKind& kind) { return out << kind.name; }

extern const std::vector<LogKind> kAllLogs;

/// A record as a test writes it and as it reads it back.
struct TestRecord {
  std::optional<Bytes> key;
  std::optional<Bytes> value;
  std::int64_t time_ms = 0;
  Bytes headers;
  friend bool operator==(const TestRecord&, const TestRecord&) = default;
};
std::ostream& operator<<(std::ostream& out, const TestRecord& record);

TestRecord record(std::string value);
EncodedBatch batch_of(const std::vector<TestRecord>& records);
/// One batch per value.
PartitionAppend append(const TopicPartition& target, const std::vector<std::string>& values);
TopicPartition partition(const std::string& topic, std::int32_t number = 0);

/// Tests that are run against each log.
class LogTest : public ::testing::TestWithParam<LogKind> {
 protected:
  LogTest() : under_test_(GetParam().make()) {}

  Log& log() { return under_test_->log(); }
  void reopen() { under_test_->reopen(); }

  void create(const std::string& topic, std::int32_t partitions = 1);
  /// Commits through a writer of its own.
  CommitReceipt commit(Transaction transaction);
  CommitReceipt write(const TopicPartition& target, const std::vector<std::string>& values);
  /// Every record of the partition, from `from` to its end.
  std::vector<TestRecord> read(const TopicPartition& source, Offset from = Offset(0));
  std::vector<std::string> read_values(const TopicPartition& source, Offset from = Offset(0));
  OffsetRange range_of(const TopicPartition& source);
  OffsetMap committed(const std::string& group);

 private:
  std::unique_ptr<LogUnderTest> under_test_;
};

}  // namespace millrace::log_conformance
