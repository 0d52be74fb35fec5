// Databases that RocksDB finds in order, but whose entries are not ours: malformed, or not fitting together.
#include <rocksdb/db.h>

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files.hpp"
#include "numbered_log.hpp"
#include "numbered_state.hpp"

namespace millrace::rocksdb_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Columns = std::map<std::string, rocksdb::ColumnFamilyHandle*>;

/// Changes a database that nobody has open.
void tamper(const std::filesystem::path& directory, const std::function<void(rocksdb::DB&, Columns&)>& change) {
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(rocksdb::Options(), directory.string(), &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names) descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(rocksdb::Options(), directory.string(), descriptors, &handles, &opened).ok());
  std::unique_ptr<rocksdb::DB> db(opened);
  Columns columns;
  for (std::size_t i = 0; i < names.size(); ++i) columns[names[i]] = handles[i];
  change(*db, columns);
  for (auto* handle : handles) ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
}

/// The last entry of a column family.
std::pair<std::string, std::string> last_entry(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* column) {
  std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(rocksdb::ReadOptions(), column));
  at->SeekToLast();
  EXPECT_TRUE(at->Valid());
  return at->Valid() ? std::pair(at->key().ToString(), at->value().ToString()) : std::pair<std::string, std::string>();
}

class TamperedState : public ::testing::Test {
 protected:
  TamperedState() {
    auto backend = factory_.open(directory_, kStores).value();
    for (std::int64_t n = 1; n <= 5; ++n) apply_numbered(*backend, n).value();
  }
  ScratchDirectory scratch_;
  const std::filesystem::path directory_ = scratch_ / "task";
  RocksDbTaskBackendFactory factory_{small_state()};
};

TEST_F(TamperedState, WithAMalformedStampIsCorrupted) {
  for (const auto& [key, value] : {std::pair<std::string, std::string>{"x", "12345678"}, {"1234", "short"}}) {
    tamper(directory_, [&](rocksdb::DB& db, Columns&) { ASSERT_TRUE(db.Put({}, key, value).ok()); });
    auto opened = factory_.open(directory_, kStores);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::StateCorrupted);
    EXPECT_THAT(opened.error().message(), AllOf(HasSubstr(directory_.string()), HasSubstr("stamp")));
    tamper(directory_, [&](rocksdb::DB& db, Columns&) { ASSERT_TRUE(db.Delete({}, key).ok()); });
    EXPECT_TRUE(factory_.open(directory_, kStores));
  }
}

TEST_F(TamperedState, ForgetsAStampOfNoStore) {
  tamper(directory_, [&](rocksdb::DB& db, Columns&) {
    ASSERT_TRUE(db.Put({}, std::string("\0\0\0\x63", 4), std::string("\0\0\0\0\0\0\0\1id", 10)).ok());
  });
  { EXPECT_TRUE(factory_.open(directory_, kStores)); }
  tamper(directory_, [&](rocksdb::DB& db, Columns&) {
    std::string value;
    EXPECT_TRUE(db.Get({}, std::string("\0\0\0\x63", 4), &value).IsNotFound());
  });
}

class TamperedLog : public ::testing::Test {
 protected:
  TamperedLog() {
    auto log = open_embedded_log(directory_, small_log()).value();
    create_numbered(log->log()).value();
    commit_numbered(log->log(), 1, 5).value();
  }
  void expect_corrupted_at_start(const std::string& text) {
    auto opened = open_embedded_log(directory_, small_log());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::LogCorrupted);
    EXPECT_THAT(opened.error().message(), AllOf(HasSubstr(directory_.string()), HasSubstr(text)));
  }
  void expect_corrupted_when_read(const TopicPartition& partition, const std::string& text) {
    auto log = open_embedded_log(directory_, small_log()).value();
    auto read = read_all(log->log(), partition);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), ErrorCode::LogCorrupted);
    EXPECT_THAT(read.error().message(), HasSubstr(text));
  }

  ScratchDirectory scratch_;
  const std::filesystem::path directory_ = scratch_ / "log";
};

