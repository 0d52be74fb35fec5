// Nodes of tables: aggregation, table sources and the way back to a stream.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <millrace/dsl/change.hpp>
#include <millrace/dsl/detail/invoke.hpp>
#include <millrace/dsl/detail/row_codec.hpp>
#include <millrace/processor/key_value_store.hpp>
#include <millrace/state/caching_key_value_bytes_store.hpp>
#include <millrace/topology/node.hpp>

namespace millrace::detail {

/// A timestamped store of a table, with its bytes handled in one place.
template <class K, class V>
class TableStore {
 public:
  TableStore(std::string name, Serde<K> key_serde, Serde<V> value_serde)
      : codec_(std::move(name), std::move(key_serde), std::move(value_serde)) {}

  void init(TaskContext& context, const std::string& node) {
    codec_.init(context, node);
    store_ = &static_cast<KeyValueBytesStore&>(context.state_store(node, codec_.store()));
    cache_ = store_->cache();
  }
  /// True if the store caches: then `listener` is told each change when it is to be forwarded. REQUIRES: init().
  bool listen(CacheListener& listener) {
    if (cache_ != nullptr) cache_->listen(listener);
    return cache_ != nullptr;
  }

  /// `key` becomes the key of the next write().
  void select(const K& key) { codec_.encode_key(key, key_bytes_); }
  /// The row of `key`, which becomes the key of the next write(): its value, and when it was last changed.
  std::optional<ValueAndTimestamp<V>> read(const K& key) {
    select(key);
    auto found = store_->get(key_bytes_);
    if (!found) codec_.fail(found.error());
    if (!*found) return std::nullopt;
    return codec_.decode_row(**found);
  }
  /// Writes the row read or selected last; nullopt deletes it. If the change is forwarded later it has the headers and,
  /// where it is a deletion, the time of the record that it was written for.
  void write(Timestamp timestamp, const std::optional<V>& value, Timestamp time_of_record, const Headers& headers) {
    const OptionalBytesView row = codec_.encode_row(timestamp, value);
    auto written =
        cache_ == nullptr ? store_->put(key_bytes_, row) : cache_->put(key_bytes_, row, time_of_record, headers);
    if (!written) codec_.fail(written.error());
  }
  /// What a cache gives out, as it is forwarded.
  Record<K, Change<V>> decode(const CachedChange& change, bool with_old_value) {
    Record<K, Change<V>> out;
    out.key.emplace(codec_.decode_key(change.key));
    codec_.decode_change(change, with_old_value, out);
    return out;
  }

 private:
  RowCodec<K, V> codec_;
  KeyValueBytesStore* store_ = nullptr;
  CachingKeyValueBytesStore* cache_ = nullptr;
  Bytes key_bytes_;
};

/// What the operators that keep a table share: a row is changed, and the change forwarded, at once or, if the store
/// caches, when the cache gives it out.
template <class K, class V>
class TableNode : public Node, private CacheListener {
 public:
  /// Without a store changes are forwarded only.
  TableNode(std::optional<TableStore<K, V>> store, bool sends_old) : store_(std::move(store)), sends_old_(sends_old) {}

  void init(TaskContext& context) override {
    context_ = &context;
    if (!store_) return;
    store_->init(context, name());
    forwards_later_ = store_->listen(*this);
  }

 protected:
  /// Writes the new value of the row read or selected last, and forwards the change, which a record of that time made.
  void change_row(const Record<K, Change<V>>& change, Timestamp time_of_record) {
    if (store_) store_->write(change.timestamp, change.value->new_value, time_of_record, change.headers);
    if (!forwards_later_) forward_erased(&change);
  }

  std::optional<TableStore<K, V>> store_;
  const bool sends_old_;
  TaskContext* context_ = nullptr;

 private:
  void emit(const CachedChange& cached) final {
    const Record<K, Change<V>> change = store_->decode(cached, sends_old_);
    forward_erased(&change);
  }

  bool forwards_later_ = false;
};

/// count, reduce and aggregate of a grouped stream. `Step` makes the new value of a row from the old one and a record:
/// `std::optional<A>(const K&, const V&, std::optional<A>&& old)`.
/// Source: KStreamAggregate of Kafka Streams: null key or value is dropped and counted; the result's timestamp is the
/// larger of the old and the record's.
template <class K, class V, class A, class Step>
class AggregateNode final : public TableNode<K, A> {
 public:
  AggregateNode(TableStore<K, A> store, Step step, bool sends_old)
      : TableNode<K, A>(std::move(store), sends_old), step_(std::move(step)) {}

  void process(const void* erased) override {
    const auto& in = *static_cast<const Record<K, V>*>(erased);
    if (!in.key || !in.value) {
      this->context_->count_dropped(this->name(), in.key ? "null_value" : "null_key");
      return;
    }
    auto row = this->store_->read(*in.key);
    Record<K, Change<A>> out{in.key, Change<A>{}, in.timestamp, in.headers};
    if (row && this->sends_old_) out.value->old_value = row->value;
    std::optional<A> old = row ? std::optional<A>(std::move(row->value)) : std::nullopt;
    out.value->new_value =
        run_user_code(*this->context_, this->name(), [&] { return step_(*in.key, *in.value, std::move(old)); });
    if (row) out.timestamp = std::max(out.timestamp, row->timestamp);
    this->change_row(out, in.timestamp);
  }

 private:
  Step step_;
};

/// A table's topic, kept in a store: knows the old value of a row, and looks it up if somebody wants it.
template <class K, class V>
class StoredTableNode final : public TableNode<K, V> {
 public:
  StoredTableNode(TableStore<K, V> store, bool sends_old) : TableNode<K, V>(std::move(store), sends_old) {}

  void process(const void* erased) override {
    const auto& in = *static_cast<const Record<K, V>*>(erased);
    if (!in.key) return this->context_->count_dropped(this->name(), "null_key");
    Record<K, Change<V>> out{in.key, Change<V>{in.value, std::nullopt}, in.timestamp, in.headers};
    if (this->sends_old_) {
      if (auto row = this->store_->read(*in.key)) out.value->old_value = std::move(row->value);
    } else {
      this->store_->select(*in.key);
    }
    this->change_row(out, in.timestamp);
  }
};

/// A table's topic without a store: hands changes on.
template <class K, class V>
class PassingTableNode final : public Node {
 public:
  void init(TaskContext& context) override { context_ = &context; }
  void process(const void* erased) override {
    const auto& in = *static_cast<const Record<K, V>*>(erased);
    if (!in.key) return context_->count_dropped(name(), "null_key");
    Record<K, Change<V>> out{in.key, Change<V>{in.value, std::nullopt}, in.timestamp, in.headers};
    forward_erased(&out);
  }

 private:
  TaskContext* context_ = nullptr;
};

/// to_stream: the new value of each change; null where a row was deleted.
template <class K, class V>
class ToStreamNode final : public Node {
 public:
  void init(TaskContext&) override {}
  void process(const void* erased) override {
    const auto& in = *static_cast<const Record<K, Change<V>>*>(erased);
    Record<K, V> out{in.key, in.value->new_value, in.timestamp, in.headers};
    forward_erased(&out);
  }
};

}  // namespace millrace::detail
