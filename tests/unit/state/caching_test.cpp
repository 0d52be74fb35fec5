// The cache of a store: what is pending, in which order it is given out, and what becomes of it when a record fails.
#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/state/caching_key_value_bytes_store.hpp>

#include "scripted_backend.hpp"

namespace millrace {
namespace {

using state_test::ScriptedBackend;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kPlenty = 1 << 20;

Timestamp at(std::int64_t ms) { return Timestamp(std::chrono::milliseconds(ms)); }

class Log final : public ChangeLogger {
 public:
  void log_change(BytesView key, OptionalBytesView value, std::optional<Timestamp> timestamp) override {
    lines.push_back(Bytes(key) + "=" + Bytes(value.value_or("null")) +
                    (timestamp ? "@" + std::to_string(timestamp->time_since_epoch().count()) : ""));
  }
  std::vector<Bytes> lines;
};

class Source final : public WriteContextSource {
 public:
  Current current() const override { return now; }
  Current now;
};

class Listener final : public CacheListener {
 public:
  void emit(const CachedChange&) override {}
};

class Caching : public ::testing::Test {
 protected:
  void put(const Bytes& key, const std::optional<Bytes>& value) {
    cache.put(key, value ? OptionalBytesView(*value) : OptionalBytesView()).value();
  }
  std::optional<CachedChange> take() { return cache.take().value(); }
  /// "key: old -> new", or "nothing".
  Bytes taken() {
    auto change = take();
    if (!change) return "nothing";
    return Bytes(change->key) + ": " + Bytes(change->old_value.value_or("null")) + " -> " +
           Bytes(change->new_value.value_or("null"));
  }
  std::vector<Bytes> take_all() {
    std::vector<Bytes> all;
    while (cache.pending()) {
      Bytes next = taken();
      if (next != "nothing") all.push_back(next);
      seal();
    }
    return all;
  }
  void seal() { buffer.seal(), cache.seal(); }
  void rollback() { buffer.rollback(), cache.rollback(); }
  Bytes get(const Bytes& key) { return Bytes(cache.get(key).value().value_or("null")); }

