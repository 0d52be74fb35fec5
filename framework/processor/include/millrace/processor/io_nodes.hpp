// The nodes at the edges of a sub-topology: bytes to types, and back.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <millrace/serde/serde.hpp>
#include <millrace/topology/task_context.hpp>

namespace millrace {

/// Decodes records of a topic.
template <class K, class V>
class TypedSourceNode final : public SourceNode {
 public:
  TypedSourceNode(Serde<K> key_serde, Serde<V> value_serde)
      : key_serde_(std::move(key_serde)), value_serde_(std::move(value_serde)) {}

  void init(TaskContext& context) override { context_ = &context; }
  void accept(const RecordView& bytes) override {
    Record<K, V> record;
    record.timestamp = bytes.timestamp;
    if (bytes.key) decode(key_serde_, *bytes.key, record.key, "key");
    if (bytes.value) decode(value_serde_, *bytes.value, record.value, "value");
    if (!bytes.encoded_headers.empty()) {
      auto headers = decode_headers(bytes.encoded_headers);
      if (!headers) context_->fail(headers.error().at({.node = name()}));
      record.headers = std::move(*headers);
    }
    forward_erased(&record);
  }

 private:
  template <class T>
  void decode(const Serde<T>& serde, BytesView bytes, std::optional<T>& into, const char* what) {
    auto decoded = run_serde(serde, bytes);
    if (!decoded) [[unlikely]]
      fail_decode(decoded.error(), what);
    into.emplace(std::move(*decoded));
  }
  template <class T>
  Result<T> run_serde(const Serde<T>& serde, BytesView bytes) {
    try {
      return serde.deserialize(bytes);
    } catch (...) {  // a serde should return its errors; one that throws is no function of the topology
      context_->fail_user_code(name(), ErrorCode::DeserializationFailed, "the serde");
    }
  }
  [[noreturn]] void fail_decode(const Error& error, const char* what) {
    context_->fail(Error(ErrorCode::DeserializationFailed,
                         std::string("the ") + what + " does not decode: " + error.message(), {.node = name()}));
  }

  TaskContext* context_ = nullptr;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
};

/// Encodes records for a topic.
template <class K, class V>
class TypedSinkNode final : public Node {
 public:
  TypedSinkNode(TopicRef topic, Serde<K> key_serde, Serde<V> value_serde, bool drop_null_keys)
      : topic_(std::move(topic)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)),
        drop_null_keys_(drop_null_keys) {}

  void init(TaskContext& context) override {
    context_ = &context;
    output_ = context.collector().open(topic_);
  }
  void process(const void* erased) override {
    const auto& record = *static_cast<const Record<K, V>*>(erased);
    // A repartition topic brings equal keys together; what has no key belongs nowhere.
    if (drop_null_keys_ && !record.key) return;
    OptionalBytesView key = encode(key_serde_, record.key, key_bytes_);
    OptionalBytesView value = encode(value_serde_, record.value, value_bytes_);
    header_bytes_.clear();
    if (!record.headers.empty()) encode_headers(record.headers, header_bytes_);
    context_->collector().send(output_, std::nullopt, key, value, record.timestamp, header_bytes_);
  }

 private:
  template <class T>
  OptionalBytesView encode(const Serde<T>& serde, const std::optional<T>& value, Bytes& out) {
    if (!value) return std::nullopt;
    try {
      return serde.encode(*value, out);
    } catch (...) {
      context_->fail_user_code(name(), ErrorCode::SerializationFailed, "the serde");
    }
  }

  TopicRef topic_;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
  const bool drop_null_keys_;
  TaskContext* context_ = nullptr;
  OutputTopic output_;
  Bytes key_bytes_;
  Bytes value_bytes_;
  Bytes header_bytes_;
};

}  // namespace millrace
