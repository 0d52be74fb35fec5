// Record batches: the bytes in which records stand in in-process logs, and in which the outbox collects them.
//
//   batch   = magic:1  count:4  base timestamp:8   record*           (integers big-endian)
//   record  = timestamp delta:varint  key length:varint key  value length:varint value  headers length:varint headers
//
// A length of -1 is null. The n-th record of a batch has the batch's base offset plus n; the base offset is not part of
// the bytes, so that a batch is encoded once, before its offset is known.
#pragma once

#include <cstdint>
#include <vector>

#include <millrace/base/clock.hpp>
#include <millrace/base/result.hpp>
#include <millrace/model/record.hpp>

namespace millrace {

/// A finished batch. count > 0.
struct EncodedBatch {
  Bytes bytes;             ///< header and records
  std::int32_t count = 0;  ///< records in it
};

/// Builds one batch; a record can be taken back before the next one is added.
class RecordBatchBuilder {
 public:
  /// Copies everything.
  void add(OptionalBytesView key, OptionalBytesView value, Timestamp timestamp, BytesView encoded_headers);

  [[nodiscard]] std::int32_t count() const { return count_; }  ///< Records added so far.
  [[nodiscard]] bool empty() const { return count_ == 0; }     ///< True if nothing was added since the last finish().
  /// Bytes so far, without those of the header.
  [[nodiscard]] std::size_t size_bytes() const { return bytes_.size(); }

  /// A state to which truncate() returns.
  struct Mark {
    std::size_t size_bytes = 0;  ///< bytes before it
    std::int32_t count = 0;      ///< records before it
  };
  [[nodiscard]] Mark mark() const { return {bytes_.size(), count_}; }  ///< Where the builder stands now.
  /// Takes back what was added since `mark`.
  void truncate(Mark mark);

  /// Gives the batch away and begins a new one. REQUIRES: !empty().
  [[nodiscard]] EncodedBatch finish();

 private:
  Bytes bytes_;
  std::int32_t count_ = 0;
  std::int64_t base_timestamp_ms_ = 0;
  std::size_t last_size_bytes_ = 0;
};

/// Number of records in an encoded batch; LogCorrupted if the header is malformed.
[[nodiscard]] Result<std::int32_t> batch_record_count(BytesView batch);

/// Appends the records of `batch` with offset >= `from` to `out`; the views borrow from `batch`.
/// Errors: LogCorrupted if the bytes are malformed.
[[nodiscard]] Result<void> decode_batch(BytesView batch, Offset base, Offset from, std::vector<RecordView>& out);

}  // namespace millrace
