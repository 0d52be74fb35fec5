// The thin layers: buffered and logging stores, the stored form of timestamped values, the in-memory backend's rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/state/buffered_key_value_bytes_store.hpp>
#include <millrace/state/memory_task_backend.hpp>
#include <millrace/state/transaction_buffer.hpp>

#include "scripted_backend.hpp"

namespace millrace {
namespace {

using state_test::ScriptedBackend;

Timestamp at_ms(std::int64_t ms) { return Timestamp(std::chrono::milliseconds(ms)); }

/// A store whose every call fails.
class FailingStore final : public KeyValueBytesStore {
 public:
  const std::string& name() const override { return name_; }
  Result<OptionalBytesView> get(BytesView) override { return error_; }
  Result<void> put(BytesView, OptionalBytesView) override { return error_; }
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange&) override { return error_; }
  std::uint64_t approximate_entries() const override { return 42; }

 private:
  std::string name_ = "failing";
  Error error_{ErrorCode::StateReadFailed, "the disk says no", {.store = "failing"}};
};

class NullLogger final : public ChangeLogger {
 public:
  void log_change(BytesView, OptionalBytesView, std::optional<Timestamp>) override {}
};

TEST(TimestampedValue, SurvivesItsStoredForm) {
  for (std::int64_t ms : {std::int64_t{0}, std::int64_t{1'700'000'000'123}, std::int64_t{-1}, INT64_MIN, INT64_MAX}) {
    for (const Bytes& value : {Bytes(), Bytes("v"), Bytes("\0\xff", 2)}) {
      Bytes stored;
      encode_timestamped(at_ms(ms), value, stored);
      EXPECT_EQ(stored.size(), 8 + value.size());
      EXPECT_EQ(timestamp_of(stored), at_ms(ms));
      EXPECT_EQ(value_of(stored), value);
    }
  }
}

TEST(TimestampedValue, IsAppended) {
  Bytes stored = "before";
  encode_timestamped(at_ms(258), "v", stored);
  EXPECT_EQ(stored, Bytes("before\0\0\0\0\0\0\1\2v", 15));
}

TEST(BufferedStore, CountsWhatIsCommitted) {
  ScriptedBackend backend;
  backend.entries = {{"a", "1"}, {"b", "2"}};
  CacheBudget budget(1 << 20);
  TransactionBuffer buffer(backend, budget);
  BufferedKeyValueBytesStore store("counts", buffer);
  store.put("c", "3").value();
  EXPECT_EQ(store.approximate_entries(), 2U);
  EXPECT_EQ(store.name(), "counts");
}

TEST(BufferedStore, PassesErrorsOnWithTheirPlace) {
  ScriptedBackend backend;
  backend.get_error = backend.range_error = Error(ErrorCode::StateReadFailed, "no", {.store = "counts"});
  CacheBudget budget(1 << 20);
  TransactionBuffer buffer(backend, budget);
  BufferedKeyValueBytesStore store("counts", buffer);
  EXPECT_EQ(store.get("k").error().where().store, "counts");
  EXPECT_EQ(store.range({}).error().where().store, "counts");
}

TEST(LoggingStore, PassesErrorsOnWithTheirPlace) {
  FailingStore inner;
  NullLogger logger;
  ChangeLoggingKeyValueBytesStore store(inner, logger, false);
  EXPECT_EQ(store.get("k").error().where().store, "failing");
  EXPECT_EQ(store.put("k", "v").error().where().store, "failing");
  EXPECT_EQ(store.range({}).error().code(), ErrorCode::StateReadFailed);
  EXPECT_EQ(store.name(), "failing");
  EXPECT_EQ(store.approximate_entries(), 42U);
}

TEST(MemoryTaskBackendDeathTest, AbortsForAStoreThatWasNotNamed) {
  MemoryTaskBackend backend({"counts"});
  EXPECT_DEATH(backend.store("other"), "not opened with store other");
}

}  // namespace
}  // namespace millrace
