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
                                   {std::string("p\0\0\0\1\0\0\0\0", 9), "no marks"},
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

TEST_F(TamperedLog, WithMarksOfAPartitionThatThereIsNotIsRefused) {
  tamper(directory_, [&](rocksdb::DB& db, Columns&) {
    ASSERT_TRUE(db.Put({}, std::string("p\0\0\0\1\0\0\0\7", 9), std::string(24, '\0')).ok());
  });
  expect_corrupted_at_start("marks of a partition that there is not");
}

/// Makes of what this version wrote what format 1 had.
void make_format_1(const std::filesystem::path& directory) {
  tamper(directory, [](rocksdb::DB& db, Columns& columns) {
    constexpr std::size_t kLimits = 16;
    std::unique_ptr<rocksdb::Iterator> at(db.NewIterator({}, columns.at("index")));
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      // 0:4 'b' span:8 serial number:8 size:4  ->  count:4 'b' serial number:8
      std::string entry = at->value().ToString();
      if (entry[4] != 'b') continue;
      ASSERT_EQ(entry.size(), 25U);
      ASSERT_TRUE(db.Put({}, columns.at("index"), at->key(), entry.substr(9, 4) + "b" + entry.substr(13, 8)).ok());
    }
    at.reset(db.NewIterator({}, columns.at("default")));
    for (at->Seek("t"); at->Valid() && at->key().starts_with("t"); at->Next()) {
      std::string topic = at->value().ToString();
      ASSERT_TRUE(db.Put({}, at->key(), topic.substr(0, topic.size() - kLimits)).ok());
    }
  });
  write_file(directory / "MILLRACE-FORMAT", "millrace log 1\n");
}

TEST_F(TamperedLog, OfFormat1IsTakenOverWithAllThatItHas) {
  make_format_1(directory_);
  {
    auto log = open_embedded_log(directory_, small_log()).value();
    EXPECT_EQ(read_file(directory_ / "MILLRACE-FORMAT"), "millrace log 2\n");
    EXPECT_EQ(read_all(log->log(), kSmall).value().size(), 5U);
    commit_numbered(log->log(), 6, 8).value();
  }
  auto log = open_embedded_log(directory_, small_log()).value();
  for (const TopicPartition& partition : {kSmall, kLarge}) {
    auto values = read_all(log->log(), partition).value();
    ASSERT_EQ(values.size(), 8U);
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_TRUE(values[i] == numbered_record(partition, static_cast<std::int64_t>(i) + 1)) << i;
    }
  }
  // And what is deleted of it goes.
  await(log->log().admin().delete_records({{kLarge, Offset(7)}})).value();
  auto reader = log->log().open_reader({});
  auto slot = reader->assign(kLarge, Offset(7)).value();
  EXPECT_EQ(reader->poll(slot, 1 << 20).value()->records.size(), 1U);
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
