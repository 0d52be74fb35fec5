#include <millrace/log/record_batch.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/big_endian.hpp>
#include <millrace/base/varint.hpp>

namespace millrace {

namespace {

constexpr char kDenseMagic = 1;
constexpr char kSparseMagic = 2;
constexpr std::size_t kHeaderBytes = 1 + 4 + 8;
constexpr std::size_t kSparseHeaderBytes = kHeaderBytes + 8 + 8;
constexpr std::size_t kLeastRecordBytes = 4;  // a varint each: time, key length, value length, headers length
constexpr std::size_t kLeastSparseRecordBytes = 1 + kLeastRecordBytes;

char* write_optional(char* out, OptionalBytesView bytes) {
  if (!bytes) return write_varint(out, -1);
  out = write_varint(out, static_cast<std::int64_t>(bytes->size()));
  return std::copy(bytes->begin(), bytes->end(), out);
}

bool take_optional(BytesView& bytes, OptionalBytesView& taken) {
  std::int64_t size = 0;
  if (!take_varint(bytes, size)) return false;
  if (size == -1) {
    taken.reset();
    return true;
  }
  if (size < 0 || static_cast<std::uint64_t>(size) > bytes.size()) return false;
  taken.emplace(bytes.data(), static_cast<std::size_t>(size));
  bytes.remove_prefix(static_cast<std::size_t>(size));
  return true;
}

Error corrupted(Offset base, const std::string& what) {
  return Error(ErrorCode::LogCorrupted,
               fmt::format("the record batch at offset {} is malformed: {}", base.value(), what));
}

/// The most bytes that write_record() takes.
std::size_t room_for(OptionalBytesView key, OptionalBytesView value, BytesView headers) {
  return kLeastRecordBytes * kMostVarintBytes + (key ? key->size() : 0) + (value ? value->size() : 0) + headers.size();
}

char* write_record(char* out, std::int64_t time_ms, std::int64_t base_time_ms, OptionalBytesView key,
                   OptionalBytesView value, BytesView headers) {
  // Unsigned: from one end of time to the other it wraps, and decoding wraps it back.
  out = write_varint(out, static_cast<std::int64_t>(static_cast<std::uint64_t>(time_ms) -
                                                    static_cast<std::uint64_t>(base_time_ms)));
  out = write_optional(out, key);
  out = write_optional(out, value);
  return write_optional(out, headers);
}

/// Takes all but the offset. False if the bytes end too soon.
bool take_record(BytesView& rest, std::int64_t base_time_ms, RecordView& record) {
  std::int64_t delta_ms = 0;
  OptionalBytesView headers;
  if (!take_varint(rest, delta_ms) || !take_optional(rest, record.key) || !take_optional(rest, record.value) ||
      !take_optional(rest, headers) || !headers) {
    return false;
  }
  // Unsigned, since damaged bytes may overflow.
  auto time_ms = static_cast<std::uint64_t>(base_time_ms) + static_cast<std::uint64_t>(delta_ms);
  record.timestamp = Timestamp(milliseconds(static_cast<std::int64_t>(time_ms)));
  record.encoded_headers = *headers;
  return true;
}

Result<void> decode_sparse(BytesView batch, Offset base, Offset from, const BatchHeader& header,
                           std::vector<RecordView>& out) {
  const std::int64_t base_time_ms = header.base_timestamp.time_since_epoch().count();
  BytesView rest = batch.substr(kSparseHeaderBytes);
  if (static_cast<std::size_t>(header.count) > rest.size() / kLeastSparseRecordBytes)
    return corrupted(base, fmt::format("{} records do not fit it", header.count));
  if (header.span > INT64_MAX - base.value()) return corrupted(base, "its offsets do not end");
  std::int64_t next = 0;  // the least offset, from the base, that the next record can have
  for (std::int32_t i = 0; i < header.count; ++i) {
    RecordView record;
    std::int64_t gap = 0;
    if (!take_varint(rest, gap) || !take_record(rest, base_time_ms, record))
      return corrupted(base, fmt::format("record {} of {} ends too soon", i, header.count));
    if (gap < 0 || gap >= header.span - next)
      return corrupted(base, fmt::format("record {} of {} is beyond its end", i, header.count));
    record.offset = base.plus(next + gap);
    next += gap + 1;
    if (record.offset >= from) out.push_back(record);
  }
  if (!rest.empty()) return corrupted(base, "bytes follow its last record");
  return {};
}

}  // namespace

void RecordBatchBuilder::add(OptionalBytesView key, OptionalBytesView value, Timestamp timestamp,
                             BytesView encoded_headers) {
  std::int64_t time_ms = timestamp.time_since_epoch().count();
  const std::size_t most = room_for(key, value, encoded_headers);
  if (bytes_.empty()) {
    base_timestamp_ms_ = time_ms;
    // Batches of one builder are alike: the last one's size saves this one from growing step by step.
    bytes_.reserve(std::max(kHeaderBytes + most, last_size_bytes_));
    bytes_.resize(kHeaderBytes);
  }
  // Room for the most, then back to what it took: one check instead of one per field, on the hottest path there is.
  const std::size_t begin = bytes_.size();
  bytes_.resize(begin + most);
  char* out = write_record(bytes_.data() + begin, time_ms, base_timestamp_ms_, key, value, encoded_headers);
  bytes_.resize(static_cast<std::size_t>(out - bytes_.data()));
  ++count_;
}

void RecordBatchBuilder::truncate(Mark mark) {
  bytes_.resize(mark.size_bytes);
  count_ = mark.count;
}

EncodedBatch RecordBatchBuilder::finish() {
  MILLRACE_DCHECK(!empty(), "an empty batch is never written");
  Bytes header(1, kDenseMagic);  // fits a string without memory of its own
  append_big_endian(header, count_);
  append_big_endian(header, base_timestamp_ms_);
  std::copy(header.begin(), header.end(), bytes_.begin());
  last_size_bytes_ = bytes_.size();
  EncodedBatch batch{std::move(bytes_), count_};
  bytes_ = {};
  count_ = 0;
  return batch;
}

void SparseBatchBuilder::begin(Offset base) {
  bytes_.assign(kSparseHeaderBytes, '\0');
  base_ = next_ = base;
  count_ = 0;
}

void SparseBatchBuilder::add(const RecordView& record) {
  MILLRACE_DCHECK(record.offset >= next_, "offsets within a batch rise");
  const std::int64_t time_ms = record.timestamp.time_since_epoch().count();
  if (count_ == 0) base_timestamp_ms_ = time_ms;
  const std::size_t begin = bytes_.size();
  bytes_.resize(begin + kMostVarintBytes + room_for(record.key, record.value, record.encoded_headers));
  char* out = write_varint(bytes_.data() + begin, record.offset.value() - next_.value());
  out = write_record(out, time_ms, base_timestamp_ms_, record.key, record.value, record.encoded_headers);
  bytes_.resize(static_cast<std::size_t>(out - bytes_.data()));
  next_ = record.offset.next();
  ++count_;
}

Bytes SparseBatchBuilder::finish(Offset end, Timestamp delete_horizon) {
  MILLRACE_DCHECK(end >= next_ && end > base_, "a batch covers its records, and at least one offset");
  Bytes header(1, kSparseMagic);
  append_big_endian(header, count_);
  append_big_endian(header, count_ == 0 ? std::int64_t{0} : base_timestamp_ms_);
  append_big_endian(header, end.value() - base_.value());
  append_big_endian(header, static_cast<std::int64_t>(delete_horizon.time_since_epoch().count()));
  std::copy(header.begin(), header.end(), bytes_.begin());
  return std::move(bytes_);
}

Result<BatchHeader> read_batch_header(BytesView batch) {
  if (batch.size() < kHeaderBytes || (batch[0] != kDenseMagic && batch[0] != kSparseMagic))
    return corrupted(Offset(-1), "its header is not one of a batch");
  BatchHeader header;
  header.count = read_big_endian<std::int32_t>(batch.substr(1));
  header.base_timestamp = Timestamp(milliseconds(read_big_endian<std::int64_t>(batch.substr(5))));
  header.span = header.count;
  if (batch[0] == kDenseMagic) {
    if (header.count <= 0) return corrupted(Offset(-1), "it holds no records");
    return header;
  }
  if (batch.size() < kSparseHeaderBytes) return corrupted(Offset(-1), "its header is not one of a batch");
  header.sparse = true;
  header.span = read_big_endian<std::int64_t>(batch.substr(kHeaderBytes));
  header.delete_horizon = Timestamp(milliseconds(read_big_endian<std::int64_t>(batch.substr(kHeaderBytes + 8))));
  if (header.count < 0 || header.span < std::max<std::int64_t>(header.count, 1))
    return corrupted(Offset(-1), fmt::format("it covers {} offsets with {} records", header.span, header.count));
  return header;
}

Result<std::int32_t> batch_record_count(BytesView batch) {
  auto header = read_batch_header(batch);
  if (!header) return header.error();
  return header->count;
}

Result<std::int64_t> batch_span(BytesView batch) {
  auto header = read_batch_header(batch);
  if (!header) return header.error();
  return header->span;
}

Result<void> decode_batch(BytesView batch, Offset base, Offset from, std::vector<RecordView>& out) {
  auto header = read_batch_header(batch);
  if (!header) return header.error();
  if (header->sparse) return decode_sparse(batch, base, from, *header, out);
  const std::int32_t count = header->count;
  const std::int64_t base_time_ms = header->base_timestamp.time_since_epoch().count();
  BytesView rest = batch.substr(kHeaderBytes);
  auto records = static_cast<std::size_t>(count);
  // Memory is taken only for what can be there.
  if (records > rest.size() / kLeastRecordBytes)
    return corrupted(base, fmt::format("{} records do not fit it", records));
  // A poll appends many batches: an exact reserve() for each would copy all before it each time.
  if (records > out.capacity() - out.size()) out.reserve(std::max(out.size() + records, 2 * out.capacity()));
  for (std::int32_t i = 0; i < count; ++i) {
    RecordView& record = out.emplace_back();
    if (!take_record(rest, base_time_ms, record))
      return corrupted(base, fmt::format("record {} of {} ends too soon", i, count));
    record.offset = base.plus(i);
    if (record.offset < from) out.pop_back();
  }
  if (!rest.empty()) return corrupted(base, "bytes follow its last record");
  return {};
}

}  // namespace millrace
