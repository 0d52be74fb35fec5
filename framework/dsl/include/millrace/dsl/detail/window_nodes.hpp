// Nodes of windowed aggregations.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <millrace/dsl/change.hpp>
#include <millrace/dsl/detail/invoke.hpp>
#include <millrace/dsl/windows.hpp>
#include <millrace/model/value_and_timestamp.hpp>
#include <millrace/state/buffered_key_value_bytes_store.hpp>
#include <millrace/state/window_bytes_store.hpp>
#include <millrace/topology/node.hpp>
#include <millrace/topology/specs.hpp>

namespace millrace::detail {

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
    windows_.emplace(entries, context.observed_times(), retention_, false);
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
  /// nullopt deletes the row.
  void write(Timestamp start, Timestamp timestamp, const std::optional<V>& value) {
    if (value) {
      value_bytes_.clear();
      encode_timestamped(timestamp, {}, value_bytes_);
      encode(value_serde_, *value, value_bytes_);
    }
    auto written = windows_->put(key_bytes_, start, value ? OptionalBytesView(value_bytes_) : OptionalBytesView());
    if (!written) fail(written.error());
  }

 private:
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
class WindowAggregateNode final : public Node {
 public:
  WindowAggregateNode(WindowRows<K, A> rows, TimeWindows windows, Step step)
      : rows_(std::move(rows)), windows_(windows), step_(std::move(step)) {}

  void init(TaskContext& context) override {
    context_ = &context;
    time_ = context.observed_times().open(name());
    rows_.init(context, name());
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
    rows_.write(window.start, out_.timestamp, out_.value->new_value);
    forward_erased(&out_);
  }

  WindowRows<K, A> rows_;
  TimeWindows windows_;
  Step step_;
  TaskContext* context_ = nullptr;
  ObservedTimes::Id time_;
  Record<Windowed<K>, Change<A>> out_;
};

}  // namespace millrace::detail
