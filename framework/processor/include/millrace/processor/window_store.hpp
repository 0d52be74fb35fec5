// WindowStore: values by key and window start, for as long as the store's retention.
//
//   builder.add_state_store(WindowStoreBuilder<std::string, double>{
//       .name = "readings", .retention = 1h, .window_size = 5min});
//   ...
//   store_ = context.window_store<std::string, double>("readings");
//   store_.put("sensor", 21.5, start);
//   for (auto [start, value] : store_.fetch("sensor", from, to)) ...
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <millrace/model/value_and_timestamp.hpp>
#include <millrace/model/windowed.hpp>
#include <millrace/serde/serde.hpp>
#include <millrace/state/buffered_key_value_bytes_store.hpp>
#include <millrace/state/window_bytes_store.hpp>
#include <millrace/topology/specs.hpp>
#include <millrace/topology/task_context.hpp>
#include <millrace/topology/type_name.hpp>

namespace millrace {

/// The serdes of a window store.
template <class K, class V>
struct WindowTyping final : StoreTyping {
  /// The serdes of keys and of values.
  WindowTyping(Serde<K> key, Serde<V> value) : key_serde(std::move(key)), value_serde(std::move(value)) {}
  Serde<K> key_serde;    ///< of the keys, without their windows
  Serde<V> value_serde;  ///< of the values
};

namespace detail {

/// What the two typed window stores share: handles to bytes and serdes, and the failing of a record. `Stored` says how
/// a value lies in the store: PlainValues or TimestampedValues.
template <class K, class V, template <class> class Stored>
class TypedWindows {
 public:
  using Value = typename Stored<V>::Type;

  TypedWindows(TaskContext& context, const Node& node, KeyValueBytesStore& entries, const StoreSpec& spec,
               const WindowTyping<K, V>& typing)
      : context_(&context),
        node_(&node),
        typing_(&typing),
        size_(spec.window_size),
        windows_(std::make_shared<WindowBytesStore>(entries, context.observed_times(), spec.retention,
                                                    spec.retain_duplicates)) {}

  /// Walks windows; use it in a range-based for. Elements are pairs, the first of which is the start (`Start`) or the
  /// Windowed<K> (`WithKey`).
  template <bool kWithKey>
  class Range {
   public:
    using First = std::conditional_t<kWithKey, Windowed<K>, Timestamp>;
    Range(const TypedWindows& store, WindowIterator iterator) : store_(store), iterator_(std::move(iterator)) {}

    struct End {};
    class Iterator {
     public:
      explicit Iterator(Range& range) : range_(&range) {}
      std::pair<First, Value> operator*() const { return range_->current(); }
      Iterator& operator++() {
        range_->iterator_.next();
        return *this;
      }
      bool operator!=(End) const { return range_->more(); }

     private:
      Range* range_;
    };
    Iterator begin() { return Iterator(*this); }
    End end() { return {}; }

   private:
    bool more() {
      if (iterator_.valid()) return true;
      if (auto status = iterator_.status(); !status) store_.fail(status.error());
      return false;
    }
    std::pair<First, Value> current() {
      Value value = store_.decode(iterator_.value());
      if constexpr (kWithKey) return {store_.decode_key(iterator_.key(), iterator_.start()), std::move(value)};
      else return {iterator_.start(), std::move(value)};
    }

    TypedWindows store_;
    WindowIterator iterator_;
  };

  [[nodiscard]] const std::string& name() const { return windows_->name(); }
  [[nodiscard]] WindowBytesStore& bytes() { return *windows_; }