TEST_F(TamperedLog, WithAMalformedEntryIsRefused) {
  for (const auto& [key, value] : {std::pair<std::string, std::string>{"x", "unknown"},
                                   {"n", "short"},
                                   {"t", "no number"},
                                   {std::string("t\0\0\0\2", 5), "no topic"},
                                   {"o", "no group"},
                                   {std::string("o\0\0\0\1g\0\0\0\1t\0\0\0\0", 15), "no"}}) {
    SCOPED_TRACE(key);
    std::string before;
    tamper(directory_, [&](rocksdb::DB& db, Columns&) {
      (void)db.Get({}, key, &before);
      ASSERT_TRUE(db.Put({}, key, value).ok());
    });
    expect_corrupted_at_start("malformed");
    tamper(directory_, [&](rocksdb::DB& db, Columns&) {
      ASSERT_TRUE(before.empty() ? db.Delete({}, key).ok() : db.Put({}, key, before).ok());
    });
    EXPECT_TRUE(open_embedded_log(directory_, small_log()));
  }
}

TEST_F(TamperedLog, WhoseNextTopicIsThereAlreadyIsRefused) {
  tamper(directory_, [&](rocksdb::DB& db, Columns&) { ASSERT_TRUE(db.Put({}, "n", std::string("\0\0\0\1", 4)).ok()); });
  expect_corrupted_at_start("topic numbers has an impossible number");
}

TEST_F(TamperedLog, WithAMalformedKeyOfABatchIsRefused) {
  tamper(directory_, [&](rocksdb::DB& db, Columns& columns) {
    ASSERT_TRUE(db.Put({}, columns.at("batches"), "\xff\xff", "batch").ok());
  });
  expect_corrupted_at_start("the key of the last batch is malformed");
}

TEST_F(TamperedLog, WithAMalformedEndOfAPartitionIsRefusedWithItsName) {
  tamper(directory_, [&](rocksdb::DB& db, Columns& columns) {
    auto [key, value] = last_entry(db, columns.at("index"));
    ASSERT_TRUE(db.Put({}, columns.at("index"), key, "x").ok());
  });
  auto opened = open_embedded_log(directory_, small_log());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::LogCorrupted);
  EXPECT_EQ(opened.error().where().topic, "numbers");
  EXPECT_EQ(opened.error().where().partition, 1);
}

TEST_F(TamperedLog, WithoutABatchThatTheIndexHasIsNotReadBeyond) {
  tamper(directory_, [&](rocksdb::DB& db, Columns& columns) {
    std::unique_ptr<rocksdb::Iterator> at(db.NewIterator({}, columns.at("batches")));
    at->SeekToFirst();
    at->Next();
    ASSERT_TRUE(db.Delete({}, columns.at("batches"), at->key()).ok());
  });
  expect_corrupted_when_read(kLarge, "the index has a batch at offset 1, which is not there");
}

TEST_F(TamperedLog, WithoutAnEntryOfTheIndexIsNotReadBeyond) {
  tamper(directory_, [&](rocksdb::DB& db, Columns& columns) {
    std::unique_ptr<rocksdb::Iterator> at(db.NewIterator({}, columns.at("index")));
    at->SeekToFirst();
    at->Next();
    at->Next();
    ASSERT_TRUE(db.Delete({}, columns.at("index"), at->key()).ok());
  });
  expect_corrupted_when_read(kSmall, "from offset 2 up to 3 are missing");
}

TEST_F(TamperedLog, WithABatchOfOtherBytesIsNotReadBeyond) {
  tamper(directory_, [&](rocksdb::DB& db, Columns& columns) {
    auto [key, value] = last_entry(db, columns.at("batches"));
    ASSERT_TRUE(db.Put({}, columns.at("batches"), key, value.substr(0, value.size() / 2)).ok());
  });
  expect_corrupted_when_read(kLarge, "the record batch at offset 4 is malformed");
}

}  // namespace
}  // namespace millrace::rocksdb_test
