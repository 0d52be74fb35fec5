// The nodes at the edges of a sub-topology: bytes to types, and back.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <millrace/processor/stream_partitioner.hpp>
#include <millrace/processor/timestamp_extractor.hpp>
#include <millrace/serde/serde.hpp>
#include <millrace/topology/task_context.hpp>

namespace millrace {

/// Decodes records of a topic.
template <class K, class V>
class TypedSourceNode final : public SourceNode {
 public:
  /// Decodes with these serdes; `extractor` tells the time.
  TypedSourceNode(Serde<K> key_serde, Serde<V> value_serde, TimestampExtractor<K, V> extractor = {})
      : key_serde_(std::move(key_serde)), value_serde_(std::move(value_serde)), extractor_(std::move(extractor)) {}

  void init(TaskContext& context) override { context_ = &context; }
  void accept(const RecordView& bytes) override {
    Record<K, V> record;
    read(bytes, record);
    forward_erased(&record);
  }
  bool extracts_time() const override { return extractor_.kind() != Kind::FailOnInvalid; }
  Result<Timestamp> extract_time(const RecordView& bytes, Timestamp partition_time) override {
    const bool valid = bytes.timestamp >= Timestamp{};
    switch (extractor_.kind()) {
      case Kind::FailOnInvalid:
      case Kind::SkipInvalid: return bytes.timestamp;
      case Kind::WallClock: return context_->wall_time();
      case Kind::PartitionTimeForInvalid:
        if (valid) return bytes.timestamp;
        if (partition_time != kNoTimestamp) return partition_time;
        return Error(ErrorCode::InvalidTimestamp,
                     "the record's timestamp is " + std::to_string(bytes.timestamp.time_since_epoch().count()) +
                         " ms, and no record before tells the partition's time",
                     {.node = name()});
      case Kind::Function: break;
    }
    try {
      Record<K, V> record;
      read(bytes, record);
      return run_user_code(*context_, name(), [&] { return extractor_(record, partition_time); });
    } catch (const RecordFailed&) {
      return context_->take_noted_failure();
    }
  }

 private:
  using Kind = typename TimestampExtractor<K, V>::Kind;

  void read(const RecordView& bytes, Record<K, V>& record) {
    record.timestamp = bytes.timestamp;
    if (bytes.key) decode(key_serde_, *bytes.key, record.key, "key");
    if (bytes.value) decode(value_serde_, *bytes.value, record.value, "value");
    if (!bytes.encoded_headers.empty()) {
      auto headers = decode_headers(bytes.encoded_headers);
      if (!headers) context_->fail(headers.error().at({.node = name()}));
      record.headers = std::move(*headers);
    }
  }
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
  TimestampExtractor<K, V> extractor_;
};

/// Encodes records and hands them to the collector: what all sinks share.
template <class K, class V>
class RecordWriter {
 public:
  /// An empty `partitioner` is Kafka's default one.
  RecordWriter(Serde<K> key_serde, Serde<V> value_serde, StreamPartitioner<K, V> partitioner)
      : key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)),
        partitioner_(std::move(partitioner)) {}

  /// Borrows both; they outlive the writer.
  void init(TaskContext& context, const std::string& node) {
    context_ = &context;
    node_ = &node;
  }
  /// `name` is the full name of `topic`.
  void write(OutputTopic topic, std::string_view name, const Record<K, V>& record) {
    OptionalBytesView key = encode(key_serde_, record.key, key_bytes_);
    OptionalBytesView value = encode(value_serde_, record.value, value_bytes_);
    header_bytes_.clear();
    if (!record.headers.empty()) encode_headers(record.headers, header_bytes_);
    auto send = [&](std::optional<Partition> partition) {
      context_->collector().send(*node_, topic, partition, key, value, record.timestamp, header_bytes_);
    };
    if (!partitioner_) return send(std::nullopt);
    const std::int32_t count = context_->collector().partition_count(topic);
    Partitions partitions =
        run_user_code(*context_, *node_, [&] { return partitioner_(name, record.key, record.value, count); });
    if (!partitions.chosen()) return send(std::nullopt);
    if (partitions.chosen()->empty()) return context_->count_dropped(*node_, "no_partition");
    for (Partition partition : *partitions.chosen()) {
      if (partition.value() < 0 || partition.value() >= count) [[unlikely]]
        fail_partition(partition, name, count);
      send(partition);
    }
  }

 private:
  template <class T>
  OptionalBytesView encode(const Serde<T>& serde, const std::optional<T>& value, Bytes& out) {
    if (!value) return std::nullopt;
    try {
      return serde.encode(*value, out);
    } catch (...) {
      context_->fail_user_code(*node_, ErrorCode::SerializationFailed, "the serde");
    }
  }
  [[noreturn]] void fail_partition(Partition partition, std::string_view topic, std::int32_t count) {
    context_->fail(Error(ErrorCode::PartitionOutOfRange,
                         "the partitioner chose partition " + std::to_string(partition.value()) + " of \"" +
                             std::string(topic) + "\", which has " + std::to_string(count),
                         {.node = *node_}));
  }

  Serde<K> key_serde_;
  Serde<V> value_serde_;
  StreamPartitioner<K, V> partitioner_;
  TaskContext* context_ = nullptr;
  const std::string* node_ = nullptr;
  Bytes key_bytes_;
  Bytes value_bytes_;
  Bytes header_bytes_;
};

