#include "log_under_test.hpp"

#include <unistd.h>

#include <filesystem>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/log/in_process_log.hpp>
#include <millrace/testing/memory_batch_storage.hpp>

namespace millrace::log_conformance {

namespace {

class MemoryLog final : public LogUnderTest {
 public:
  MemoryLog() { open(); }
  Log& log() override { return *log_; }
  void reopen() override {
    log_.reset();
    open();
  }

 private:
  void open() { log_ = InProcessLog::open(storage_, executor_).value(); }

  MemoryBatchStorage storage_;
  InlineExecutor executor_;
  std::unique_ptr<InProcessLog> log_;
};

class EmbeddedLogUnderTest final : public LogUnderTest {
 public:
  EmbeddedLogUnderTest() {
    std::filesystem::remove_all(directory_);
    open();
  }
  ~EmbeddedLogUnderTest() override {
    log_.reset();
    std::filesystem::remove_all(directory_);
  }
  Log& log() override { return log_->log(); }
  void reopen() override {
    log_.reset();
    open();
  }

 private:
  // Small memory, so that the suite also reads from table files.
  void open() { log_ = open_embedded_log(directory_, {.write_buffer_bytes = std::size_t{3} << 20}).value(); }

  const std::filesystem::path directory_ =
      std::filesystem::path(::testing::TempDir()) / ("millrace-log-" + std::to_string(::getpid()));
  std::unique_ptr<EmbeddedLog> log_;
};

template <class T>
std::unique_ptr<LogUnderTest> make() {
  return std::make_unique<T>();
}

}  // namespace

const std::vector<LogKind> kAllLogs{{"Memory", make<MemoryLog>}, {"Embedded", make<EmbeddedLogUnderTest>}};

std::ostream& operator<<(std::ostream& out, const TestRecord& record) {
  auto text = [](const std::optional<Bytes>& bytes) { return bytes ? "'" + printable(*bytes) + "'" : "null"; };
  return out << text(record.key) << "=" << text(record.value) << "@" << record.time_ms << " "
             << printable(record.headers);
}

TestRecord record(std::string value) { return {std::nullopt, std::move(value), 0, {}}; }

EncodedBatch batch_of(const std::vector<TestRecord>& records) {
  RecordBatchBuilder builder;
  for (const TestRecord& record : records) {
    builder.add(record.key, record.value, Timestamp(std::chrono::milliseconds(record.time_ms)), record.headers);
  }
  return builder.finish();
}

PartitionAppend append(const TopicPartition& target, const std::vector<std::string>& values) {
  PartitionAppend append{target, {}};
  for (const std::string& value : values) append.batches.push_back(batch_of({record(value)}));
  return append;
}

TopicPartition partition(const std::string& topic, std::int32_t number) { return {topic, Partition(number)}; }

void LogTest::create(const std::string& topic, std::int32_t partitions) {
  await(log().admin().ensure_topics({{topic, partitions}})).value();
}

CommitReceipt LogTest::commit(Transaction transaction) {
  auto writer = log().open_writer("test-writer", {});
  return await(writer->commit(std::move(transaction))).value();
}

CommitReceipt LogTest::write(const TopicPartition& target, const std::vector<std::string>& values) {
  Transaction transaction;
  transaction.appends.push_back(append(target, values));
  return commit(std::move(transaction));
}

std::vector<TestRecord> LogTest::read(const TopicPartition& source, Offset from) {
  auto reader = log().open_reader({});
  auto slot = reader->assign(source, from).value();
  std::vector<TestRecord> records;
  while (auto fetched = reader->poll(slot, 64 << 10).value()) {
    for (const RecordView& view : fetched->records) {
      records.push_back({view.key ? std::optional<Bytes>(*view.key) : std::nullopt,
                         view.value ? std::optional<Bytes>(*view.value) : std::nullopt,
                         view.timestamp.time_since_epoch().count(), Bytes(view.encoded_headers)});
    }
  }
  return records;
}

std::vector<std::string> LogTest::read_values(const TopicPartition& source, Offset from) {
  std::vector<std::string> values;
  for (const TestRecord& record : read(source, from)) values.push_back(record.value.value_or("(null)"));
  return values;
}

OffsetRange LogTest::range_of(const TopicPartition& source) {
  return await(log().admin().offset_ranges({source})).value().at(source);
}

OffsetMap LogTest::committed(const std::string& group) { return await(log().admin().committed_offsets(group)).value(); }

}  // namespace millrace::log_conformance