  void put(const K& key, const std::optional<Value>& value, Timestamp start) {
    if (start < Timestamp{}) {
      context_->fail(Error(ErrorCode::InvalidTimestamp, "a window was put that starts before the epoch",
                           {.node = node_->name(), .store = name()}));
    }
    encode_key(key);
    if (value) {
      value_bytes_.clear();
      Stored<V>::encode(typing_->value_serde, *value, value_bytes_);
    }
    auto kept = windows_->put(key_bytes_, start, value ? OptionalBytesView(value_bytes_) : OptionalBytesView());
    if (!kept) fail(kept.error());
    if (!*kept) context_->count_dropped(node_->name(), "late");
  }
  std::optional<Value> fetch(const K& key, Timestamp start) {
    encode_key(key);
    auto found = windows_->get(key_bytes_, start);
    if (!found) fail(found.error());
    if (!*found) return std::nullopt;
    return decode(**found);
  }
  Range<false> fetch(const K& key, Timestamp from, Timestamp to, KeyOrder order) {
    encode_key(key);
    return range<false>(windows_->fetch(key_bytes_, from, to, order));
  }
  Range<true> fetch_all(Timestamp from, Timestamp to, KeyOrder order) {
    return range<true>(windows_->fetch_all(from, to, order));
  }

 private:
  template <bool kWithKey>
  Range<kWithKey> range(Result<WindowIterator> iterator) {
    if (!iterator) fail(iterator.error());
    return Range<kWithKey>(*this, std::move(*iterator));
  }
  void encode_key(const K& key) {
    key_bytes_.clear();
    typing_->key_serde.serialize(key, key_bytes_);
  }
  Value decode(BytesView stored) const {
    auto value = Stored<V>::decode(typing_->value_serde, stored);
    if (!value) fail(value.error());
    return std::move(*value);
  }
  Windowed<K> decode_key(BytesView bytes, Timestamp start) const {
    auto key = typing_->key_serde.deserialize(bytes);
    if (!key) fail(key.error());
    return {std::move(*key), {start, shift_time(start, size_)}};
  }
  [[noreturn]] void fail(const Error& error) const {
    context_->fail(error.at({.node = node_->name(), .store = name()}));
  }

  TaskContext* context_;
  const Node* node_;
  const WindowTyping<K, V>* typing_;
  milliseconds size_;
  std::shared_ptr<WindowBytesStore> windows_;  // of the handle and its copies
  Bytes key_bytes_;
  Bytes value_bytes_;
};

template <class V>
struct PlainValues {
  using Type = V;
  static void encode(const Serde<V>& serde, const V& value, Bytes& out) { serde.serialize(value, out); }
  static Result<V> decode(const Serde<V>& serde, BytesView stored) { return serde.deserialize(stored); }
};

template <class V>
struct TimestampedValues {
  using Type = ValueAndTimestamp<V>;
  static void encode(const Serde<V>& serde, const Type& value, Bytes& out) {
    encode_timestamped(value.timestamp, {}, out);
    serde.serialize(value.value, out);
  }
  static Result<Type> decode(const Serde<V>& serde, BytesView stored) {
    auto value = serde.deserialize(value_of(stored));
    if (!value) return value.error();
    return Type{std::move(*value), timestamp_of(stored)};
  }
};

/// The calls of both typed window stores.
template <class K, class V, template <class> class Stored>
class WindowStoreHandle {
 public:
  using Windows = TypedWindows<K, V, Stored>;
  using Value = typename Windows::Value;
  using Entries = typename Windows::template Range<true>;
  using Values = typename Windows::template Range<false>;

  WindowStoreHandle() = default;
  /// Borrows everything; it outlives the handle.
  WindowStoreHandle(TaskContext& context, const Node& node, KeyValueBytesStore& entries, const StoreSpec& spec,
                    const WindowTyping<K, V>& typing)
      : windows_(std::in_place, context, node, entries, spec, typing) {}

  [[nodiscard]] const std::string& name() const { return windows_->name(); }

  /// The window of `key` that begins at `start` holds `value`. With duplicates retained it holds it besides what it
  /// held before. A window that the retention has left behind is not written: the call is counted as a dropped record
  /// (streams_dropped_records_total, reason "late"). REQUIRES: start >= 0.
  void put(const K& key, const Value& value, Timestamp start) { windows_->put(key, value, start); }
  /// The window holds nothing any more. Does nothing with duplicates retained.
  void erase(const K& key, Timestamp start) { windows_->put(key, std::nullopt, start); }

