// Nodes of windowed aggregations.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <millrace/dsl/change.hpp>
#include <millrace/dsl/detail/invoke.hpp>
#include <millrace/dsl/windows.hpp>
#include <millrace/model/value_and_timestamp.hpp>
#include <millrace/serde/serde.hpp>
#include <millrace/state/caching_key_value_bytes_store.hpp>
#include <millrace/state/window_bytes_store.hpp>
#include <millrace/topology/node.hpp>
#include <millrace/topology/specs.hpp>

namespace millrace::detail {

/// A cached store that is written to on behalf of a record which an operator has at hand.
class WrittenForRecord final : public KeyValueBytesStore {
 public:
  explicit WrittenForRecord(CachingKeyValueBytesStore& cache) : cache_(cache) {}

  /// `headers` is borrowed for the next put().
  void on_behalf_of(Timestamp timestamp, const Headers& headers) {
    timestamp_ = timestamp;
    headers_ = &headers;
  }
  const std::string& name() const override { return cache_.name(); }
  Result<OptionalBytesView> get(BytesView key) override { return cache_.get(key); }
  /// REQUIRES: on_behalf_of().
  Result<void> put(BytesView key, OptionalBytesView value) override {
    return cache_.put(key, value, timestamp_, *headers_);
  }
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) override { return cache_.range(range); }
  std::uint64_t approximate_entries() const override { return cache_.approximate_entries(); }

 private:
  CachingKeyValueBytesStore& cache_;
  Timestamp timestamp_{};
  const Headers* headers_ = nullptr;
};

/// The timestamped window store of a table, with its bytes handled in one place. One key at a time: use_key(), then
/// rows of its windows.
template <class K, class V>
class WindowRows {
 public:
  WindowRows(const StoreSpec& spec, Serde<K> key_serde, Serde<V> value_serde)
      : name_(spec.name),
        retention_(spec.retention),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)) {}

  void init(TaskContext& context, const std::string& node) {
    context_ = &context;
    node_ = node;
    auto& entries = static_cast<KeyValueBytesStore&>(context.state_store(node, name_));
    CachingKeyValueBytesStore* cache = entries.cache();
    if (cache != nullptr) written_ = std::make_shared<WrittenForRecord>(*cache);
    windows_.emplace(written_ ? *written_ : entries, context.observed_times(), retention_, false);
    cache_ = cache;
  }
  /// True if the store caches: then `listener` is told each change when it is to be forwarded. REQUIRES: init().
  bool listen(CacheListener& listener) {
    if (cache_ != nullptr) cache_->listen(listener);
    return cache_ != nullptr;
  }

  void use_key(const K& key) {
    key_bytes_.clear();
    encode(key_serde_, key, key_bytes_);
  }
  std::optional<ValueAndTimestamp<V>> read(Timestamp start) {
    auto found = windows_->get(key_bytes_, start);
    if (!found) fail(found.error());
    if (!*found) return std::nullopt;
    auto value = value_serde_.deserialize(value_of(**found));
    if (!value) fail(value.error());
    return ValueAndTimestamp<V>{std::move(*value), timestamp_of(**found)};
  }
  /// nullopt deletes the row. If the change is forwarded later it has the headers and, where it is a deletion, the time
  /// of the record that it was written for.
  void write(Timestamp start, Timestamp timestamp, const std::optional<V>& value, Timestamp time_of_record,
             const Headers& headers) {
    if (value) {
      value_bytes_.clear();
      encode_timestamped(timestamp, {}, value_bytes_);
      encode(value_serde_, *value, value_bytes_);
    }
    if (written_) written_->on_behalf_of(time_of_record, headers);
    auto written = windows_->put(key_bytes_, start, value ? OptionalBytesView(value_bytes_) : OptionalBytesView());
    if (!written) fail(written.error());
  }
  /// What a cache gives out, as it is forwarded.
  Record<Windowed<K>, Change<V>> decode(const CachedChange& change, milliseconds window_size) {
    const auto stored = parse_window_key(change.key);
    if (!stored) fail(Error(ErrorCode::DeserializationFailed, "a key is too short to have a window"));
    Record<Windowed<K>, Change<V>> out;
    const Window window{stored->start, shift_time(stored->start, window_size)};
    out.key.emplace(Windowed<K>{decode(key_serde_, stored->key), window});
    out.value.emplace();
    out.timestamp = change.context->timestamp;
    if (change.new_value) {
      out.value->new_value = decode(value_serde_, value_of(*change.new_value));
      out.timestamp = timestamp_of(*change.new_value);
    }
    if (change.old_value) out.value->old_value = decode(value_serde_, value_of(*change.old_value));
    if (!change.context->encoded_headers.empty()) {
      auto headers = decode_headers(change.context->encoded_headers);
      if (!headers) fail(headers.error());
      out.headers = std::move(*headers);
    }
    return out;
  }

 private:
  template <class T>
  T decode(const Serde<T>& serde, BytesView bytes) {
    auto decoded = serde.deserialize(bytes);
    if (!decoded) fail(decoded.error());
    return std::move(*decoded);
  }
  template <class T>
  void encode(const Serde<T>& serde, const T& value, Bytes& out) {
    try {
      serde.serialize(value, out);
    } catch (...) {
      context_->fail_user_code(node_, ErrorCode::SerializationFailed, "the serde");
    }
  }
  [[noreturn]] void fail(const Error& error) { context_->fail(error.at({.node = node_, .store = name_})); }

  std::string name_;
  std::string node_;
  milliseconds retention_;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
  TaskContext* context_ = nullptr;
  CachingKeyValueBytesStore* cache_ = nullptr;
  std::shared_ptr<WrittenForRecord> written_;  // over the cache, if there is one
  std::optional<WindowBytesStore> windows_;
  Bytes key_bytes_;
  Bytes value_bytes_;
};

