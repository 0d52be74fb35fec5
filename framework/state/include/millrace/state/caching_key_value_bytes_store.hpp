// CachingKeyValueBytesStore: a store whose writes are seen at once by whoever reads it, but made known later: the
// changelog record, and the change that a table tells the operators below it, wait until the cache gives them out. A
// key that is written many times meanwhile is made known once.
//
// The bytes stay where they are without a cache, in the store below. The cache only remembers, for each key that was
// written since it was last given out, the value that was made known last, and what was being processed at its last
// write, in the order of these last writes (as Kafka's NamedCache has it).
//
// Invariants:
//  - A pending key was written since it was last taken; what is not pending has been made known as the store has it.
//  - Between records the undo list is empty: seal() drops it, rollback() plays it back, as in the transaction buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <millrace/model/headers.hpp>
#include <millrace/state/buffered_key_value_bytes_store.hpp>

namespace millrace {

/// What was being processed when an entry was written last; its change carries it when it is made known.
struct WriteContext {
  Timestamp timestamp{};                      ///< of the record, or of the punctuation
  Bytes encoded_headers;                      ///< of the record
  const TopicPartition* partition = nullptr;  ///< of the record, borrowed from the task; nullptr: there was none
  Offset offset;                              ///< of the record
};

/// Tells what is being processed. The runtime implements it. Thread: the one that owns the task.
class WriteContextSource {
 public:
  /// The record that is being processed.
  struct Current {
    Timestamp timestamp{};                      ///< of the record
    BytesView encoded_headers;                  ///< of the record
    const TopicPartition* partition = nullptr;  ///< of the record; nullptr within a punctuator
    Offset offset;                              ///< of the record
  };
  WriteContextSource() = default;
  WriteContextSource(const WriteContextSource&) = delete;
  WriteContextSource& operator=(const WriteContextSource&) = delete;
  virtual ~WriteContextSource() = default;
  [[nodiscard]] virtual Current current() const = 0;  ///< What is being processed.
};

/// A pending change, taken out of the cache. Borrowed until the next take(), seal() or rollback().
struct CachedChange {
  BytesView key;                ///< serialized
  OptionalBytesView new_value;  ///< as stored: with the timestamp in front, if the store is timestamped
  OptionalBytesView old_value;  ///< that was made known last
  const WriteContext* context;  ///< of the record that wrote last
};

/// What is told each change when the cache gives it out.
class CacheListener {
 public:
  CacheListener() = default;
  CacheListener(const CacheListener&) = delete;
  CacheListener& operator=(const CacheListener&) = delete;
  virtual ~CacheListener() = default;
  /// May write to any store, also to the one that the change is of.
  virtual void emit(const CachedChange& change) = 0;
};

/// Thread: the one that owns the task.
class CachingKeyValueBytesStore final : public KeyValueBytesStore {
 public:
  /// Borrows all; they outlive the cache. `logger` may be null: nothing is logged. Pending entries count in `budget`.
  CachingKeyValueBytesStore(KeyValueBytesStore& inner, ChangeLogger* logger, bool timestamped,
                            const WriteContextSource& source, CacheBudget& budget)
      : inner_(inner), logger_(logger), timestamped_(timestamped), source_(source), budget_(budget) {}
  ~CachingKeyValueBytesStore() override { clear(); }

  const std::string& name() const override { return inner_.name(); }
  Result<OptionalBytesView> get(BytesView key) override { return inner_.get(key); }
  Result<void> put(BytesView key, OptionalBytesView value) override;
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) override { return inner_.range(range); }
  std::uint64_t approximate_entries() const override { return inner_.approximate_entries(); }
  CachingKeyValueBytesStore* cache() override { return this; }

  /// From now on `listener`, borrowed, is told each change that is given out.
  void listen(CacheListener& listener) { listener_ = &listener; }
  /// Who is told what the cache lets go; may be null.
  [[nodiscard]] CacheListener* listener() const { return listener_; }
  /// put() on behalf of a record that an operator changed on its way: with its own timestamp and headers.
  [[nodiscard]] Result<void> put(BytesView key, OptionalBytesView value, Timestamp timestamp, const Headers& headers);

  /// Takes out the pending entry whose last write is the longest ago; what never was and again is not is passed over.
  /// nullopt if nothing is pending any more. A rollback() puts it back. Errors: those of get().
  [[nodiscard]] Result<std::optional<CachedChange>> take();
  /// Writes a change that was taken to the changelog, if there is one.
  void log(const CachedChange& change);

  /// The current record ended well: what it wrote, and what was taken, counts.
  void seal() { undo_.clear(); }
  /// The current record failed: all is as before it.
  void rollback() { rollback(0); }
  /// Where the current record stands, for rollback(); good until it ends.
  [[nodiscard]] std::size_t mark() const { return undo_.size(); }
  /// A part of the current record failed: all is as at mark().
  void rollback(std::size_t mark);
  /// Forgets what is pending: the writes were dropped from the store below.
  void clear();

  [[nodiscard]] bool pending() const { return oldest_ != nullptr; }  ///< True if something waits to be forwarded.
  /// Entries that wait to be forwarded.
  [[nodiscard]] std::size_t pending_entries() const { return entries_.size(); }
  /// Held by pending entries, beside the values in the store below.
  [[nodiscard]] std::int64_t pending_bytes() const { return pending_bytes_; }
  [[nodiscard]] bool timestamped() const { return timestamped_; }  ///< True if values stand behind their timestamps.

 private:
  struct Entry {
    const Bytes* key = nullptr;  // of the map's node
    std::optional<Bytes> old_value;
    WriteContext context;
    // List in the order of last writes.
    Entry* before = nullptr;
    Entry* after = nullptr;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(BytesView bytes) const { return std::hash<BytesView>()(bytes); }
  };
  using Entries = std::unordered_map<Bytes, Entry, Hash, std::equal_to<>>;
  enum class Done : std::uint8_t { Created, Moved, Taken };
  struct Undo {
    Done what;
    Entry* entry;
    Entry* before;         // Moved: where it stood
    WriteContext context;  // Moved: what it had
    Entries::node_type taken;
  };

  [[nodiscard]] Result<void> write(BytesView key, OptionalBytesView value, WriteContext context);
  static std::int64_t weight(const Entry& entry);
  void account(std::int64_t bytes);
  void link_behind(Entry* before, Entry& entry);
  void unlink(Entry& entry);

  KeyValueBytesStore& inner_;
  ChangeLogger* logger_;
  const bool timestamped_;
  const WriteContextSource& source_;
  CacheBudget& budget_;
  CacheListener* listener_ = nullptr;
  Entries entries_;
  Entry* oldest_ = nullptr;
  Entry* newest_ = nullptr;
  std::vector<Undo> undo_;
  std::int64_t pending_bytes_ = 0;
  Bytes value_;    // of the change taken last
  Bytes scratch_;  // of a write whose bytes may be borrowed from the store below
};

}  // namespace millrace
