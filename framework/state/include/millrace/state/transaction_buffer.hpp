// TransactionBuffer: the writes of one store that are not yet in its backend, and a cache of entries that are.
//
// Invariants:
//  - An entry is dirty in the open generation, in the frozen one, in both, or clean. Clean entries equal the backend
//    (a clean entry may also say that the backend has no such key).
//  - Reads prefer open over frozen over clean over backend.
//  - Only freeze() moves entries from open to frozen, only commit_frozen() and drop_all() empty the frozen generation.
//  - Between records the undo list is empty: seal() drops it, rollback() plays it back.
// The state of the backend is therefore never ahead of the committed log: it changes in commit_frozen's caller only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include <millrace/base/bytes.hpp>
#include <millrace/state/buffered_entry.hpp>
#include <millrace/state/recent_windows.hpp>
#include <millrace/state/task_backend.hpp>

namespace millrace {

/// A byte count shared by the buffers of a process. Thread-safe.
class CacheBudget {
 public:
  /// What counts here also counts in `whole`, which outlives it, if that is given.
  explicit CacheBudget(std::int64_t max_bytes, CacheBudget* whole = nullptr) : max_bytes_(max_bytes), whole_(whole) {}
  /// Thread-safe; negative numbers give back.
  void add(std::int64_t bytes) {
    used_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    if (whole_ != nullptr) whole_->add(bytes);
  }
  /// Thread-safe.
  [[nodiscard]] std::int64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  /// True if more is used than allowed. Thread-safe.
  [[nodiscard]] bool exceeded() const { return used_bytes() > max_bytes_; }

 private:
  const std::int64_t max_bytes_;
  CacheBudget* const whole_;
  std::atomic<std::int64_t> used_bytes_{0};
};

/// Thread: the one that owns the task.
class TransactionBuffer {
 public:
  /// What the keys of a store are.
  enum class Keys : std::uint8_t {
    Any,      ///< bytes
    Windows,  ///< those of window_key.hpp: the latest windows are looked for in memory only, see learn_horizon()
  };

  /// Borrows both; they outlive the buffer. The budget bounds the clean entries.
  TransactionBuffer(StoreBackend& backend, CacheBudget& clean_budget, Keys keys = Keys::Any);
  ~TransactionBuffer();
  TransactionBuffer(const TransactionBuffer&) = delete;
  TransactionBuffer& operator=(const TransactionBuffer&) = delete;

  /// Borrowed until the next call. Errors: those of the backend.
  [[nodiscard]] Result<OptionalBytesView> get(BytesView key);
  void put(BytesView key, OptionalBytesView value);  ///< Writes to the open generation; null deletes.
  /// Merges a copy of the buffer's entries in the range with a snapshot of the backend.
  [[nodiscard]] Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range);

  /// The current record ended well: its writes stay.
  void seal() {
    if (undo_.empty()) return;
    spare_.swap(undo_.back().value);
    undo_.clear();
  }
  /// The current record failed: its writes go.
  void rollback() { rollback(0); }
  /// Where the current record stands in its writes, for rollback(); good until it ends.
  [[nodiscard]] std::size_t mark() const { return undo_.size(); }
  /// A part of the current record failed: what it wrote since mark() goes.
  void rollback(std::size_t mark);

  /// Closes the open generation for a commit. REQUIRES: no generation is frozen; sealed.
  void freeze();
  [[nodiscard]] bool has_frozen() const { return !frozen_.empty(); }  ///< True while a commit is in flight.
  /// The frozen writes, each key once; borrowed until commit_frozen() or drop_all().
  void collect_frozen(std::vector<StateChange>& changes) const;
  /// The frozen writes are in the backend now: they become clean.
  void commit_frozen();
  /// Forgets both generations and, since what they hid is not known, the entries they touched.
  void drop_all();

  /// The backend lost the entry of `key`: forgets it if it is clean. A dirty one stays.
  void forget_clean(BytesView key);
  /// Forgets everything, clean entries too: the backend was changed by somebody else.
  void clear();
  /// No window in the backend starts at or after `horizon`, but for those that this buffer has written since whoever
  /// says so has looked. From now on such windows are read from memory, as long as the budget lets them stay there.
  /// Only the first call counts, until clear(). REQUIRES: Keys::Windows.
  void learn_horizon(Timestamp horizon) { recent_->learn(horizon); }

  /// Bytes of keys and values in both generations.
  [[nodiscard]] std::int64_t dirty_bytes() const { return dirty_bytes_; }
  /// True if something is not committed.
  [[nodiscard]] bool dirty() const { return !open_.empty() || !frozen_.empty(); }
  /// How many entries the backend has; may be an estimate.
  [[nodiscard]] std::uint64_t backend_entries() const { return backend_.approximate_entries(); }

 private:
  static constexpr std::uint8_t kOpen = 1;
  static constexpr std::uint8_t kFrozen = 2;

  using Entry = BufferedEntry;
  struct Undo {
    Entry* entry;
    Bytes value;
    bool present;
    std::uint8_t dirty;
    bool created;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(BytesView bytes) const { return std::hash<BytesView>()(bytes); }
  };
  using Entries = std::unordered_map<Bytes, Entry, Hash, std::equal_to<>>;

  [[nodiscard]] std::int64_t weight(const Entry& entry) const;
  [[nodiscard]] Entry* find(BytesView key);
  Entry& insert(BytesView key);
  void erase(Entry& entry);
  void link_clean(Entry& entry);
  void unlink_clean(Entry& entry);
  void evict_clean();
  void forget(Entry& entry);
  void build_order();
  [[nodiscard]] std::unique_ptr<KeyValueIterator> recent_range(const KeyRange& range);

  StoreBackend& backend_;
  CacheBudget& clean_budget_;
  Entries entries_;
  std::vector<Entry*> open_;
  std::vector<Entry*> frozen_;
  std::vector<Undo> undo_;
  // Dirty entries by key; built on the first range read of a generation, kept up to date from then on.
  std::map<BytesView, Entry*> order_;
  bool ordered_ = false;
  std::optional<RecentWindows> recent_;  // with Keys::Windows
  Entry* clean_hand_ = nullptr;
  std::int64_t dirty_bytes_ = 0;
  Bytes scratch_;
  // Found last: an update reads an entry and then writes it. Forgotten whenever an entry goes.
  Entry* last_ = nullptr;
  // Memory of a value that was overwritten, for the next one.
  Bytes spare_;
};

}  // namespace millrace