/// count, reduce and aggregate of a windowed stream. `Step` makes the new value of a row from the old one and a record:
/// `std::optional<A>(const Record<K, V>&, std::optional<A>&& old, value_of)`, where `value_of(f)` is the record's value
/// as the user's function `f` takes it.
/// Source: KStreamWindowAggregate of Kafka Streams: a null key is dropped before its timestamp is seen; a window is
/// open while its end is later than the operator's stream time less the grace; the result's timestamp is the larger of
/// the row's and the record's.
template <class K, class V, class A, class Step>
class WindowAggregateNode final : public Node, private CacheListener {
 public:
  WindowAggregateNode(WindowRows<K, A> rows, TimeWindows windows, Step step)
      : rows_(std::move(rows)), windows_(windows), step_(std::move(step)) {}

  void init(TaskContext& context) override {
    context_ = &context;
    time_ = context.observed_times().open(name());
    rows_.init(context, name());
    forwards_later_ = rows_.listen(*this);
  }
  void process(const void* erased) override {
    const auto& in = *static_cast<const Record<K, V>*>(erased);
    if (!in.key) return context_->count_dropped(name(), "null_key");
    const Timestamp stream_time = context_->observed_times().observe(time_, in.timestamp);
    const Timestamp closed = shift_time(stream_time, -windows_.grace());
    rows_.use_key(*in.key);
    out_.headers = in.headers;
    windows_.for_each_at(in.timestamp, [&](const Window& window) {
      if (window.end > closed) update(in, window);
      else context_->count_dropped(name(), "late");
    });
  }

 private:
  void update(const Record<K, V>& in, const Window& window) {
    auto row = rows_.read(window.start);
    out_.timestamp = row ? std::max(in.timestamp, row->timestamp) : in.timestamp;
    // Assigned in place: the record is kept from call to call for the memory of its key.
    if (!out_.key) out_.key.emplace();
    out_.key->key = *in.key;
    out_.key->window = window;
    if (!out_.value) out_.value.emplace();
    out_.value->old_value = row ? std::optional<A>(row->value) : std::nullopt;
    std::optional<A> old = row ? std::optional<A>(std::move(row->value)) : std::nullopt;
    out_.value->new_value = run_user_code(*context_, name(), [&] {
      return step_(in, std::move(old), [&]<class F>(F&) -> Argument<F, 1, V> {
        return argument<F, 1, V>(in.value, *context_, name(), "value");
      });
    });
    rows_.write(window.start, out_.timestamp, out_.value->new_value, in.timestamp, in.headers);
    if (!forwards_later_) forward_erased(&out_);
  }
  void emit(const CachedChange& cached) override {
    const Record<Windowed<K>, Change<A>> change = rows_.decode(cached, windows_.size());
    forward_erased(&change);
  }

  WindowRows<K, A> rows_;
  TimeWindows windows_;
  Step step_;
  TaskContext* context_ = nullptr;
  ObservedTimes::Id time_;
  bool forwards_later_ = false;
  Record<Windowed<K>, Change<A>> out_;
};

}  // namespace millrace::detail