  /// What the window holds; with duplicates the first of them.
  [[nodiscard]] std::optional<Value> fetch(const K& key, Timestamp start) { return windows_->fetch(key, start); }
  /// Pairs of start and value: the windows of `key` that begin in [from, to], both included, by start. Duplicates come
  /// in the order of their puts.
  [[nodiscard]] Values fetch(const K& key, Timestamp from, Timestamp to) {
    return windows_->fetch(key, from, to, KeyOrder::Ascending);
  }
  /// What fetch(key, from, to) gives, the last one first.
  [[nodiscard]] Values backward_fetch(const K& key, Timestamp from, Timestamp to) {
    return windows_->fetch(key, from, to, KeyOrder::Descending);
  }
  /// Pairs of Windowed<K> and value: all windows that begin in [from, to], both included, by the serialized key, then
  /// by start.
  [[nodiscard]] Entries fetch_all(Timestamp from, Timestamp to) {
    return windows_->fetch_all(from, to, KeyOrder::Ascending);
  }
  /// What fetch_all(from, to) gives, the last one first.
  [[nodiscard]] Entries backward_fetch_all(Timestamp from, Timestamp to) {
    return windows_->fetch_all(from, to, KeyOrder::Descending);
  }
  /// All windows, by the serialized key, then by start.
  [[nodiscard]] Entries all() { return fetch_all(Timestamp{}, Timestamp::max()); }
  /// What all() gives, the last one first.
  [[nodiscard]] Entries backward_all() { return backward_fetch_all(Timestamp{}, Timestamp::max()); }

 private:
  std::optional<Windows> windows_;
};

}  // namespace detail

/// A cheap handle. Windows that begin `retention` or longer before the latest start that was put are gone, for reads
/// and for writes. Reads see what the current record wrote before; walks show the store as it was when they were made.
/// Failures of the disk or of decoding end the record's processing (RecordFailed): they need no handling here.
/// Thread: the one that owns the task. Source: WindowStore of Kafka Streams.
template <class K, class V>
class WindowStore : public detail::WindowStoreHandle<K, V, detail::PlainValues> {
 public:
  using detail::WindowStoreHandle<K, V, detail::PlainValues>::WindowStoreHandle;
};

/// As WindowStore, with the time at which each value was last changed: values are ValueAndTimestamp<V>.
template <class K, class V>
class TimestampedWindowStore : public detail::WindowStoreHandle<K, V, detail::TimestampedValues> {
 public:
  using detail::WindowStoreHandle<K, V, detail::TimestampedValues>::WindowStoreHandle;
};

/// Declares a window store for StreamsBuilder::add_state_store.
template <class K, class V>
struct WindowStoreBuilder {
  std::string name;                ///< unique in the topology
  milliseconds retention{};        ///< how long after its start a window stays; at least window_size
  milliseconds window_size{};      ///< for the end of windows that walks give
  bool retain_duplicates = false;  ///< a window holds every value put, not the last
  bool timestamped = false;        ///< for timestamped_window_store(): values carry a time
  bool persistent = true;          ///< RocksDB; otherwise memory, restored in full at every start
  Serde<K> key_serde{};            ///< default: that of the type
  Serde<V> value_serde{};          ///< default: that of the type
  bool caching = false;            ///< as KeyValueStoreBuilder::caching
  bool logging = true;             ///< as KeyValueStoreBuilder::logging

  /// The store as the topology knows it.
  [[nodiscard]] StoreSpec spec() const {
    StoreSpec spec;
    spec.name = name;
    spec.kind = StoreKind::Window;
    spec.persistent = persistent;
    spec.logged = logging;
    spec.caching = caching;
    spec.timestamped = timestamped;
    spec.types = "windowed " + type_name(typeid(K)) + " -> " + type_name(typeid(V));
    spec.retention = retention;
    spec.window_size = window_size;
    spec.retain_duplicates = retain_duplicates;
    spec.typing = std::make_shared<const WindowTyping<K, V>>(key_serde, value_serde);
    return spec;
  }
};

}  // namespace millrace
