// Record batches: the bytes in which records stand in in-process logs, and in which the outbox collects them.
//
//   dense   = 1:1  count:4  base timestamp:8   record*                                    (integers big-endian)
//   sparse  = 2:1  count:4  base timestamp:8   span:8  delete horizon:8  (gap:varint record)*
//   record  = timestamp delta:varint  key length:varint key  value length:varint value  headers length:varint headers
//
// A length of -1 is null. The base offset is not part of the bytes, so that a batch is encoded once, before its offset
// is known. A batch covers the offsets from its base on: a dense one as many as it has records, a sparse one `span`.
// The n-th record of a dense batch has the base offset plus n. Sparse batches are what compaction leaves of dense ones:
// records keep their offsets, and `gap` tells how many are gone before each; there may be no record left.
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

/// Builds the sparse batch that takes the place of others.
class SparseBatchBuilder {
 public:
  /// Begins a batch that covers offsets from `base` on.
  void begin(Offset base);
  /// Copies everything. REQUIRES: offsets rise, from the base on.
  void add(const RecordView& record);
  [[nodiscard]] std::int32_t count() const { return count_; }             ///< records added
  [[nodiscard]] std::size_t size_bytes() const { return bytes_.size(); }  ///< of the batch so far
  [[nodiscard]] Offset base() const { return base_; }                     ///< the first offset that it covers
  /// Ends it, covering the offsets before `end`. It may hold no record. REQUIRES: it covers at least one offset, and
  /// all of its records.
  [[nodiscard]] Bytes finish(Offset end, Timestamp delete_horizon);

 private:
  Bytes bytes_;
  Offset base_;
  Offset next_;
  std::int32_t count_ = 0;
  std::int64_t base_timestamp_ms_ = 0;
};

/// What the header of an encoded batch says.
struct BatchHeader {
  std::int32_t count = 0;      ///< of records
  std::int64_t span = 0;       ///< of offsets, from the base on; at least one, and at least `count`
  Timestamp base_timestamp{};  ///< of its first record when it was written
  bool sparse = false;         ///< made by compaction: it may cover offsets without a record
  /// From this time of the wall clock on its tombstones may go; kNoTimestamp: none of them was compacted yet.
  Timestamp delete_horizon = kNoTimestamp;
};
/// Errors: LogCorrupted if the header is malformed.
[[nodiscard]] Result<BatchHeader> read_batch_header(BytesView batch);
/// Number of records in an encoded batch; LogCorrupted if the header is malformed.
[[nodiscard]] Result<std::int32_t> batch_record_count(BytesView batch);
/// Number of offsets that an encoded batch covers; LogCorrupted if the header is malformed.
[[nodiscard]] Result<std::int64_t> batch_span(BytesView batch);

/// Appends the records of `batch` with offset >= `from` to `out`; the views borrow from `batch`.
/// Errors: LogCorrupted if the bytes are malformed.
[[nodiscard]] Result<void> decode_batch(BytesView batch, Offset base, Offset from, std::vector<RecordView>& out);

}  // namespace millrace
