// WindowBytesStore: layout of keys, what a walk leaves out, retention, duplicates.
#include <millrace/state/window_bytes_store.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/state/buffered_key_value_bytes_store.hpp>
#include <millrace/state/memory_task_backend.hpp>

#include "scripted_backend.hpp"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }
std::int64_t ms(Timestamp time) { return time.time_since_epoch().count(); }

struct Windows {
  explicit Windows(milliseconds retention = milliseconds(1000), bool duplicates = false)
      : store(entries, times, retention, duplicates) {}

  bool put(BytesView key, std::int64_t start, OptionalBytesView value) {
    return store.put(key, at(start), value).value();
  }
  std::optional<Bytes> get(BytesView key, std::int64_t start) {
    auto found = store.get(key, at(start)).value();
    return found ? std::optional<Bytes>(*found) : std::nullopt;
  }
  static std::vector<Bytes> texts(WindowIterator walk) {
    std::vector<Bytes> found;
    for (; walk.valid(); walk.next()) {
      found.push_back(Bytes(walk.key()) + "@" + std::to_string(ms(walk.start())) + "=" + Bytes(walk.value()));
    }
    EXPECT_TRUE(walk.status());
    return found;
  }
  std::vector<Bytes> fetch(BytesView key, std::int64_t from, std::int64_t to) {
    return texts(std::move(*store.fetch(key, at(from), at(to))));
  }
  std::vector<Bytes> fetch_all(std::int64_t from, std::int64_t to) {
    return texts(std::move(*store.fetch_all(at(from), at(to))));
  }
  std::vector<Bytes> stored_keys() {
    std::vector<Bytes> keys;
    for (auto walk = entries.range({}).value(); walk->valid(); walk->next()) keys.emplace_back(walk->key());
    return keys;
  }

  MemoryTaskBackend backend{{"windows"}};
  CacheBudget budget{1 << 20};
  TransactionBuffer buffer{backend.store("windows"), budget};
  BufferedKeyValueBytesStore entries{"windows", buffer};
  ObservedTimes times;
  WindowBytesStore store;
};

// WindowKeySchema.toStoreKeyBinary("ab".getBytes(), 66051, 7)
TEST(WindowKey, IsThatOfKafkaStreams) {
  Bytes key = "ab";
  append_window_suffix(key, at(66051), 7);
  EXPECT_EQ(key, Bytes("ab\0\0\0\0\0\x01\x02\x03\0\0\0\x07", 14));
  auto parsed = parse_window_key(key);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->key, "ab");
  EXPECT_EQ(parsed->start, at(66051));
  EXPECT_EQ(parsed->sequence, 7);
  EXPECT_FALSE(parse_window_key("too short"));
}

TEST(WindowBytesStore, KeepsOneValuePerKeyAndStart) {
  Windows windows;
  EXPECT_EQ(windows.get("a", 10), std::nullopt);
  EXPECT_TRUE(windows.put("a", 10, "1"));
  EXPECT_TRUE(windows.put("a", 20, "2"));
  EXPECT_TRUE(windows.put("b", 10, "3"));
  EXPECT_TRUE(windows.put("a", 10, "4"));
  EXPECT_EQ(windows.get("a", 10), "4");
  EXPECT_EQ(windows.get("a", 15), std::nullopt);
  EXPECT_TRUE(windows.put("a", 20, std::nullopt));
  EXPECT_EQ(windows.get("a", 20), std::nullopt);
  EXPECT_THAT(windows.fetch_all(0, 100), ElementsAre("a@10=4", "b@10=3"));
}

TEST(WindowBytesStore, FetchesBothBoundsIncluded) {
  Windows windows;
  for (int start : {30, 10, 20, 40}) windows.put("a", start, "v");
  EXPECT_THAT(windows.fetch("a", 10, 30), ElementsAre("a@10=v", "a@20=v", "a@30=v"));
  EXPECT_THAT(windows.fetch("a", 11, 39), ElementsAre("a@20=v", "a@30=v"));
  EXPECT_THAT(windows.fetch("a", -50, 10), ElementsAre("a@10=v"));
  EXPECT_THAT(windows.fetch("a", 41, 1000), IsEmpty());
  EXPECT_THAT(windows.fetch("a", 30, 10), IsEmpty());
  EXPECT_THAT(windows.fetch("", 0, 1000), IsEmpty());
  EXPECT_EQ(Windows::texts(std::move(*windows.store.fetch("a", Timestamp::min(), Timestamp::max()))).size(), 4U);
}

TEST(WindowBytesStore, WalksBackwards) {
  Windows windows(milliseconds(1000), true);
  for (const char* value : {"1", "2"}) windows.put("a", 5, value);
  windows.put("a", 4, "3");
  windows.put("b", 6, "4");
  EXPECT_THAT(Windows::texts(std::move(*windows.store.fetch("a", at(0), at(9), KeyOrder::Descending))),
              ElementsAre("a@5=2", "a@5=1", "a@4=3"));
  EXPECT_THAT(Windows::texts(std::move(*windows.store.fetch_all(at(5), at(9), KeyOrder::Descending))),
              ElementsAre("b@6=4", "a@5=2", "a@5=1"));
}

TEST(WindowBytesStore, LeavesOutLongerKeysThatLieBetween) {
  Windows windows;
  // Its bytes, with start and sequence, lie between those of "a" at 0 and at 16.
  Bytes longer = "a" + Bytes("\0\0\0\0\0\0\0\x05", 8);
  windows.put(longer, 3, "longer");
  windows.put("a", 0, "0");
  windows.put("a", 5, "5");
  windows.put("a", 16, "16");
  windows.put(Bytes("a\0", 2), 5, "zero");
  EXPECT_THAT(windows.fetch("a", 0, 16), ElementsAre("a@0=0", "a@5=5", "a@16=16"));
  EXPECT_THAT(windows.fetch(longer, 0, 100), ElementsAre(longer + "@3=longer"));
  EXPECT_THAT(windows.fetch(Bytes("a\0", 2), 0, 100), ElementsAre(Bytes("a\0", 2) + "@5=zero"));
}

