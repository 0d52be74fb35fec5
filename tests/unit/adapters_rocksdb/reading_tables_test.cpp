// What reading state costs: files stay open, so that what is cached is read without touching them, and a read of much
// state with little memory asks the disk for little.
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

// The filters of all keys are larger than the cache: of them, too, only what is needed may be read.
TEST(MuchState, IsReadInSmallPieces) {
  constexpr std::int64_t kKeys = 250'000;
  constexpr std::int64_t kKeysAtOnce = 10'000;
  constexpr std::int64_t kReads = 500;
  constexpr std::int64_t kMostBytesPerRead = 64 << 10;
  const auto key_of = [](std::int64_t number) { return "key " + std::to_string(number * 7919 % kKeys); };
  ScratchDirectory scratch;
  FaultyDisk disk(scratch.path());
  RocksDbTaskBackendFactory factory(
      RocksDbMemory(RocksDbMemory::Sizes{.block_cache_bytes = 256 << 10, .memtable_bytes = 2 << 20}));
  auto backend = factory.open(scratch / "task", {"s"}).value();
  for (std::int64_t written = 0; written < kKeys;) {
    std::vector<Bytes> keys;
    for (const std::int64_t end = written + kKeysAtOnce; written < end; ++written) keys.push_back(key_of(written));
    TaskChanges changes;
    changes.stores.push_back({"s", {}, ChangelogStamp{"id", Offset(written)}});
    for (const Bytes& key : keys) changes.stores.back().changes.push_back({key, BytesView(key)});
    backend->apply(changes).value();
  }
  // Merging reads tables as well.
  backend.reset();
  backend = factory.open(scratch / "task", {"s"}).value();
  const std::int64_t before = disk.bytes_read_of_tables();
  Bytes value;
  for (std::int64_t i = 0; i < kReads; ++i) {
    const Bytes key = key_of(i * 499);
    ASSERT_TRUE(backend->store("s").get(key, value).value()) << key;
    EXPECT_EQ(value, key);
    EXPECT_FALSE(backend->store("s").get(key + "?", value).value());
  }
  EXPECT_LE((disk.bytes_read_of_tables() - before) / (2 * kReads), kMostBytesPerRead);
}

}  // namespace
}  // namespace millrace::rocksdb_test
