// ReadOnlyWindowStore: a window store as the rest of the program reads it, from any thread, while processing goes on.
//
//   auto visits = streams.store<millrace::ReadOnlyWindowStore<std::string, std::int64_t>>("visits");
//   auto hours = visits->fetch("ada", from, to);             // the windows of one key, by start
//   for (const auto& [window, count] : *hours) ...           // Windowed<std::string>, std::int64_t
//
// What is said of ReadOnlyKeyValueStore holds here. Windows that the retention has left behind are forgotten by and by:
// for a while they may still be seen from outside.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <millrace/app/read_only_stores.hpp>
#include <millrace/model/windowed.hpp>
#include <millrace/processor/window_store.hpp>
#include <millrace/state/window_bytes_store.hpp>

namespace millrace {

namespace detail {

/// How the entries of a window store are read as K and V: those of a timestamped store as their values, or as
/// ValueAndTimestamp<V>.
template <class K, class V>
struct WindowReading {
  StoreSpec spec;
  Serde<K> key_serde;
  Serde<V> value_serde;
  bool skip_timestamp = false;

  /// nullptr: the store was declared with other types.
  static std::shared_ptr<const WindowReading> of(const StoreSpec& spec) {
    if (const auto* typing = dynamic_cast<const WindowTyping<K, V>*>(spec.typing.get())) {
      return make({spec, typing->key_serde, typing->value_serde, spec.timestamped});
    }
    if constexpr (kIsValueAndTimestamp<V>) {
      using Plain = decltype(V::value);
      const auto* typing = dynamic_cast<const WindowTyping<K, Plain>*>(spec.typing.get());
      if (typing != nullptr && spec.timestamped) {
        return make({spec, typing->key_serde, timestamped_serde(typing->value_serde), false});
      }
    }
    return nullptr;
  }
  [[nodiscard]] Result<V> value(BytesView stored) const {
    return decode_for_query(value_serde, skip_timestamp ? value_of(stored) : stored, spec);
  }

 private:
  static std::shared_ptr<const WindowReading> make(WindowReading reading) {
    return std::make_shared<const WindowReading>(std::move(reading));
  }
};

}  // namespace detail

/// A walk over windows; use it as ReadOnlyRange. Thread: one at a time.
template <class K, class V>
class ReadOnlyWindowRange {
 public:
  /// For ReadOnlyWindowStore.
  ReadOnlyWindowRange(std::shared_ptr<const detail::WindowReading<K, V>> reading, WindowIterator iterator)
      : reading_(std::move(reading)), iterator_(std::move(iterator)) {
    decode();
  }

  /// True while it stands on an entry. When false, ask status() whether that is the end.
  [[nodiscard]] bool valid() const { return entry_.has_value(); }
  /// REQUIRES: valid().
  void next() {
    iterator_.next();
    decode();
  }
  /// REQUIRES: valid(). Borrowed until next().
  [[nodiscard]] const Windowed<K>& key() const { return entry_->first; }
  /// REQUIRES: valid(). Borrowed until next().
  [[nodiscard]] const V& value() const { return entry_->second; }
  /// Errors: StoreNotReady (the task closed meanwhile: begin again), DeserializationFailed, StateReadFailed,
  /// StateCorrupted.
  [[nodiscard]] Result<void> status() const { return failure_ ? Result<void>(*failure_) : iterator_.status(); }

  struct End {};
  /// Walks a ReadOnlyWindowRange; for range-based for.
  class Iterator {
   public:
    explicit Iterator(ReadOnlyWindowRange& range) : range_(&range) {}  ///< Begins where the range stands.
    /// The entry it stands on; borrowed until ++.
    const std::pair<Windowed<K>, V>& operator*() const { return *range_->entry_; }
    /// Goes on to the next entry.
    Iterator& operator++() {
      range_->next();
      return *this;
    }
    bool operator!=(End) const { return range_->valid(); }  ///< True while there is an entry.

   private:
    ReadOnlyWindowRange* range_;
  };
  /// Goes on from where it stands: a walk is walked once.
  [[nodiscard]] Iterator begin() { return Iterator(*this); }
  [[nodiscard]] End end() const { return {}; }  ///< For range-based for.

 private:
  void decode() {
    entry_.reset();
    if (failure_ || !iterator_.valid()) return;
    auto key = detail::decode_for_query(reading_->key_serde, iterator_.key(), reading_->spec);
    if (!key) return fail(key.error());
    auto value = reading_->value(iterator_.value());
    if (!value) return fail(value.error());
    const Window window{iterator_.start(), shift_time(iterator_.start(), reading_->spec.window_size)};
    entry_.emplace(Windowed<K>{std::move(*key), window}, std::move(*value));
  }
  void fail(const Error& error) { failure_ = error; }