TEST(WindowBytesStore, ForgetsWhatItsRetentionLeavesBehindAtOnce) {
  Windows windows(milliseconds(100));
  windows.put("a", 0, "0");
  windows.put("a", 1, "1");
  windows.put("b", 99, "99");
  EXPECT_EQ(windows.get("a", 0), "0");
  windows.put("b", 100, "100");
  EXPECT_EQ(windows.get("a", 0), std::nullopt);
  EXPECT_EQ(windows.get("a", 1), "1");
  EXPECT_THAT(windows.fetch("a", 0, 1000), ElementsAre("a@1=1"));
  EXPECT_THAT(windows.fetch_all(0, 1000), ElementsAre("a@1=1", "b@99=99", "b@100=100"));
  // A late put is refused, a deletion too, and neither moves the time.
  EXPECT_FALSE(windows.put("a", 0, "again"));
  EXPECT_FALSE(windows.put("c", 0, std::nullopt));
  EXPECT_TRUE(windows.put("a", 1, "again"));
  EXPECT_EQ(windows.store.observed_time(), at(100));
  EXPECT_THAT(windows.fetch("a", 0, 1000), ElementsAre("a@1=again"));
}

TEST(WindowBytesStore, KnowsNoRetentionBeforeItsFirstPut) {
  Windows windows(milliseconds(100));
  EXPECT_EQ(windows.get("a", 5), std::nullopt);
  EXPECT_THAT(windows.fetch_all(0, 1000), IsEmpty());
  EXPECT_TRUE(windows.put("a", 5, "v"));
}

TEST(WindowBytesStore, HasNoWindowsBeforeTheEpoch) {
  Windows windows;
  EXPECT_FALSE(windows.put("a", -1, "v"));
  EXPECT_EQ(windows.get("a", -1), std::nullopt);
  EXPECT_EQ(windows.store.observed_time(), kNoTimestamp);
}

TEST(WindowBytesStore, TakesTheLastTimesThereAre) {
  Windows windows(milliseconds(100));
  EXPECT_TRUE(windows.store.put("a", Timestamp::max(), "end").value());
  EXPECT_EQ(windows.store.get("a", Timestamp::max()).value(), "end");
  EXPECT_EQ(Windows::texts(std::move(*windows.store.fetch("a", Timestamp::max(), Timestamp::max()))).size(), 1U);
  EXPECT_FALSE(windows.put("a", 5, "late"));
}

TEST(WindowBytesStore, KeepsDuplicatesInTheOrderOfTheirPuts) {
  Windows windows(milliseconds(1000), true);
  windows.put("a", 5, "1");
  windows.put("a", 5, "2");
  windows.put("a", 4, "3");
  windows.put("a", 5, "1");
  EXPECT_THAT(windows.fetch("a", 0, 100), ElementsAre("a@4=3", "a@5=1", "a@5=2", "a@5=1"));
  EXPECT_EQ(windows.get("a", 5), "1");
  // A null is no value to keep besides, and does not delete either.
  EXPECT_TRUE(windows.put("a", 5, std::nullopt));
  EXPECT_EQ(windows.fetch("a", 0, 100).size(), 4U);
}

TEST(WindowBytesStore, FindsTheNextSequenceInFewReads) {
  Windows windows(milliseconds(1000), true);
  std::vector<Bytes> expected;
  for (int i = 0; i < 300; ++i) {
    windows.put("a", 5, std::to_string(i));
    expected.push_back("a@5=" + std::to_string(i));
  }
  EXPECT_EQ(windows.fetch("a", 0, 100), expected);
  auto keys = windows.stored_keys();
  ASSERT_EQ(keys.size(), 300U);
  EXPECT_EQ(parse_window_key(keys.front())->sequence, 0);
  EXPECT_EQ(parse_window_key(keys.back())->sequence, 299);
}

TEST(WindowBytesStore, GoesOnWithDuplicatesAfterARestart) {
  Windows windows(milliseconds(1000), true);
  for (int i = 0; i < 5; ++i) windows.put("a", 5, std::to_string(i));
  // Another object over the same entries, as after a crash: nothing is overwritten.
  ObservedTimes times;
  WindowBytesStore again(windows.entries, times, milliseconds(1000), true);
  ASSERT_TRUE(again.put("a", at(5), "after").value());
  EXPECT_EQ(windows.fetch("a", 0, 100).back(), "a@5=after");
  EXPECT_EQ(windows.fetch("a", 0, 100).size(), 6U);
}

TEST(WindowBytesStore, HandsOnFailuresOfItsBackend) {
  state_test::ScriptedBackend backend;
  CacheBudget budget(1 << 20);
  TransactionBuffer buffer(backend, budget);
  BufferedKeyValueBytesStore entries("windows", buffer);
  ObservedTimes times;
  WindowBytesStore store(entries, times, milliseconds(100), true);
  backend.get_error = backend.range_error = Error(ErrorCode::StateReadFailed, "broken");
  EXPECT_EQ(store.put("a", at(1), "v").error().code(), ErrorCode::StateReadFailed);
  EXPECT_EQ(store.get("a", at(1)).error().code(), ErrorCode::StateReadFailed);
  EXPECT_EQ(store.fetch("a", at(1), at(2)).error().code(), ErrorCode::StateReadFailed);
  EXPECT_EQ(store.fetch_all(at(1), at(2)).error().code(), ErrorCode::StateReadFailed);
}

}  // namespace
}  // namespace millrace
