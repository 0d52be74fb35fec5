// WindowCleaner: what it deletes, when, and how much it looks at.
#include <millrace/state/window_cleaner.hpp>

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/state/memory_task_backend.hpp>
#include <millrace/state/window_key.hpp>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

Bytes key_of(const Bytes& key, std::int64_t start) {
  Bytes stored = key;
  append_window_suffix(stored, at(start));
  return stored;
}

struct Cleaned {
  explicit Cleaned(milliseconds retention) : cleaner(backend.store("w"), retention) {}

  /// One commit that puts a value into each window named, when the store has come to `observed`.
  void commit(std::int64_t observed, const std::vector<Bytes>& puts = {}) {
    TaskChanges changes;
    changes.stores.push_back({"w", {}, std::nullopt});
    for (const Bytes& key : puts) changes.stores.front().changes.push_back({key, "v"});
    ASSERT_TRUE(cleaner.collect(at(observed), changes.stores.front().changes));
    ASSERT_TRUE(backend.apply(changes));
  }
  std::vector<Bytes> keys() {
    std::vector<Bytes> keys;
    for (auto walk = backend.store("w").range({}).value(); walk->valid(); walk->next()) keys.emplace_back(walk->key());
    return keys;
  }

  MemoryTaskBackend backend{{"w"}};
  WindowCleaner cleaner;
};

TEST(WindowCleaner, DeletesWhatIsExpiredAndNothingElse) {
  Cleaned store(milliseconds(100));
  store.commit(0, {key_of("a", 0), key_of("b", 50), key_of("c", 100)});
  store.commit(100);  // not for one millisecond: a quarter of the retention has to be gone
  EXPECT_EQ(store.keys().size(), 3U);
  store.commit(125);
  EXPECT_THAT(store.keys(), ElementsAre(key_of("b", 50), key_of("c", 100)));
  EXPECT_THAT(store.cleaner.collected(), ElementsAre(key_of("a", 0)));
  store.commit(149);
  EXPECT_EQ(store.keys().size(), 2U);
  store.commit(250);
  EXPECT_THAT(store.keys(), IsEmpty());
}

TEST(WindowCleaner, TakesOutWritesOfWindowsThatAreGoneAtTheirCommit) {
  Cleaned store(milliseconds(100));
  store.commit(100, {key_of("a", 0), key_of("b", 1)});
  EXPECT_THAT(store.keys(), ElementsAre(key_of("b", 1)));
  EXPECT_THAT(store.cleaner.collected(), ElementsAre(key_of("a", 0)));
}

TEST(WindowCleaner, DeletesWhatAWindowHeldBeforeItsLastWriteWasTakenOut) {
  Cleaned store(milliseconds(100));
  store.commit(0, {key_of("a", 0)});
  store.commit(100, {key_of("a", 0)});
  EXPECT_THAT(store.cleaner.collected(), ElementsAre(key_of("a", 0)));
  store.commit(200);
  EXPECT_THAT(store.keys(), IsEmpty());
}

TEST(WindowCleaner, DoesNothingBeforeTheFirstTime) {
  Cleaned store(milliseconds(100));
  store.commit(-1, {key_of("a", 0)});
  EXPECT_THAT(store.keys(), ElementsAre(key_of("a", 0)));
}

TEST(WindowCleaner, FindsWhatWasThereBeforeIt) {
  Cleaned store(milliseconds(100));
  TaskChanges changes;
  const Bytes old = key_of("a", 0);
  changes.stores.push_back({"w", {{old, "restored"}}, std::nullopt});
  ASSERT_TRUE(store.backend.apply(changes));
  store.commit(1000);
  EXPECT_THAT(store.keys(), IsEmpty());
}

TEST(WindowCleaner, BeginsAnewWhenTheStoreWasFilledByOthers) {
  Cleaned store(milliseconds(100));
  store.commit(1000);
  TaskChanges changes;
  const Bytes old = key_of("a", 0);
  changes.stores.push_back({"w", {{old, "restored"}}, std::nullopt});
  ASSERT_TRUE(store.backend.apply(changes));
  store.cleaner.forget();
  store.commit(1000);
  EXPECT_THAT(store.keys(), IsEmpty());
}

TEST(WindowCleaner, KnowsAfterItsFirstWalkBehindWhichTimeNothingWas) {
  Cleaned store(milliseconds(100));
  EXPECT_EQ(store.cleaner.horizon(), std::nullopt);
  store.commit(1000, {key_of("a", 1000)});
  EXPECT_EQ(store.cleaner.horizon(), at(1001));
  store.commit(2000, {key_of("a", 2000)});
  EXPECT_EQ(store.cleaner.horizon(), at(1001));
}

// The time that a store has come to is kept with the offsets, which may be reset while the state stays.
TEST(WindowCleaner, KnowsOfWindowsBehindTheStoresTime) {
  Cleaned store(milliseconds(100));
  store.commit(9000, {key_of("a", 9000)});
  store.cleaner.forget();
  EXPECT_EQ(store.cleaner.horizon(), std::nullopt);
  store.commit(10, {key_of("b", 10)});
  EXPECT_EQ(store.cleaner.horizon(), at(9001));
}

TEST(WindowCleaner, KnowsNoHorizonWhileItsFirstWalkIsUnderWay) {
  Cleaned store(milliseconds(100'000));
  TaskChanges changes;
  std::vector<Bytes> keys;
  for (int i = 0; i < 300; ++i) keys.push_back(key_of(std::to_string(10'000 + i), i));
  changes.stores.push_back({"w", {}, std::nullopt});
  for (const Bytes& key : keys) changes.stores.front().changes.push_back({key, "v"});
  ASSERT_TRUE(store.backend.apply(changes));
  store.commit(10);
  EXPECT_EQ(store.cleaner.horizon(), std::nullopt);
  store.commit(10);
  EXPECT_EQ(store.cleaner.horizon(), at(300));
}

TEST(WindowCleaner, WorksInPortions) {
  Cleaned store(milliseconds(100));
  std::vector<Bytes> old;
  for (int i = 0; i < 2000; ++i) old.push_back(key_of(std::to_string(10'000 + i), i % 50));
  store.commit(0, old);
  std::size_t left = store.keys().size();
  int commits = 0;
  for (; left > 0; ++commits) {
    ASSERT_LT(commits, 20);
    store.commit(1000);
    const std::size_t now = store.keys().size();
    EXPECT_LE(left - now, 256U);
    left = now;
  }
  EXPECT_GE(commits, 7);
}

TEST(WindowCleaner, KeepsTheStoreWithinTwiceWhatIsLive) {
  Cleaned store(milliseconds(1000));
  std::size_t most = 0;
  std::int64_t now = 0;
  for (int commit = 0; commit < 200; ++commit) {
    std::vector<Bytes> puts;
    for (int i = 0; i < 500; ++i) puts.push_back(key_of("key" + std::to_string((commit * 7919 + i * 31) % 997), ++now));
    store.commit(now, puts);
    if (commit > 20) most = std::max(most, store.keys().size());
  }
  // 1000 are live at any time.
  EXPECT_LE(most, 4000U);
}

TEST(WindowCleaner, RestsWhileNothingCanBeExpired) {
  Cleaned store(milliseconds(1000));
  store.commit(0, {key_of("a", 0)});  // the first walk finds out
  store.commit(10);
  store.commit(900);
  EXPECT_THAT(store.cleaner.collected(), IsEmpty());
  EXPECT_EQ(store.keys().size(), 1U);
}

}  // namespace
}  // namespace millrace
