// What a log and a task's state still know when they are opened again, and what is gone for good.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files.hpp"
#include "numbered_log.hpp"

namespace millrace::rocksdb_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LogRestart : public ::testing::Test {
 protected:
  LogRestart() { open(); }
  void open() { log_ = open_embedded_log(directory_, small_log()).value(); }
  void reopen() {
    log_.reset();
    open();
  }
  LogAdmin& admin() { return log_->log().admin(); }
  std::map<std::string, TopicInfo> topics() {
    std::map<std::string, TopicInfo> topics;
    auto infos = await(admin().topics()).value();
    for (TopicInfo& topic : infos) topics[topic.name] = topic;
    return topics;
  }
  void commit(Transaction transaction) {
    await(log_->log().open_writer("w", {})->commit(std::move(transaction))).value();
  }
  void append(const std::string& topic, const std::vector<Bytes>& values) {
    Transaction transaction;
    transaction.appends.push_back(append_of({topic, Partition(0)}, values));
    commit(std::move(transaction));
  }
  std::vector<Bytes> values_of(const std::string& topic) {
    return read_all(log_->log(), {topic, Partition(0)}).value();
  }

  ScratchDirectory scratch_;
  const std::filesystem::path directory_ = scratch_ / "log";
  std::unique_ptr<EmbeddedLog> log_;
};

TEST_F(LogRestart, KeepsTopicsWithAllTheirProperties) {
  await(admin().ensure_topics({{"b", 3, CleanupPolicy::Compact}, {"a", 1, CleanupPolicy::Delete}})).value();
  auto before = topics();
  reopen();
  auto after = topics();
  ASSERT_EQ(after.size(), 2U);
  for (const auto& [name, info] : before) {
    EXPECT_EQ(after[name].id, info.id);
    EXPECT_EQ(after[name].partitions, info.partitions);
    EXPECT_EQ(after[name].cleanup, info.cleanup);
  }
}

TEST_F(LogRestart, KeepsOffsetsWithTheirMetadata) {
  Transaction transaction;
  transaction.group = "g";
  await(admin().ensure_topics({{"a", 8}})).value();
  transaction.offsets[{"a", Partition(0)}] = {Offset(0), ""};
  transaction.offsets[{"a", Partition(7)}] = {Offset(INT64_MAX), Bytes("\0\xff metadata", 11)};
  commit(std::move(transaction));
  reopen();
  auto offsets = await(admin().committed_offsets("g")).value();
  ASSERT_EQ(offsets.size(), 2U);
  EXPECT_EQ(offsets.at({"a", Partition(0)}).offset, Offset(0));
  EXPECT_EQ(offsets.at({"a", Partition(7)}).offset, Offset(INT64_MAX));
  EXPECT_EQ(offsets.at({"a", Partition(7)}).metadata, Bytes("\0\xff metadata", 11));
  await(admin().delete_group("g")).value();
  reopen();
  EXPECT_THAT(await(admin().committed_offsets("g")).value(), IsEmpty());
}

TEST_F(LogRestart, KeepsRecordsOfBatchesOfEverySize) {
  await(admin().ensure_topics({{"a", 1}})).value();
  std::vector<Bytes> written;
  // In the index, at the limit between both, beside it, and far beyond a block.
  for (std::size_t size : {0, 1, 4000, 4070, 4096, 4200, 100'000, 3'000'000}) {
    written.push_back(Bytes(size, static_cast<char>(size)));
    append("a", {written.back()});
  }
  EXPECT_TRUE(values_of("a") == written);
  reopen();
  EXPECT_TRUE(values_of("a") == written);
}

TEST_F(LogRestart, NumbersBatchesAnewBehindThoseThatAreThere) {
  await(admin().ensure_topics({{"a", 1}, {"b", 1}})).value();
  std::vector<Bytes> a;
  std::vector<Bytes> b;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 3; ++i) {
      a.push_back(Bytes(5000, static_cast<char>(10 * round + i)));
      b.push_back(Bytes(6000, static_cast<char>(100 + 10 * round + i)));
      append("a", {a.back()});
      append("b", {b.back()});
    }
    reopen();
    ASSERT_TRUE(values_of("a") == a);
    ASSERT_TRUE(values_of("b") == b);
  }
}

TEST_F(LogRestart, DropsATransactionThatWasWrittenInPart) {
  await(admin().ensure_topics({{"a", 1}, {"b", 1}})).value();
  Transaction whole;
  whole.appends.push_back(append_of({"a", Partition(0)}, {Bytes(9000, '1')}));
  commit(std::move(whole));
  Transaction torn;
  torn.appends.push_back(append_of({"a", Partition(0)}, {Bytes(9000, '2')}));
  torn.appends.push_back(append_of({"b", Partition(0)}, {Bytes(9000, '3')}));
  commit(std::move(torn));
  // As a process leaves it that is killed within its last write: without the last 100 bytes.
  copy_directory(directory_, scratch_ / "torn");
  auto wal = scratch_ / "torn" / files_like(scratch_ / "torn", "", ".log").back();
  std::filesystem::resize_file(wal, std::filesystem::file_size(wal) - 100);
  log_.reset();
  log_ = open_embedded_log(scratch_ / "torn", small_log()).value();
  EXPECT_THAT(values_of("a"), ElementsAre(Bytes(9000, '1')));
  EXPECT_THAT(values_of("b"), IsEmpty());
  append("a", {Bytes(9000, '4')});
  append("b", {Bytes(9000, '5')});
  log_.reset();
  log_ = open_embedded_log(scratch_ / "torn", small_log()).value();
  EXPECT_THAT(values_of("a"), ElementsAre(Bytes(9000, '1'), Bytes(9000, '4')));
  EXPECT_THAT(values_of("b"), ElementsAre(Bytes(9000, '5')));
}

TEST_F(LogRestart, GivesATopicMadeAnewAnotherIdAndNoneOfItsOldRecords) {
  await(admin().ensure_topics({{"a", 1}})).value();
  append("a", {"old", Bytes(5000, 'o')});
  std::string old_id = topics()["a"].id;
  await(admin().delete_topics({"a"})).value();
  reopen();
  EXPECT_THAT(topics(), IsEmpty());
  await(admin().ensure_topics({{"a", 1}})).value();
  EXPECT_NE(topics()["a"].id, old_id);
  EXPECT_THAT(values_of("a"), IsEmpty());
  append("a", {"new"});
  reopen();
  EXPECT_THAT(values_of("a"), ElementsAre("new"));
}

TEST_F(LogRestart, GivesTheDiskBackWhatDeletedTopicsTook) {
  await(admin().ensure_topics({{"large", 2}, {"small", 1}, {"kept", 1}})).value();
  std::vector<Bytes> kept;
  for (int i = 0; i < 100; ++i) {
    append("large", {Bytes(200'000, static_cast<char>(i))});
    for (int n = 0; n < 20; ++n) append("small", {Bytes(3000, static_cast<char>(n))});
    kept.push_back(Bytes(i % 2 == 0 ? 100 : 5000, static_cast<char>(i)));
    append("kept", {kept.back()});
  }
  reopen();
  ASSERT_GT(bytes_in(directory_), 25'000'000U);
  await(admin().delete_topics({"large", "small"})).value();
  reopen();
  EXPECT_TRUE(log_conformance::eventually([&] { return bytes_in(directory_) < 3'000'000; }))
      << bytes_in(directory_) << " bytes are left";
  EXPECT_TRUE(values_of("kept") == kept);
  reopen();
  EXPECT_TRUE(values_of("kept") == kept);
}

}  // namespace
}  // namespace millrace::rocksdb_test
