// KeyValueStore: a store with its keys and values as types, as processors use it.
#pragma once

#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <millrace/processor/value_and_timestamp.hpp>
#include <millrace/serde/serde.hpp>
#include <millrace/state/key_value_bytes_store.hpp>
#include <millrace/topology/specs.hpp>
#include <millrace/topology/task_context.hpp>
#include <millrace/topology/type_name.hpp>

namespace millrace {

/// The serdes of a key-value store.
template <class K, class V>
struct KeyValueTyping : StoreTyping {
  /// The serdes of keys and of values.
  KeyValueTyping(Serde<K> key, Serde<V> value) : key_serde(std::move(key)), value_serde(std::move(value)) {}
  Serde<K> key_serde;    ///< of the keys
  Serde<V> value_serde;  ///< of the values
};

/// The serdes of a timestamped key-value store: of its values, and of what is stored.
template <class K, class V>
struct TimestampedKeyValueTyping final : KeyValueTyping<K, V> {
  /// The serdes of a store whose values have timestamps.
  TimestampedKeyValueTyping(const Serde<K>& key, const Serde<V>& value)
      : KeyValueTyping<K, V>(key, value), stored(key, timestamped_serde(value)) {}
  KeyValueTyping<K, ValueAndTimestamp<V>> stored;  ///< how entries stand in the store
};

/// How the entries of a store are K and V as they are stored: a timestamped store has ValueAndTimestamps. nullptr if it
/// was declared with other types.
template <class K, class V>
[[nodiscard]] const KeyValueTyping<K, V>* stored_typing(const StoreSpec& spec) {
  if (!spec.timestamped) return dynamic_cast<const KeyValueTyping<K, V>*>(spec.typing.get());
  if constexpr (kIsValueAndTimestamp<V>) {
    using Plain = decltype(V::value);
    const auto* typing = dynamic_cast<const TimestampedKeyValueTyping<K, Plain>*>(spec.typing.get());
    return typing == nullptr ? nullptr : &typing->stored;
  }
  return nullptr;
}

/// Walks entries in the order of their keys' bytes, upwards or downwards. Shows the store as of its making, whatever is
/// written meanwhile. Use it in a range-based for.
template <class K, class V>
class TypedRange {
 public:
  /// For KeyValueStore; borrows everything but the iterator.
  TypedRange(TaskContext& context, const KeyValueTyping<K, V>& typing, std::string store,
             std::unique_ptr<KeyValueIterator> iterator)
      : context_(&context), typing_(&typing), store_(std::move(store)), iterator_(std::move(iterator)) {}

  struct End {};
  /// Walks a TypedRange; for range-based for.
  class Iterator {
   public:
    explicit Iterator(TypedRange& range) : range_(&range) {}         ///< Begins where the range stands.
    std::pair<K, V> operator*() const { return range_->current(); }  ///< The current entry, decoded.
    /// Goes on to the next entry.
    Iterator& operator++() {
      range_->iterator_->next();
      return *this;
    }
    bool operator!=(End) const { return range_->more(); }  ///< True while there is an entry.

   private:
    TypedRange* range_;
  };
  Iterator begin() { return Iterator(*this); }  ///< For range-based for. A range can be walked once.
  End end() { return {}; }                      ///< For range-based for.

 private:
  bool more() {
    if (iterator_->valid()) return true;
    if (auto status = iterator_->status(); !status) context_->fail(status.error().at({.store = store_}));
    return false;
  }
  std::pair<K, V> current() {
    auto key = typing_->key_serde.deserialize(iterator_->key());
    if (!key) context_->fail(key.error().at({.store = store_}));
    auto value = typing_->value_serde.deserialize(iterator_->value());
    if (!value) context_->fail(value.error().at({.store = store_}));
    return {std::move(*key), std::move(*value)};
  }

  TaskContext* context_;
  const KeyValueTyping<K, V>* typing_;
  std::string store_;
  std::unique_ptr<KeyValueIterator> iterator_;
};

/// A cheap handle. Reads see what the current record wrote before. Failures of the disk or of decoding end the record's
/// processing (RecordFailed): they need no handling here. Thread: the one that owns the task.
template <class K, class V>
class KeyValueStore {
 public:
  KeyValueStore() = default;
  /// Borrows everything; it outlives the handle.
  KeyValueStore(TaskContext& context, KeyValueBytesStore& store, const KeyValueTyping<K, V>& typing)
      : context_(&context), store_(&store), typing_(&typing) {}

  [[nodiscard]] const std::string& name() const { return store_->name(); }  ///< As it was declared.

