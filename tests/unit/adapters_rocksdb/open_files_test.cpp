// State in many files: they stay open, so that what is cached is read without touching them.
#include <gtest/gtest.h>

#include "faulty_disk.hpp"
#include "files.hpp"
#include "numbered_state.hpp"

namespace millrace::rocksdb_test {
namespace {

// Each start leaves one file of each store behind, fewer than make RocksDB merge them.
constexpr int kStarts = 6;
constexpr int kStoreCount = 6;
constexpr int kKeysPerStart = 50;

Bytes key(int start, int number) { return "key " + std::to_string(number) + " of start " + std::to_string(start); }

TEST(OpenFiles, StayOpen) {
  ScratchDirectory scratch;
  FaultyDisk disk(scratch.path());
  std::vector<std::string> names;
  for (int i = 0; i < kStoreCount; ++i) names.push_back("store-" + std::to_string(i));
  RocksDbTaskBackendFactory factory(RocksDbMemory(RocksDbMemory::Sizes{}));
  for (int start = 0; start < kStarts; ++start) {
    std::vector<Bytes> keys;
    for (int number = 0; number < kKeysPerStart; ++number) keys.push_back(key(start, number));
    TaskChanges changes;
    for (const std::string& name : names) {
      changes.stores.push_back({name, {}, ChangelogStamp{"id", Offset(start + 1)}});
      for (const Bytes& entry : keys) changes.stores.back().changes.push_back({entry, BytesView(entry)});
    }
    factory.open(scratch / "task", names).value()->apply(changes).value();
  }
  ASSERT_GE(files_like(scratch / "task", "", ".sst").size(), std::size_t{kStarts - 1} * kStoreCount);

  auto backend = factory.open(scratch / "task", names).value();
  const auto read_everything = [&] {
    Bytes value;
    for (const std::string& name : names) {
      for (int start = 0; start < kStarts; ++start) {
        for (int number = 0; number < kKeysPerStart; ++number) {
          EXPECT_TRUE(backend->store(name).get(key(start, number), value).value());
          EXPECT_EQ(value, key(start, number));
        }
      }
    }
  };
  read_everything();
  const std::int64_t before = disk.reads_of_tables();
  read_everything();
  EXPECT_EQ(disk.reads_of_tables(), before);
}

}  // namespace
}  // namespace millrace::rocksdb_test
