// How the rows of tables and windowed tables lie in their stores: values behind their timestamps.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <millrace/dsl/change.hpp>
#include <millrace/model/record.hpp>
#include <millrace/model/value_and_timestamp.hpp>
#include <millrace/serde/serde.hpp>
#include <millrace/state/caching_key_value_bytes_store.hpp>
#include <millrace/topology/task_context.hpp>

namespace millrace::detail {

/// Turns the keys and rows of one store into bytes and back, for one node; what cannot be turned fails the record.
template <class K, class V>
class RowCodec {
 public:
  RowCodec(std::string store, Serde<K> key_serde, Serde<V> value_serde)
      : store_(std::move(store)), key_serde_(std::move(key_serde)), value_serde_(std::move(value_serde)) {}

  /// Before all else.
  void init(TaskContext& context, const std::string& node) {
    context_ = &context;
    node_ = node;
  }
  [[nodiscard]] const std::string& store() const { return store_; }
  [[noreturn]] void fail(const Error& error) { context_->fail(error.at({.node = node_, .store = store_})); }

  void encode_key(const K& key, Bytes& out) {
    out.clear();
    encode(key_serde_, key, out);
  }
  K decode_key(BytesView bytes) { return decode(key_serde_, bytes); }

  /// Borrowed until the next call; null for no row.
  OptionalBytesView encode_row(Timestamp timestamp, const std::optional<V>& value) {
    if (!value) return std::nullopt;
    row_bytes_.clear();
    encode_timestamped(timestamp, {}, row_bytes_);
    encode(value_serde_, *value, row_bytes_);
    return OptionalBytesView(row_bytes_);
  }
  ValueAndTimestamp<V> decode_row(BytesView stored) {
    return {decode(value_serde_, value_of(stored)), timestamp_of(stored)};
  }

  /// Gives `out` what a cache gives out, but for the key: of a deletion the time of the record that it was written for.
  template <class Key>
  void decode_change(const CachedChange& change, bool with_old_value, Record<Key, Change<V>>& out) {
    out.value.emplace();
    out.timestamp = change.context->timestamp;
    if (change.new_value) {
      auto row = decode_row(*change.new_value);
      out.value->new_value = std::move(row.value);
      out.timestamp = row.timestamp;
    }
    if (with_old_value && change.old_value) {
      out.value->old_value = decode(value_serde_, value_of(*change.old_value));
    }
    if (change.context->encoded_headers.empty()) return;
    auto headers = decode_headers(change.context->encoded_headers);
    if (!headers) fail(headers.error());
    out.headers = std::move(*headers);
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

  std::string store_;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
  std::string node_;
  TaskContext* context_ = nullptr;
  Bytes row_bytes_;
};

}  // namespace millrace::detail
