// KeyValueBytesStore: sorted bytes to bytes, as one task sees its own store: committed state with the open
// transaction's writes on top. Keys sort as unsigned bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <millrace/base/bytes.hpp>
#include <millrace/base/result.hpp>

namespace millrace {

class CachingKeyValueBytesStore;  // caching_key_value_bytes_store.hpp

/// What all kinds of stores have in common. Thread: the one that owns the task.
class StateStore {
 public:
  StateStore() = default;
  StateStore(const StateStore&) = delete;
  StateStore& operator=(const StateStore&) = delete;
  virtual ~StateStore() = default;

  [[nodiscard]] virtual const std::string& name() const = 0;  ///< As it was declared.
};

/// Walks entries in the order of their keys, upwards or downwards. Shows the store as it was when the iterator was
/// made, through later writes, commits and aborts, and may outlive them all.
class KeyValueIterator {
 public:
  KeyValueIterator() = default;
  KeyValueIterator(const KeyValueIterator&) = delete;
  KeyValueIterator& operator=(const KeyValueIterator&) = delete;
  virtual ~KeyValueIterator() = default;

  /// True while it stands on an entry. When false, ask status() whether that is the end.
  [[nodiscard]] virtual bool valid() const = 0;
  /// REQUIRES: valid().
  virtual void next() = 0;
  /// REQUIRES: valid(). Borrowed until next().
  [[nodiscard]] virtual BytesView key() const = 0;
  /// REQUIRES: valid(). Borrowed until next().
  [[nodiscard]] virtual BytesView value() const = 0;
  /// Errors: StateReadFailed.
  [[nodiscard]] virtual Result<void> status() const = 0;
};

/// Which way a walk goes.
enum class KeyOrder : std::uint8_t {
  Ascending,   ///< from the smallest key of the range to the largest
  Descending,  ///< from the largest to the smallest
};

/// Bounds and direction of a walk: from <= key < to; without a bound, from the first or to the last. The bounds are the
/// same for both directions. Nothing is between bounds that are equal or the wrong way round.
struct KeyRange {
  std::optional<Bytes> from{};           ///< included; nullopt: from the first
  std::optional<Bytes> to{};             ///< not included; nullopt: to the last
  KeyOrder order = KeyOrder::Ascending;  ///< which way to walk
  /// The bounds are windows of one key (window_key.hpp), and nothing else is asked for: what stands between them of
  /// longer keys, which begin as this one does, may be shown or left out. Both bounds are there.
  bool windows_of_one_key = false;

  /// True if no key can be in it.
  [[nodiscard]] bool empty() const { return to && (to->empty() || (from && *from >= *to)); }
};

/// All keys that begin with `prefix`; with an empty prefix, all keys.
[[nodiscard]] KeyRange prefix_range(BytesView prefix, KeyOrder order = KeyOrder::Ascending);

/// What runtime and backends deal in. Processors use the typed KeyValueStore<K, V> of the processor layer.
class KeyValueBytesStore : public StateStore {
 public:
  /// The value, borrowed until the next call on this store; nullopt if there is none. Errors: StateReadFailed.
  [[nodiscard]] virtual Result<OptionalBytesView> get(BytesView key) = 0;
  /// Null deletes. Copies the bytes.
  [[nodiscard]] virtual Result<void> put(BytesView key, OptionalBytesView value) = 0;
  /// The entries of a range, in either direction. Errors: StateReadFailed.
  [[nodiscard]] virtual Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) = 0;
  /// Number of entries; exact for in-memory stores without open writes, an estimate otherwise.
  [[nodiscard]] virtual std::uint64_t approximate_entries() const = 0;
  /// The cache of a caching store: it makes writes known later. nullptr if each write is made known at once.
  [[nodiscard]] virtual CachingKeyValueBytesStore* cache() { return nullptr; }
};

}  // namespace millrace