  std::shared_ptr<const detail::WindowReading<K, V>> reading_;
  WindowIterator iterator_;
  std::optional<std::pair<Windowed<K>, V>> entry_;
  std::optional<Error> failure_;
};

/// A cheap handle; see ReadOnlyKeyValueStore for how long it is good, and for the errors of reads. A timestamped store,
/// and so that of a windowed table, shows values; as ReadOnlyWindowStore<K, ValueAndTimestamp<V>> also when they became
/// so. Thread-safe.
template <class K, class V>
class ReadOnlyWindowStore {
 public:
  using Range = ReadOnlyWindowRange<K, V>;  ///< a walk over windows

  /// For Streams::store(). Errors: StoreTypeMismatch.
  [[nodiscard]] static Result<ReadOnlyWindowStore> open(StoreQuery query) {
    auto reading = Reading::of(query.spec());
    if (reading) return ReadOnlyWindowStore(std::move(query), std::move(reading));
    return Error(ErrorCode::StoreTypeMismatch,
                 "the store is asked for as windowed " + type_name(typeid(K)) + " -> " + type_name(typeid(V)) +
                     ", but was declared as " + query.spec().types,
                 {.store = query.spec().name});
  }

  [[nodiscard]] const std::string& name() const { return reading_->spec.name; }  ///< As it was declared.

  /// What the window of `key` that begins at `start` holds, with duplicates the first of it; nullopt if nothing.
  [[nodiscard]] Result<std::optional<V>> fetch(const K& key, Timestamp start) const {
    auto walk = fetch(key, start, start);
    if (!walk) return walk.error();
    if (walk->valid()) return std::optional<V>(walk->value());
    if (auto ended = walk->status(); !ended) return ended.error();
    return std::optional<V>();
  }
  /// The windows of `key` that begin in [from, to], both included, by start; duplicates in the order of their puts.
  [[nodiscard]] Result<Range> fetch(const K& key, Timestamp from, Timestamp to) const {
    return walk(key, from, to, KeyOrder::Ascending);
  }
  /// The entries of fetch(key, from, to), the last one first.
  [[nodiscard]] Result<Range> backward_fetch(const K& key, Timestamp from, Timestamp to) const {
    return walk(key, from, to, KeyOrder::Descending);
  }
  /// Windows of all keys that begin in [from, to], both included, by the serialized key, then by start. Reads the whole
  /// store: it is in the order of keys.
  [[nodiscard]] Result<Range> fetch_all(Timestamp from, Timestamp to) const {
    return walk(from, to, KeyOrder::Ascending);
  }
  /// The entries of fetch_all(from, to), the last one first.
  [[nodiscard]] Result<Range> backward_fetch_all(Timestamp from, Timestamp to) const {
    return walk(from, to, KeyOrder::Descending);
  }
  /// All windows, by the serialized key, then by start.
  [[nodiscard]] Result<Range> all() const { return fetch_all(Timestamp{}, Timestamp::max()); }
  /// All windows, the last one first.
  [[nodiscard]] Result<Range> backward_all() const { return backward_fetch_all(Timestamp{}, Timestamp::max()); }

 private:
  using Reading = detail::WindowReading<K, V>;

  ReadOnlyWindowStore(StoreQuery query, std::shared_ptr<const Reading> reading)
      : query_(std::move(query)), reading_(std::move(reading)) {}

  Result<Range> walk(const K& key, Timestamp from, Timestamp to, KeyOrder order) const {
    auto bytes = detail::encode_for_query(reading_->key_serde, key, reading_->spec);
    if (!bytes) return bytes.error();
    from = std::max(from, Timestamp{});
    if (to < from) return Range(reading_, WindowIterator());
    KeyRange range{*bytes, *bytes, order};
    append_window_suffix(*range.from, from);
    // Sequences are not negative: this one comes behind all.
    append_window_suffix(*range.to, to, -1);
    auto entries = query_.range_of(*bytes, range);
    if (!entries) return entries.error();
    return Range(reading_, WindowIterator(std::move(*entries), {std::move(*bytes), from, to}));
  }
  Result<Range> walk(Timestamp from, Timestamp to, KeyOrder order) const {
    auto entries = query_.range({std::nullopt, std::nullopt, order});
    if (!entries) return entries.error();
    return Range(reading_, WindowIterator(std::move(*entries), {std::nullopt, from, to}));
  }

  StoreQuery query_;
  std::shared_ptr<const Reading> reading_;
};

}  // namespace millrace
