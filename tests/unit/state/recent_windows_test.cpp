// The latest windows of a store, read from memory: when the backend is not asked, and when it is again.
#include <millrace/state/recent_windows.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/state/buffered_key_value_bytes_store.hpp>
#include <millrace/state/window_bytes_store.hpp>

#include "scripted_backend.hpp"

namespace millrace {
namespace {

using state_test::ScriptedBackend;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

/// A window store over a backend that fails each read, unless it is allowed to answer.
struct RecentWindowsStore : ::testing::Test {
  RecentWindowsStore() { allow_reads(false); }

  void allow_reads(bool allowed) {
    const auto refused = allowed ? std::nullopt : std::optional<Error>(Error(ErrorCode::StateReadFailed, "was asked"));
    backend.get_error = backend.range_error = refused;
  }
  void put(BytesView key, std::int64_t start, BytesView value) { ASSERT_TRUE(store.put(key, at(start), value)); }
  void commit() {
    buffer.seal();
    buffer.freeze();
    std::vector<StateChange> changes;
    buffer.collect_frozen(changes);
    for (const StateChange& change : changes) backend.entries[Bytes(change.key)] = Bytes(*change.value);
    buffer.commit_frozen();
  }
  std::vector<Bytes> fetch(BytesView key, std::int64_t from, std::int64_t to, KeyOrder order = KeyOrder::Ascending) {
    std::vector<Bytes> found;
    auto walk = store.fetch(key, at(from), at(to), order);
    if (!walk) return {walk.error().to_string()};
    for (; walk->valid(); walk->next()) found.emplace_back(walk->value());
    return found;
  }
  bool asks(BytesView key, std::int64_t from, std::int64_t to) {
    allow_reads(false);
    const bool asked = !store.fetch(key, at(from), at(to));
    allow_reads(true);
    return asked;
  }

  ScriptedBackend backend;
  CacheBudget budget{1 << 20};
  TransactionBuffer buffer{backend, budget, TransactionBuffer::Keys::Windows};
  BufferedKeyValueBytesStore entries{"windows", buffer};
  ObservedTimes times;
  WindowBytesStore store{entries, times, milliseconds(1'000'000), true};
};

TEST_F(RecentWindowsStore, ReadsNothingFromTheBackendFromItsHorizonOn) {
  buffer.learn_horizon(at(100));
  put("a", 100, "1");
  put("b", 101, "other");
  put("a", 105, "2");
  put("a", 105, "3");
  put("a", 110, "4");
  EXPECT_THAT(fetch("a", 100, 109), ElementsAre("1", "2", "3"));
  commit();
  put("a", 103, "1b");
  EXPECT_THAT(fetch("a", 100, 110), ElementsAre("1", "1b", "2", "3", "4"));
  EXPECT_THAT(fetch("a", 101, 105, KeyOrder::Descending), ElementsAre("3", "2", "1b"));
  EXPECT_THAT(fetch("none", 100, 200), IsEmpty());
  EXPECT_EQ(backend.gets, 0);
}

TEST_F(RecentWindowsStore, AsksTheBackendForOlderWindowsAndBeforeItKnowsAHorizon) {
  EXPECT_TRUE(asks("a", 100, 200));
  buffer.learn_horizon(at(100));
  EXPECT_FALSE(asks("a", 100, 200));
  EXPECT_TRUE(asks("a", 99, 200));
  buffer.learn_horizon(at(50));  // known already
  EXPECT_TRUE(asks("a", 99, 200));
}

TEST_F(RecentWindowsStore, TakesBackWhatAFailedRecordPut) {
  buffer.learn_horizon(at(0));
  put("a", 1, "kept");
  buffer.seal();
  EXPECT_THAT(fetch("a", 0, 10), ElementsAre("kept"));
  put("a", 1, "failed");
  put("a", 2, "failed");
  EXPECT_EQ(fetch("a", 0, 10).size(), 3U);
  buffer.rollback();
  EXPECT_THAT(fetch("a", 0, 10), ElementsAre("kept"));
}

TEST_F(RecentWindowsStore, ShowsAWalkWhatWasThereAtItsBeginning) {
  buffer.learn_horizon(at(0));
  put("a", 1, "1");
  auto walk = store.fetch("a", at(0), at(10)).value();
  put("a", 2, "2");
  EXPECT_EQ(walk.value(), "1");
  walk.next();
  EXPECT_FALSE(walk.valid());
}

TEST_F(RecentWindowsStore, AsksAgainBehindWhatAnAbortDropped) {
  buffer.learn_horizon(at(0));
  put("a", 5, "committed");
  commit();
  put("a", 20, "dropped");
  buffer.seal();
  buffer.drop_all();
  EXPECT_TRUE(asks("a", 5, 30));
  EXPECT_THAT(fetch("a", 0, 30), ElementsAre("committed"));
  EXPECT_FALSE(asks("a", 21, 30));
}

TEST_F(RecentWindowsStore, AsksAgainBehindWhatHadToLeaveMemory) {
  buffer.learn_horizon(at(0));
  put("a", 5, "1");
  put("a", 6, "2");
  commit();
  budget.add(1 << 20);  // somebody else took it all
  put("a", 7, "3");
  commit();
  EXPECT_TRUE(asks("a", 7, 7));
  EXPECT_FALSE(asks("a", 8, 9));
  EXPECT_THAT(fetch("a", 0, 9), ElementsAre("1", "2", "3"));
}

TEST_F(RecentWindowsStore, KeepsItsHorizonWhenExpiredWindowsGo) {
  buffer.learn_horizon(at(0));
  put("a", 5, "expired");
  put("a", 6, "live");
  commit();
  const Bytes gone = backend.entries.begin()->first;
  backend.entries.erase(gone);
  buffer.forget_clean(gone);
  EXPECT_FALSE(asks("a", 0, 9));
  EXPECT_THAT(fetch("a", 0, 9), ElementsAre("live"));
}

TEST_F(RecentWindowsStore, KnowsNothingOfABackendThatOthersChanged) {
  buffer.learn_horizon(at(0));
  put("a", 5, "1");
  commit();
  buffer.clear();
  EXPECT_TRUE(asks("a", 5, 9));
  buffer.learn_horizon(at(8));
  EXPECT_FALSE(asks("a", 8, 9));
}

}  // namespace
}  // namespace millrace
