// Nodes of windowed aggregations.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <millrace/dsl/change.hpp>
#include <millrace/dsl/detail/invoke.hpp>
#include <millrace/dsl/detail/row_codec.hpp>
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
      : codec_(spec.name, std::move(key_serde), std::move(value_serde)), retention_(spec.retention) {}

  void init(TaskContext& context, const std::string& node) {
    codec_.init(context, node);
    auto& entries = static_cast<KeyValueBytesStore&>(context.state_store(node, codec_.store()));
    cache_ = entries.cache();
    if (cache_ != nullptr) written_ = std::make_shared<WrittenForRecord>(*cache_);
    windows_.emplace(written_ ? *written_ : entries, context.observed_times(), retention_, false);
  }
  /// True if the store caches: then `listener` is told each change when it is to be forwarded. REQUIRES: init().
  bool listen(CacheListener& listener) {
    if (cache_ != nullptr) cache_->listen(listener);
    return cache_ != nullptr;
  }

  void use_key(const K& key) { codec_.encode_key(key, key_bytes_); }
  std::optional<ValueAndTimestamp<V>> read(Timestamp start) {
    auto found = windows_->get(key_bytes_, start);
    if (!found) codec_.fail(found.error());
    if (!*found) return std::nullopt;
    return codec_.decode_row(**found);
  }
  /// nullopt deletes the row. If the change is forwarded later it has the headers and, where it is a deletion, the time
  /// of the record that it was written for.
  void write(Timestamp start, Timestamp timestamp, const std::optional<V>& value, Timestamp time_of_record,
             const Headers& headers) {
    if (written_) written_->on_behalf_of(time_of_record, headers);
    auto written = windows_->put(key_bytes_, start, codec_.encode_row(timestamp, value));
    if (!written) codec_.fail(written.error());
  }
  /// What a cache gives out, as it is forwarded.
  Record<Windowed<K>, Change<V>> decode(const CachedChange& change, milliseconds window_size) {
    const auto stored = parse_window_key(change.key);
    if (!stored) codec_.fail(Error(ErrorCode::DeserializationFailed, "a key is too short to have a window"));
    Record<Windowed<K>, Change<V>> out;
    const Window window{stored->start, shift_time(stored->start, window_size)};
    out.key.emplace(Windowed<K>{codec_.decode_key(stored->key), window});
    codec_.decode_change(change, true, out);
    return out;
  }

 private:
  RowCodec<K, V> codec_;
  milliseconds retention_;
  CachingKeyValueBytesStore* cache_ = nullptr;
  std::shared_ptr<WrittenForRecord> written_;  // over the cache, if there is one
  std::optional<WindowBytesStore> windows_;
  Bytes key_bytes_;
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
