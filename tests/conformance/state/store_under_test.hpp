// One store as a processor has it: over each backend, directly, through the transaction buffer, and logged or cached on
// top.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <millrace/state/caching_key_value_bytes_store.hpp>
#include <millrace/state/transaction_buffer.hpp>

#include "state_under_test.hpp"

namespace millrace::state_conformance {

enum class Access : std::uint8_t {
  Direct,    ///< each write is applied to the backend at once
  Buffered,  ///< through the transaction buffer
  Logged,    ///< and each write goes into a changelog first
  Cached,    ///< or goes there later, once for each key
};

struct StoreKind {
  BackendKind backend;
  Access access;
  [[nodiscard]] std::string name() const;
};
inline std::ostream& operator<<(std::ostream& out, const StoreKind& kind) { return out << kind.name(); }

/// Every backend with every access.
std::vector<StoreKind> all_stores();
/// Those with a transaction buffer.
std::vector<StoreKind> all_buffered_stores();

/// A changelog with the generations that a thread's outbox has.
class TestChangelog final : public ChangeLogger {
 public:
  struct Change {
    Bytes key;
    std::optional<Bytes> value;
    std::optional<Timestamp> timestamp;
  };

  void log_change(BytesView key, OptionalBytesView value, std::optional<Timestamp> timestamp) override;
  void seal() { sealed_ = open_.size(); }
  void rollback() { open_.resize(sealed_); }
  [[nodiscard]] std::size_t mark() const { return open_.size(); }
  void rollback(std::size_t mark) { open_.resize(mark); }
  void freeze() { frozen_.swap(open_), sealed_ = 0; }
  void commit();
  void drop();
  /// Forgets everything: the topic was deleted.
  void clear();

  [[nodiscard]] const std::vector<Change>& committed() const { return committed_; }
  /// What restoring from it makes of an empty store.
  [[nodiscard]] Map fold() const;
  [[nodiscard]] Offset end() const { return Offset(static_cast<std::int64_t>(committed_.size())); }

 private:
  std::vector<Change> open_, frozen_, committed_;
  std::size_t sealed_ = 0;  ///< open changes of records that have ended
};

/// Nothing is known of what is processed.
class NoRecord final : public WriteContextSource {
 public:
  Current current() const override { return {}; }
};

/// The stores "main" and "other" of one task. The second is there to be left alone.
class StoreUnderTest {
 public:
  explicit StoreUnderTest(const StoreKind& kind, std::int64_t clean_budget_bytes = 1 << 20);
  ~StoreUnderTest();

  [[nodiscard]] KeyValueBytesStore& store() { return *top_; }
  /// REQUIRES: not Direct.
  [[nodiscard]] TransactionBuffer& buffer() { return *buffer_; }
  [[nodiscard]] CacheBudget& budget() { return budget_; }
  [[nodiscard]] TestChangelog& changelog() { return changelog_; }
  [[nodiscard]] TaskBackend& backend() { return state_.backend(); }
  [[nodiscard]] bool persistent() const { return kind_.backend.persistent; }

  /// What a table below a cache has after what it was told.
  [[nodiscard]] const Map& told() const { return told_; }
  [[nodiscard]] CachingKeyValueBytesStore* cache() { return top_->cache(); }

  // What the runtime does to the store. Nothing, with direct access.
  void seal();
  void rollback();
  /// A part of the current record begins, and fails.
  void mark();
  void rollback_to_mark();
  /// Gives out the change that waits longest in the cache, as a record of its own; `well`: or fails while doing so.
  /// REQUIRES: sealed.
  void flush_one(bool well = true);
  /// Flushes the cache first, if there is one.
  void freeze();
  /// The log has the frozen generation: applies it, with the end of the changelog.
  void commit_frozen();
  void drop_all();
  void wipe();
  /// seal, freeze, commit_frozen.
  void commit();
  /// As a process that is killed and started again. REQUIRES: no iterator is alive.
  void crash();

 private:
  void assemble();
  void tell(const CachedChange& change);

  StoreKind kind_;
  CacheBudget budget_;
  CacheBudget cache_budget_{1 << 20};
  NoRecord no_record_;
  Map told_;
  TaskState state_;
  TestChangelog changelog_;
  struct Mark {
    std::size_t buffer = 0;
    std::size_t changelog = 0;
    std::size_t cache = 0;
  };
  Mark mark_;
  std::unique_ptr<TransactionBuffer> buffer_;
  std::unique_ptr<KeyValueBytesStore> base_;
  std::unique_ptr<KeyValueBytesStore> logging_;
  KeyValueBytesStore* top_ = nullptr;
};

}  // namespace millrace::state_conformance