  ScriptedBackend backend;
  CacheBudget clean{kPlenty};
  CacheBudget budget{kPlenty};
  TransactionBuffer buffer{backend, clean};
  BufferedKeyValueBytesStore inner{"counts", buffer};
  Log log;
  Source source;
  CachingKeyValueBytesStore cache{inner, &log, false, source, budget};
};

TEST_F(Caching, ShowsWritesAtOnceAndLogsNothingYet) {
  backend.entries = {{"a", "old"}};
  put("a", "1");
  put("b", "2");
  EXPECT_EQ(get("a"), "1");
  auto walk = cache.range({}).value();
  EXPECT_EQ(walk->key(), "a");
  EXPECT_EQ(walk->value(), "1");
  EXPECT_THAT(log.lines, IsEmpty());
  EXPECT_EQ(cache.name(), "counts");
  EXPECT_EQ(cache.cache(), &cache);
  EXPECT_EQ(inner.cache(), nullptr);
}

TEST_F(Caching, GivesOutEachKeyOnceInTheOrderOfItsLastWrite) {
  backend.entries = {{"a", "old"}};
  for (const char* key : {"a", "b", "c"}) put(key, "1");
  seal();
  put("a", "2");
  put("b", std::nullopt);
  put("b", "3");
  seal();
  EXPECT_EQ(cache.pending_entries(), 3U);
  EXPECT_THAT(take_all(), ElementsAre("c: null -> 1", "a: old -> 2", "b: null -> 3"));
  EXPECT_FALSE(cache.pending());
  EXPECT_EQ(taken(), "nothing");
}

TEST_F(Caching, RemembersWhatWasGivenOutLast) {
  put("a", "1");
  EXPECT_THAT(take_all(), ElementsAre("a: null -> 1"));
  put("a", "2");
  put("a", "3");
  EXPECT_THAT(take_all(), ElementsAre("a: 1 -> 3"));
  put("a", std::nullopt);
  EXPECT_THAT(take_all(), ElementsAre("a: 3 -> null"));
}

TEST_F(Caching, PassesOverWhatNeverWasAndIsNot) {
  put("a", std::nullopt);
  put("b", "1");
  put("b", std::nullopt);
  put("c", "");
  seal();
  EXPECT_THAT(take_all(), ElementsAre("c: null -> "));
}

TEST_F(Caching, TellsAnEmptyValueFromNone) {
  backend.entries = {{"a", ""}};
  put("a", std::nullopt);
  seal();
  EXPECT_THAT(take_all(), ElementsAre("a:  -> null"));
}

TEST_F(Caching, CarriesTheContextOfTheLastWrite) {
  const TopicPartition lines{"lines", Partition(3)};
  Bytes headers;
  encode_headers({{"h", "1"}}, headers);
  Listener listener;
  cache.listen(listener);
  source.now = {at(5), headers, &lines, Offset(17)};
  put("a", "1");
  source.now = {at(6), {}, nullptr, {}};  // a punctuator
  put("a", "2");
  put("b", "1");
  source.now = {at(4), headers, &lines, Offset(18)};
  put("a", "3");
  seal();
  auto b = take();
  EXPECT_EQ(b->context->partition, nullptr);
  EXPECT_EQ(b->context->timestamp, at(6));
  EXPECT_EQ(b->context->encoded_headers, "");
  auto a = take();
  EXPECT_EQ(a->context->partition, &lines);
  EXPECT_EQ(a->context->offset, Offset(18));
  EXPECT_EQ(a->context->timestamp, at(4));
  EXPECT_EQ(a->context->encoded_headers, headers);
}

TEST_F(Caching, CarriesTheTimeAndHeadersOfTheRecordThatAnOperatorWritesFor) {
  const TopicPartition lines{"lines", Partition(3)};
  source.now = {at(5), {}, &lines, Offset(17)};
  cache.put("a", OptionalBytesView("1"), at(9), {{"h", "1"}}).value();
  auto a = take();
  EXPECT_EQ(a->context->timestamp, at(9));
  EXPECT_EQ(decode_headers(a->context->encoded_headers).value(), (Headers{{"h", "1"}}));
  EXPECT_EQ(a->context->offset, Offset(17));
}

TEST_F(Caching, LogsWhatWasTaken) {
  put("a", "1");
  put("b", "2");
  put("b", "3");
  put("c", "4");
  put("c", std::nullopt);
  seal();
  while (auto change = take()) cache.log(*change);
  EXPECT_THAT(log.lines, ElementsAre("a=1", "b=3"));
}

TEST_F(Caching, LogsATimestampedValueWithItsTime) {
  CachingKeyValueBytesStore timestamped(inner, &log, true, source, budget);
  Bytes stored;
  encode_timestamped(at(7), "v", stored);
  timestamped.put("a", OptionalBytesView(stored)).value();
  timestamped.log(*timestamped.take().value());
  timestamped.seal();
  timestamped.put("a", std::nullopt).value();
  timestamped.log(*timestamped.take().value());
  EXPECT_THAT(log.lines, ElementsAre("a=v@7", "a=null"));
}

TEST_F(Caching, NeedsNoLog) {
  CachingKeyValueBytesStore unlogged(inner, nullptr, false, source, budget);
  unlogged.put("a", OptionalBytesView("1")).value();
  unlogged.log(*unlogged.take().value());
}

TEST_F(Caching, BringsBackWhatAFailedRecordPutAside) {
  source.now.timestamp = at(1);
  for (const char* key : {"a", "b", "c"}) put(key, "1");
  seal();
  source.now.timestamp = at(2);
  put("a", "failed");
  put("d", "failed");
  put("b", "failed");
  put("a", "failed again");
  put("d", std::nullopt);
  rollback();
  EXPECT_EQ(cache.pending_entries(), 3U);
  auto first = take();
  EXPECT_EQ(first->key, "a");
  EXPECT_EQ(first->new_value, "1");
  EXPECT_EQ(first->context->timestamp, at(1));
  seal();
  EXPECT_THAT(take_all(), ElementsAre("b: null -> 1", "c: null -> 1"));
}

TEST_F(Caching, BringsBackWhatWasTakenByAFailedRecord) {
  for (const char* key : {"a", "b", "c"}) put(key, "1");
  seal();
  EXPECT_EQ(taken(), "a: null -> 1");
  put("a", "2");  // as an operator below may do
  put("b", "2");
  EXPECT_EQ(taken(), "c: null -> 1");
  rollback();
  EXPECT_THAT(take_all(), ElementsAre("a: null -> 1", "b: null -> 1", "c: null -> 1"));
}

TEST_F(Caching, MayBeWrittenToWhileAChangeIsGivenOut) {
  put("a", "1");
  seal();
  auto change = take();
  put("a", "2");
  put("z", "2");
  EXPECT_EQ(change->key, "a");
  EXPECT_EQ(change->new_value, "1");
  seal();
  EXPECT_THAT(take_all(), ElementsAre("a: 1 -> 2", "z: null -> 2"));
}

TEST_F(Caching, TakesAValueThatIsBorrowedFromTheStore) {
  backend.entries = {{"long", Bytes(100, 'l')}, {"copy", "old"}};
  cache.put("copy", cache.get("long").value()).value();
  EXPECT_EQ(get("copy"), Bytes(100, 'l'));
  cache.put("copy", cache.get("long").value()).value();
  cache.put("long", cache.get("long").value()).value();
  EXPECT_EQ(get("long"), Bytes(100, 'l'));
}

TEST_F(Caching, CountsWhatItHoldsInItsBudget) {
  CacheBudget whole(kPlenty);
  CacheBudget share(2000, &whole);
  {
    CachingKeyValueBytesStore counted(inner, &log, false, source, share);
    EXPECT_EQ(share.used_bytes(), 0);
    counted.put("a", OptionalBytesView("1")).value();
    counted.seal();
    const std::int64_t one = share.used_bytes();
    EXPECT_GT(one, 0);
    EXPECT_EQ(counted.pending_bytes(), one);
    EXPECT_EQ(whole.used_bytes(), one);
    counted.put("a", OptionalBytesView("2")).value();
    counted.put("b", OptionalBytesView("2")).value();
    EXPECT_EQ(share.used_bytes(), 2 * one);
    counted.rollback();
    EXPECT_EQ(share.used_bytes(), one);
    for (char key = 'a'; key < 'z'; ++key) counted.put(Bytes(1, key), OptionalBytesView("1")).value();
    EXPECT_TRUE(share.exceeded());
    counted.seal();
    while (counted.take().value()) counted.seal();
    EXPECT_EQ(share.used_bytes(), 0);
    counted.put("a", OptionalBytesView("3")).value();
  }
  EXPECT_EQ(share.used_bytes(), 0);
  EXPECT_EQ(whole.used_bytes(), 0);
}

TEST_F(Caching, ForgetsWhatIsPendingWhenTheWritesAreDropped) {
  put("a", "1");
  seal();
  put("b", "1");
  buffer.drop_all();
  cache.clear();
  EXPECT_FALSE(cache.pending());
  EXPECT_EQ(budget.used_bytes(), 0);
  cache.rollback();
  EXPECT_EQ(taken(), "nothing");
  put("a", "2");
  EXPECT_THAT(take_all(), ElementsAre("a: null -> 2"));
}

TEST_F(Caching, PassesOnThatTheStoreCannotBeRead) {
  backend.get_error = Error(ErrorCode::StateReadFailed, "the disk says no");
  auto put_failed = cache.put("a", OptionalBytesView("1"));
  ASSERT_FALSE(put_failed);
  EXPECT_EQ(put_failed.error().code(), ErrorCode::StateReadFailed);
  EXPECT_FALSE(cache.pending());
}

}  // namespace
}  // namespace millrace