/// Writes to one topic.
template <class K, class V>
class TypedSinkNode final : public Node {
 public:
  /// Writes to one topic.
  TypedSinkNode(TopicRef topic, RecordWriter<K, V> writer, bool drop_null_keys)
      : topic_(std::move(topic)), writer_(std::move(writer)), drop_null_keys_(drop_null_keys) {}

  void init(TaskContext& context) override {
    writer_.init(context, name());
    output_ = context.collector().open(topic_);
    full_name_ = topic_.full_name(context.application_id());
  }
  void process(const void* erased) override {
    const auto& record = *static_cast<const Record<K, V>*>(erased);
    // A repartition topic brings equal keys together; what has no key belongs nowhere.
    if (drop_null_keys_ && !record.key) return;
    writer_.write(output_, full_name_, record);
  }

 private:
  TopicRef topic_;
  RecordWriter<K, V> writer_;
  const bool drop_null_keys_;
  OutputTopic output_;
  std::string full_name_;
};

/// What a function that chooses a record's topic may know beside key and value. Borrowed for the call.
struct RecordContext {
  Timestamp timestamp{};                   ///< of the record
  const Headers& headers;                  ///< of the record
  std::optional<RecordMetadata> metadata;  ///< where the task's input came from; nullopt within a punctuator
};

/// Writes each record to the topic that a function chooses for it.
template <class K, class V>
class ChoosingSinkNode final : public Node {
 public:
  /// Calls the user's function on behalf of a node.
  using Extractor =
      std::function<std::string(const Record<K, V>&, const RecordContext&, TaskContext&, const std::string& node)>;
  /// Asks `extractor` where each record goes.
  ChoosingSinkNode(Extractor extractor, RecordWriter<K, V> writer)
      : extractor_(std::move(extractor)), writer_(std::move(writer)) {}

  void init(TaskContext& context) override {
    context_ = &context;
    writer_.init(context, name());
  }
  void process(const void* erased) override {
    const auto& record = *static_cast<const Record<K, V>*>(erased);
    const RecordContext about{record.timestamp, record.headers, context_->record_metadata()};
    std::string topic = extractor_(record, about, *context_, name());
    auto known = topics_.find(topic);
    if (known == topics_.end()) {
      auto found = context_->collector().find(topic);
      if (!found) fail(topic);
      known = topics_.emplace(std::move(topic), *found).first;
    }
    writer_.write(known->second, known->first, record);
  }

 private:
  [[noreturn]] void fail(const std::string& topic) {
    context_->fail(Error(ErrorCode::TopicNotWritable,
                         "the topic chosen for this record is \"" + topic +
                             "\": the log had no such topic when the application started, or it is internal",
                         {.node = name()}));
  }

  Extractor extractor_;
  RecordWriter<K, V> writer_;
  TaskContext* context_ = nullptr;
  std::map<std::string, OutputTopic, std::less<>> topics_;
};

}  // namespace millrace
