// A directory does not grow with what flows through it, but with what is to be kept.
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files.hpp"
#include "numbered_log.hpp"

namespace millrace::rocksdb_test {
namespace {

constexpr std::uintmax_t kMiB = std::uintmax_t{1} << 20;

class BoundedDisk : public ::testing::Test {
 protected:
  BoundedDisk() { open(); }
  void open() {
    log_.reset();
    EmbeddedLogOptions options;
    options.write_buffer_bytes = 3 * kMiB;
    options.memory = RocksDbMemory({.block_cache_bytes = kMiB, .memtable_bytes = 12 * kMiB});
    options.housekeeping.min_dirty_bytes = kMiB;
    log_ = open_embedded_log(directory_, options).value();
  }
  LogAdmin& admin() { return log_->log().admin(); }
  OffsetRange range(const TopicPartition& of) { return await(admin().offset_ranges({of})).value().at(of); }
  void look() { most_ = std::max(most_, bytes_in(directory_)); }

  ScratchDirectory scratch_;
  const std::filesystem::path directory_ = scratch_ / "log";
  std::unique_ptr<EmbeddedLog> log_;
  std::uintmax_t most_ = 0;
};

TEST_F(BoundedDisk, StaysSmallWhileMillionsOfUpdatesOfAThousandKeysFlow) {
  const TopicPartition changelog{"changelog", Partition(0)};
  const TopicPartition repartition{"repartition", Partition(0)};
  await(admin().ensure_topics({{"changelog", 1, CleanupPolicy::Compact}, {"repartition", 1}})).value();
  auto writer = log_->log().open_writer("w", {});
  std::int64_t n = 0;
  std::uintmax_t written_bytes = 0;
  std::map<Bytes, Bytes> newest;
  Pending<void> deleting;
  for (int commit = 0; commit < 1000; ++commit) {
    // Now and then a small transaction: those stand in the index.
    int records = commit % 5 == 0 ? 20 : 2000;
    RecordBatchBuilder changes;
    RecordBatchBuilder moved;
    for (int i = 0; i < records; ++i, ++n) {
      Bytes key = "key " + std::to_string(n * 7919 % 1000);
      Bytes value = std::to_string(n) + Bytes(40, 'v');
      changes.add(key, value, Timestamp(milliseconds(n)), "");
      moved.add(key, value, Timestamp(milliseconds(n)), "");
      if (commit >= 998) newest[key] = value;
    }
    Transaction transaction;
    for (auto* batch : {&changes, &moved}) {
      transaction.appends.push_back({batch == &changes ? changelog : repartition, {}});
      transaction.appends.back().batches.push_back(batch->finish());
      written_bytes += transaction.appends.back().batches.back().bytes.size();
    }
    await(writer->commit(std::move(transaction))).value();
    if (commit % 20 == 0) await(admin().delete_records({{repartition, Offset(n)}})).value();
    if (commit % 10 == 0) look();
  }
  EXPECT_GT(n, 1'500'000);
  EXPECT_GT(written_bytes, 150 * kMiB);
  EXPECT_LT(most_, 40 * kMiB) << "of " << written_bytes << " written";
  await(admin().delete_records({{repartition, Offset(n)}})).value();
  // And what is left when it is quiet is what is to be kept, and the room for what is new.
  EXPECT_TRUE(log_conformance::eventually([&] { return bytes_in(directory_) < 16 * kMiB; })) << bytes_in(directory_);
  writer.reset();
  open();
  EXPECT_EQ(range(changelog).end, Offset(n));
  EXPECT_EQ(range(repartition).begin, Offset(n));
  std::map<Bytes, Bytes> fold;
  auto reader = log_->log().open_reader({});
  auto slot = reader->assign(changelog, Offset(0)).value();
  while (auto fetched = reader->poll(slot, std::size_t{1} << 20).value()) {
    for (const RecordView& record : fetched->records) fold[Bytes(*record.key)] = Bytes(*record.value);
  }
  EXPECT_EQ(fold.size(), 1000U);
  EXPECT_TRUE(fold == newest);
}

TEST_F(BoundedDisk, IsGivenBackByAQuietLogWhenATopicIsGivenALimit) {
  const TopicPartition topic{"t", Partition(0)};
  await(admin().ensure_topics({{"t", 1}})).value();
  auto writer = log_->log().open_writer("w", {});
  for (int i = 0; i < 60; ++i) {
    Transaction transaction;
    transaction.appends.push_back(append_of(topic, {Bytes(kMiB, static_cast<char>(i))}));
    await(writer->commit(std::move(transaction))).value();
  }
  ASSERT_GT(bytes_in(directory_), 55 * kMiB);
  await(admin().ensure_topics({{"t", 1, CleanupPolicy::Delete, {.retention_bytes = 4 * kMiB}}})).value();
  EXPECT_TRUE(log_conformance::eventually([&] { return bytes_in(directory_) < 20 * kMiB; })) << bytes_in(directory_);
  EXPECT_EQ(range(topic).begin, Offset(56));
}

}  // namespace
}  // namespace millrace::rocksdb_test
