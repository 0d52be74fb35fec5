#include "log_keys.hpp"

#include <millrace/base/big_endian.hpp>

namespace millrace {

namespace {

constexpr char kInBatches = 'b';
constexpr char kInIndex = 'i';

void append_string(Bytes& out, BytesView text) {
  append_big_endian(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

template <class T>
bool take_integer(BytesView& bytes, T& value) {
  if (bytes.size() < sizeof(T)) return false;
  value = read_big_endian<T>(bytes);
  bytes.remove_prefix(sizeof(T));
  return true;
}

bool take_string(BytesView& bytes, std::string& text) {
  std::uint32_t size = 0;
  if (!take_integer(bytes, size) || bytes.size() < size) return false;
  text.assign(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return true;
}

/// In place of a limit that there is not.
constexpr std::int64_t kNoLimit = -1;

bool take_limits(BytesView& bytes, TopicLimits& limits) {
  std::int64_t retention_ms = 0;
  std::int64_t retention_bytes = 0;
  if (!take_integer(bytes, retention_ms) || !take_integer(bytes, retention_bytes) || !bytes.empty()) return false;
  if (retention_ms < kNoLimit || retention_bytes < kNoLimit) return false;
  if (retention_ms != kNoLimit) limits.retention = std::chrono::milliseconds(retention_ms);
  if (retention_bytes != kNoLimit) limits.retention_bytes = retention_bytes;
  return true;
}

bool take_prefix(BytesView& bytes, char prefix) {
  if (bytes.empty() || bytes[0] != prefix) return false;
  bytes.remove_prefix(1);
  return true;
}

}  // namespace

Bytes serial_key(BatchSerial serial) {
  Bytes key;
  append_big_endian(key, serial.value());
  return key;
}

bool decode_serial(BytesView key, BatchSerial& serial) {
  std::uint64_t number = 0;
  if (!take_integer(key, number) || !key.empty()) return false;
  serial = BatchSerial(number);
  return true;
}

Bytes index_key(const BatchKey& key) {
  Bytes bytes;
  append_big_endian(bytes, key.topic.value());
  append_big_endian(bytes, key.partition.value());
  append_big_endian(bytes, key.base.value());
  return bytes;
}

Offset base_of(BytesView bytes) { return Offset(read_big_endian<std::int64_t>(bytes.substr(8))); }

Bytes encode_index_entry(const IndexEntry& entry) {
  Bytes bytes;
  bool dense_here = !entry.serial && entry.span <= INT32_MAX;
  append_big_endian(bytes, static_cast<std::int32_t>(dense_here ? entry.span : 0));
  bytes += entry.serial ? kInBatches : kInIndex;
  if (!dense_here) append_big_endian(bytes, entry.span);
  if (entry.serial) {
    append_big_endian(bytes, entry.serial->value());
    append_big_endian(bytes, entry.size_bytes);
  } else {
    bytes += entry.bytes;
  }
  return bytes;
}

bool decode_index_entry(BytesView value, IndexEntry& entry) {
  std::int32_t count = 0;
  if (!take_integer(value, count) || count < 0 || value.empty()) return false;
  const char place = value[0];
  value.remove_prefix(1);
  entry.span = count;
  entry.serial.reset();
  entry.bytes = {};
  if (count == 0 && (!take_integer(value, entry.span) || entry.span <= 0)) return false;
  if (place == kInIndex) {
    entry.bytes = value;
    entry.size_bytes = static_cast<std::uint32_t>(value.size());
    return true;
  }
  std::uint64_t serial = 0;
  if (place != kInBatches || !take_integer(value, serial)) return false;
  entry.serial = BatchSerial(serial);
  entry.size_bytes = kLeastSeparateBytes;
  return count > 0 ? value.empty() : take_integer(value, entry.size_bytes) && value.empty();
}

Bytes topic_key(TopicNumber number) {
  Bytes key(1, kTopicPrefix);
  append_big_endian(key, number.value());
  return key;
}

Bytes encode_topic(const TopicInfo& info) {
  Bytes bytes;
  append_big_endian(bytes, info.partitions);
  append_big_endian(bytes, static_cast<std::uint8_t>(info.cleanup));
  append_string(bytes, info.name);
  append_string(bytes, info.id);
  append_big_endian(bytes, info.limits.retention ? std::int64_t{info.limits.retention->count()} : kNoLimit);
  append_big_endian(bytes, info.limits.retention_bytes.value_or(kNoLimit));
  return bytes;
}

bool decode_topic(BytesView key, BytesView value, StorageWrite::Topic& topic) {
  std::uint32_t number = 0;
  std::uint8_t cleanup = 0;
  if (!take_prefix(key, kTopicPrefix) || !take_integer(key, number) || !key.empty()) return false;
  if (!take_integer(value, topic.info.partitions) || !take_integer(value, cleanup)) return false;
  if (!take_string(value, topic.info.name) || !take_string(value, topic.info.id)) return false;
  if (topic.info.partitions < 1 || cleanup > static_cast<std::uint8_t>(CleanupPolicy::CompactDelete)) return false;
  if (!value.empty() && !take_limits(value, topic.info.limits)) return false;
  topic.number = TopicNumber(number);
  topic.info.cleanup = static_cast<CleanupPolicy>(cleanup);
  return true;
}

Bytes marks_prefix(TopicNumber topic) {
  Bytes key(1, kMarksPrefix);
  append_big_endian(key, topic.value());
  return key;
}

Bytes marks_key(TopicNumber topic, Partition partition) {
  Bytes key = marks_prefix(topic);
  append_big_endian(key, partition.value());
  return key;
}

Bytes encode_marks(const PartitionMarks& marks) {
  Bytes bytes;
  for (Offset mark : {marks.begin, marks.compacted, marks.tombstones_gone}) append_big_endian(bytes, mark.value());
  return bytes;
}

bool decode_marks(BytesView key, BytesView value, StorageWrite::Marks& marks) {
  std::uint32_t number = 0;
  std::int32_t partition = 0;
  if (!take_prefix(key, kMarksPrefix) || !take_integer(key, number) || !take_integer(key, partition) || !key.empty())
    return false;
  for (Offset* mark : {&marks.marks.begin, &marks.marks.compacted, &marks.marks.tombstones_gone}) {
    std::int64_t offset = 0;
    if (!take_integer(value, offset) || offset < 0) return false;
    *mark = Offset(offset);
  }
  marks.topic = TopicNumber(number);
  marks.partition = Partition(partition);
  return value.empty();
}

Bytes group_prefix(const std::string& group) {
  Bytes key(1, kOffsetPrefix);
  append_string(key, group);
  return key;
}

Bytes offset_key(const std::string& group, const TopicPartition& partition) {
  Bytes key = group_prefix(group);
  append_string(key, partition.topic);
  append_big_endian(key, partition.partition.value());
  return key;
}

Bytes encode_offset(const CommittedOffset& committed) {
  Bytes bytes;
  append_big_endian(bytes, committed.offset.value());
  bytes += committed.metadata;
  return bytes;
}

bool decode_offset(BytesView key, BytesView value, StorageWrite::GroupOffset& offset) {
  std::int32_t partition = 0;
  std::int64_t position = 0;
  if (!take_prefix(key, kOffsetPrefix) || !take_string(key, offset.group)) return false;
  if (!take_string(key, offset.partition.topic) || !take_integer(key, partition) || !key.empty()) return false;
  if (!take_integer(value, position)) return false;
  offset.partition.partition = Partition(partition);
  offset.committed.offset = Offset(position);
  offset.committed.metadata.assign(value);
  return true;
}

}  // namespace millrace