  /// The value of `key`, if there is one.
  [[nodiscard]] std::optional<V> get(const K& key) {
    encode(typing_->key_serde, key, key_bytes_);
    auto found = store_->get(key_bytes_);
    if (!found) context_->fail(found.error().at({.store = name()}));
    if (!*found) return std::nullopt;
    auto value = typing_->value_serde.deserialize(**found);
    if (!value) context_->fail(value.error().at({.store = name()}));
    return std::move(*value);
  }
  /// Sets the value of `key`.
  void put(const K& key, const V& value) {
    encode(typing_->key_serde, key, key_bytes_);
    encode(typing_->value_serde, value, value_bytes_);
    write(OptionalBytesView(value_bytes_));
  }
  /// Deletes `key`; nothing happens if it is not there.
  void erase(const K& key) {
    encode(typing_->key_serde, key, key_bytes_);
    write(std::nullopt);
  }
  /// The value that was there before, if any; then nothing is changed.
  std::optional<V> put_if_absent(const K& key, const V& value) {
    auto present = get(key);
    if (!present) put(key, value);
    return present;
  }
  /// Entries with from <= key < to, in the order of the serialized keys.
  [[nodiscard]] TypedRange<K, V> range(const std::optional<K>& from, const std::optional<K>& to) {
    return walk(bounds(from, to, KeyOrder::Ascending));
  }
  /// The entries of range(from, to), the last one first.
  [[nodiscard]] TypedRange<K, V> reverse_range(const std::optional<K>& from, const std::optional<K>& to) {
    return walk(bounds(from, to, KeyOrder::Descending));
  }
  /// All entries, in the order of the serialized keys.
  [[nodiscard]] TypedRange<K, V> all() { return range(std::nullopt, std::nullopt); }
  /// All entries, the last one first.
  [[nodiscard]] TypedRange<K, V> reverse_all() { return reverse_range(std::nullopt, std::nullopt); }
  /// Entries whose serialized key begins with the serialized prefix, in the order of the serialized keys. A std::string
  /// is a prefix of longer ones; a number is one of nothing but itself. Source: KIP-614.
  [[nodiscard]] TypedRange<K, V> prefix_scan(const K& prefix) { return prefix_scan(prefix, typing_->key_serde); }
  /// The same with a prefix of another type, as `prefix_serde` writes it. REQUIRES: prefix_serde.has_codec().
  template <class P>
  [[nodiscard]] TypedRange<K, V> prefix_scan(const P& prefix, const Serde<P>& prefix_serde) {
    Bytes bytes;
    prefix_serde.serialize(prefix, bytes);
    return walk(prefix_range(bytes));
  }
  /// How many entries there are; RocksDB estimates it.
  [[nodiscard]] std::uint64_t approximate_entries() const { return store_->approximate_entries(); }

 private:
  template <class T>
  void encode(const Serde<T>& serde, const T& value, Bytes& out) {
    out.clear();
    serde.serialize(value, out);
  }
  KeyRange bounds(const std::optional<K>& from, const std::optional<K>& to, KeyOrder order) {
    KeyRange range{std::nullopt, std::nullopt, order};
    if (from) typing_->key_serde.serialize(*from, range.from.emplace());
    if (to) typing_->key_serde.serialize(*to, range.to.emplace());
    return range;
  }
  TypedRange<K, V> walk(const KeyRange& range) {
    auto iterator = store_->range(range);
    if (!iterator) context_->fail(iterator.error().at({.store = name()}));
    return TypedRange<K, V>(*context_, *typing_, name(), std::move(*iterator));
  }
  void write(OptionalBytesView value) {
    auto written = store_->put(key_bytes_, value);
    if (!written) context_->fail(written.error().at({.store = name()}));
  }

  TaskContext* context_ = nullptr;
  KeyValueBytesStore* store_ = nullptr;
  const KeyValueTyping<K, V>* typing_ = nullptr;
  Bytes key_bytes_;
  Bytes value_bytes_;
};

/// Declares a store for StreamsBuilder::add_state_store.
template <class K, class V>
struct KeyValueStoreBuilder {
  std::string name;        ///< unique in the topology
  bool persistent = true;  ///< RocksDB; otherwise memory, restored in full at every start
  Serde<K> key_serde{};    ///< default: that of the type
  Serde<V> value_serde{};  ///< default: that of the type
  bool caching = false;    ///< a key's changes are logged once, at the commit, however often it was written before
  /// Changes go to the topic "<application id>-<name>-changelog", from which the store is restored. Without: a store in
  /// memory begins empty at each start; a persistent one is kept if it stands at the committed input offsets, else
  /// cleared with a warning: after a kill, on another machine, when its file was damaged.
  bool logging = true;

  /// The store as the topology knows it.
  [[nodiscard]] StoreSpec spec() const {
    StoreSpec spec;
    spec.name = name;
    spec.persistent = persistent;
    spec.logged = logging;
    spec.caching = caching;
    spec.types = type_name(typeid(K)) + " -> " + type_name(typeid(V));
    spec.typing = std::make_shared<const KeyValueTyping<K, V>>(key_serde, value_serde);
    return spec;
  }
};

/// Declares a store whose values carry a timestamp, as those of tables do, for StreamsBuilder::add_state_store. A
/// processor uses it as state_store<K, ValueAndTimestamp<V>>(name). Its changelog has the plain values, each with its
/// timestamp as the record's. Fields as in KeyValueStoreBuilder. Source: KIP-258.
template <class K, class V>
struct TimestampedKeyValueStoreBuilder {
  std::string name;        ///< unique in the topology
  bool persistent = true;  ///< RocksDB; otherwise memory
  Serde<K> key_serde{};    ///< default: that of the type
  Serde<V> value_serde{};  ///< default: that of the type
  bool caching = false;    ///< changes go on at a commit or when the cache is full, the last one of each key
  bool logging = true;     ///< a changelog keeps what the store holds

  /// The store as the topology knows it.
  [[nodiscard]] StoreSpec spec() const {
    StoreSpec spec = KeyValueStoreBuilder<K, V>{name, persistent, key_serde, value_serde, caching, logging}.spec();
    spec.timestamped = true;
    spec.typing = std::make_shared<const TimestampedKeyValueTyping<K, V>>(key_serde, value_serde);
    return spec;
  }
};

}  // namespace millrace
