// ReadOnlyKeyValueStore: a state store as the rest of the program reads it, from any thread, while processing goes on.
//
//   auto counts = streams.store<millrace::ReadOnlyKeyValueStore<std::string, std::int64_t>>("word-counts");
//   if (!counts) return counts.error();                        // unknown name, other types
//   auto count = counts->get("hello");                         // Result<std::optional<std::int64_t>>
//   if (!count) std::puts(count.error().to_string().c_str());  // the task restores: ask again
//
// Reads see what is committed, never what a transaction has only begun; a store follows the commit by a moment, so that
// who has just read a result in a topic may find the state before it. Within one task a range sees a transaction whole
// or not at all; two tasks have no common moment. What one thread has read it does not see undone: not by an abort, a
// restore or a task that moves.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <millrace/processor/key_value_store.hpp>
#include <millrace/runtime/store_query.hpp>
#include <millrace/state/buffered_key_value_bytes_store.hpp>

namespace millrace {

namespace detail {

/// User serdes may throw what they like; who asks gets an error.
template <class T>
Result<Bytes> encode_for_query(const Serde<T>& serde, const T& value, const StoreSpec& store) {
  try {
    Bytes bytes;
    serde.serialize(value, bytes);
    return bytes;
  } catch (const std::exception& thrown) {
    return Error(ErrorCode::SerializationFailed, std::string("the serde threw: ") + thrown.what(),
                 {.store = store.name});
  } catch (...) {
    return Error(ErrorCode::SerializationFailed, "the serde threw", {.store = store.name});
  }
}

template <class T>
Result<T> decode_for_query(const Serde<T>& serde, BytesView bytes, const StoreSpec& store) {
  auto decoded = serde.deserialize(bytes);
  if (!decoded) return decoded.error().at({.store = store.name});
  return decoded;
}

/// How the entries of a store are read as K and V: the rows of a timestamped store as their values, or as
/// ValueAndTimestamp<V>.
template <class K, class V>
struct KeyValueReading {
  std::shared_ptr<const StoreSpec> spec;
  const KeyValueTyping<K, V>* typing = nullptr;  ///< of the spec; nullptr: it was declared with other types
  bool skip_timestamp = false;

  explicit KeyValueReading(const StoreSpec& of) : spec(std::make_shared<const StoreSpec>(of)) {
    typing = dynamic_cast<const KeyValueTyping<K, V>*>(spec->typing.get());
    skip_timestamp = typing != nullptr && spec->timestamped;
    if (typing == nullptr) typing = stored_typing<K, V>(*spec);
  }
  [[nodiscard]] Result<V> value(BytesView stored) const {
    return decode_for_query(typing->value_serde, skip_timestamp ? value_of(stored) : stored, *spec);
  }
  [[nodiscard]] Error mismatch() const {
    return Error(ErrorCode::StoreTypeMismatch,
                 "the store is asked for as " + type_name(typeid(K)) + " -> " + type_name(typeid(V)) +
                     ", but was declared as " + spec->types,
                 {.store = spec->name});
  }
};

}  // namespace detail

/// A walk over entries in the order of their serialized keys. It shows each task as it was when the walk began. Reading
/// a store for long holds what it had then in memory and on disk: let go of a walk when you are done.
///
///   auto walk = store.all();
///   if (!walk) return walk.error();
///   for (const auto& [key, value] : *walk) use(key, value);
///   if (auto ended = walk->status(); !ended) return ended.error();   // it broke off: what came is not all
///
/// Thread: one at a time.
template <class K, class V>
class ReadOnlyRange {
 public:
  /// For ReadOnlyKeyValueStore.
  ReadOnlyRange(detail::KeyValueReading<K, V> reading, std::unique_ptr<KeyValueIterator> iterator)
      : reading_(std::move(reading)), iterator_(std::move(iterator)) {
    decode();
  }

  /// True while it stands on an entry. When false, ask status() whether that is the end.
  [[nodiscard]] bool valid() const { return entry_.has_value(); }
  /// REQUIRES: valid().
  void next() {
    iterator_->next();
    decode();
  }
  /// REQUIRES: valid(). Borrowed until next().
  [[nodiscard]] const K& key() const { return entry_->first; }
  /// REQUIRES: valid(). Borrowed until next().
  [[nodiscard]] const V& value() const { return entry_->second; }
  /// Errors: StoreNotReady (the task closed meanwhile: begin again), DeserializationFailed, StateReadFailed,
  /// StateCorrupted.
  [[nodiscard]] Result<void> status() const { return failure_ ? Result<void>(*failure_) : iterator_->status(); }

  struct End {};
  /// Walks a ReadOnlyRange; for range-based for.
  class Iterator {
   public:
    explicit Iterator(ReadOnlyRange& range) : range_(&range) {}  ///< Begins where the range stands.
    /// The entry it stands on; borrowed until ++.
    const std::pair<K, V>& operator*() const { return *range_->entry_; }
    /// Goes on to the next entry.
    Iterator& operator++() {
      range_->next();
      return *this;
    }
    bool operator!=(End) const { return range_->valid(); }  ///< True while there is an entry.

   private:
    ReadOnlyRange* range_;
  };
  /// Goes on from where it stands: a walk is walked once.
  [[nodiscard]] Iterator begin() { return Iterator(*this); }
  [[nodiscard]] End end() const { return {}; }  ///< For range-based for.

