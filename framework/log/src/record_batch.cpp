#include <millrace/log/record_batch.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/big_endian.hpp>
#include <millrace/base/varint.hpp>

namespace millrace {

namespace {

constexpr char kMagic = 1;
constexpr std::size_t kHeaderBytes = 1 + 4 + 8;
constexpr std::size_t kLeastRecordBytes = 4;  // a varint each: time, key length, value length, headers length

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

}  // namespace

void RecordBatchBuilder::add(OptionalBytesView key, OptionalBytesView value, Timestamp timestamp,
                             BytesView encoded_headers) {
  std::int64_t time_ms = timestamp.time_since_epoch().count();
  const std::size_t most = kLeastRecordBytes * kMostVarintBytes + (key ? key->size() : 0) +
                           (value ? value->size() : 0) + encoded_headers.size();
  if (bytes_.empty()) {
    base_timestamp_ms_ = time_ms;
    // Batches of one builder are alike: the last one's size saves this one from growing step by step.
    bytes_.reserve(std::max(kHeaderBytes + most, last_size_bytes_));
    bytes_.resize(kHeaderBytes);
  }
  // Room for the most, then back to what it took: one check instead of one per field, on the hottest path there is.
  const std::size_t begin = bytes_.size();
  bytes_.resize(begin + most);
  char* out = bytes_.data() + begin;
  // Unsigned: from one end of time to the other it wraps, and decoding wraps it back.
  out = write_varint(out, static_cast<std::int64_t>(static_cast<std::uint64_t>(time_ms) -
                                                    static_cast<std::uint64_t>(base_timestamp_ms_)));
  out = write_optional(out, key);
  out = write_optional(out, value);
  out = write_optional(out, encoded_headers);
  bytes_.resize(static_cast<std::size_t>(out - bytes_.data()));
  ++count_;
}

void RecordBatchBuilder::truncate(Mark mark) {
  bytes_.resize(mark.size_bytes);
  count_ = mark.count;
}

EncodedBatch RecordBatchBuilder::finish() {
  MILLRACE_DCHECK(!empty(), "an empty batch is never written");
  Bytes header(1, kMagic);  // fits a string without memory of its own
  append_big_endian(header, count_);
  append_big_endian(header, base_timestamp_ms_);
  std::copy(header.begin(), header.end(), bytes_.begin());
  last_size_bytes_ = bytes_.size();
  EncodedBatch batch{std::move(bytes_), count_};
  bytes_ = {};
  count_ = 0;
  return batch;
}

Result<std::int32_t> batch_record_count(BytesView batch) {
  if (batch.size() < kHeaderBytes || batch[0] != kMagic)
    return corrupted(Offset(-1), "its header is not one of a batch");
  auto count = read_big_endian<std::int32_t>(batch.substr(1));
  if (count <= 0) return corrupted(Offset(-1), "it holds no records");
  return count;
}

Result<void> decode_batch(BytesView batch, Offset base, Offset from, std::vector<RecordView>& out) {
  auto count = batch_record_count(batch);
  if (!count) return count.error();
  auto base_time_ms = read_big_endian<std::int64_t>(batch.substr(5));
  BytesView rest = batch.substr(kHeaderBytes);
  auto records = static_cast<std::size_t>(*count);
  // Memory is taken only for what can be there.
  if (records > rest.size() / kLeastRecordBytes)
    return corrupted(base, fmt::format("{} records do not fit it", records));
  // A poll appends many batches: an exact reserve() for each would copy all before it each time.
  if (records > out.capacity() - out.size()) out.reserve(std::max(out.size() + records, 2 * out.capacity()));
  for (std::int32_t i = 0; i < *count; ++i) {
    RecordView& record = out.emplace_back();
    std::int64_t delta_ms = 0;
    OptionalBytesView headers;
    if (!take_varint(rest, delta_ms) || !take_optional(rest, record.key) || !take_optional(rest, record.value) ||
        !take_optional(rest, headers) || !headers) {
      return corrupted(base, fmt::format("record {} of {} ends too soon", i, *count));
    }
    record.offset = base.plus(i);
    if (record.offset < from) {
      out.pop_back();
      continue;
    }
    // Unsigned, since damaged bytes may overflow.
    auto time_ms = static_cast<std::uint64_t>(base_time_ms) + static_cast<std::uint64_t>(delta_ms);
    record.timestamp = Timestamp(milliseconds(static_cast<std::int64_t>(time_ms)));
    record.encoded_headers = *headers;
  }
  if (!rest.empty()) return corrupted(base, "bytes follow its last record");
  return {};
}

}  // namespace millrace