 private:
  void decode() {
    entry_.reset();
    if (failure_ || !iterator_->valid()) return;
    auto key = detail::decode_for_query(reading_.typing->key_serde, iterator_->key(), *reading_.spec);
    if (!key) return fail(key.error());
    auto value = reading_.value(iterator_->value());
    if (!value) return fail(value.error());
    entry_.emplace(std::move(*key), std::move(*value));
  }
  void fail(const Error& error) { failure_ = error; }

  detail::KeyValueReading<K, V> reading_;
  std::unique_ptr<KeyValueIterator> iterator_;
  std::optional<std::pair<K, V>> entry_;
  std::optional<Error> failure_;
};

/// A cheap handle, good as long as it lives: over rebalances and restores, and after the application has ended it still
/// answers, with StreamsNotRunning. The store of a table, and any timestamped one, shows values; as
/// ReadOnlyKeyValueStore<K, ValueAndTimestamp<V>> also when they became so. Thread-safe: any number of threads may use
/// one handle.
///
/// Errors of all reads: StoreNotReady (Disposition::Retry; it names the task, the store and what it waits for),
/// StreamsNotRunning, SerializationFailed, DeserializationFailed, StateReadFailed, StateCorrupted.
template <class K, class V>
class ReadOnlyKeyValueStore {
 public:
  using Range = ReadOnlyRange<K, V>;  ///< a walk over entries

  /// For Streams::store(). Errors: StoreTypeMismatch.
  [[nodiscard]] static Result<ReadOnlyKeyValueStore> open(StoreQuery query) {
    detail::KeyValueReading<K, V> reading(query.spec());
    if (reading.typing == nullptr) return reading.mismatch();
    return ReadOnlyKeyValueStore(std::move(query), std::move(reading));
  }

  [[nodiscard]] const std::string& name() const { return reading_.spec->name; }  ///< As it was declared.

  /// The value of `key`, asked of the task that has the key (StoreQueryOptions); nullopt if there is none.
  [[nodiscard]] Result<std::optional<V>> get(const K& key) const {
    auto key_bytes = detail::encode_for_query(reading_.typing->key_serde, key, *reading_.spec);
    if (!key_bytes) return key_bytes.error();
    Bytes stored;
    auto found = query_.get(*key_bytes, *key_bytes, stored);
    if (!found) return found.error();
    if (!*found) return std::optional<V>();
    auto value = reading_.value(stored);
    if (!value) return value.error();
    return std::optional<V>(std::move(*value));
  }
  /// Entries with from <= key < to over all tasks, in the order of the serialized keys; without a bound, from the first
  /// or to the last.
  [[nodiscard]] Result<Range> range(const std::optional<K>& from, const std::optional<K>& to) const {
    return walk(from, to, KeyOrder::Ascending);
  }
  /// The entries of range(from, to), the last one first.
  [[nodiscard]] Result<Range> reverse_range(const std::optional<K>& from, const std::optional<K>& to) const {
    return walk(from, to, KeyOrder::Descending);
  }
  /// All entries, in the order of the serialized keys.
  [[nodiscard]] Result<Range> all() const { return range(std::nullopt, std::nullopt); }
  /// All entries, the last one first.
  [[nodiscard]] Result<Range> reverse_all() const { return reverse_range(std::nullopt, std::nullopt); }
  /// Entries whose serialized key begins with the serialized prefix. See KeyValueStore::prefix_scan.
  [[nodiscard]] Result<Range> prefix_scan(const K& prefix) const {
    return prefix_scan(prefix, reading_.typing->key_serde);
  }
  /// The same with a prefix of another type, as `prefix_serde` writes it. REQUIRES: prefix_serde.has_codec().
  template <class P>
  [[nodiscard]] Result<Range> prefix_scan(const P& prefix, const Serde<P>& prefix_serde) const {
    auto bytes = detail::encode_for_query(prefix_serde, prefix, *reading_.spec);
    if (!bytes) return bytes.error();
    return walk(prefix_range(*bytes));
  }
  /// Number of entries over all tasks; exact for stores in memory, an estimate for RocksDB.
  [[nodiscard]] Result<std::uint64_t> approximate_entries() const { return query_.approximate_entries(); }

 private:
  ReadOnlyKeyValueStore(StoreQuery query, detail::KeyValueReading<K, V> reading)
      : query_(std::move(query)), reading_(std::move(reading)) {}

  Result<Range> walk(const std::optional<K>& from, const std::optional<K>& to, KeyOrder order) const {
    KeyRange range;
    range.order = order;
    for (auto [bound, bytes] : {std::pair(&from, &range.from), std::pair(&to, &range.to)}) {
      if (!*bound) continue;
      auto encoded = detail::encode_for_query(reading_.typing->key_serde, **bound, *reading_.spec);
      if (!encoded) return encoded.error();
      *bytes = std::move(*encoded);
    }
    return walk(range);
  }
  Result<Range> walk(const KeyRange& range) const {
    auto iterator = query_.range(range);
    if (!iterator) return iterator.error();
    return Range(reading_, std::move(*iterator));
  }

  StoreQuery query_;
  detail::KeyValueReading<K, V> reading_;
};

}  // namespace millrace
