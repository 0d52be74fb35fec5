#include "partition_cleaner.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace millrace {

namespace {
// Replacements grow to this size, ...
constexpr std::size_t kOutputBatchBytes = std::size_t{64} << 10;
// ... and a batch from this size on that loses nothing stays as it is.
constexpr std::size_t kLeastLeftAloneBytes = std::size_t{16} << 10;
// One write replaces about so many batches, by so many bytes.
constexpr std::size_t kBatchesInWrite = 1024;
constexpr std::size_t kBytesInWrite = std::size_t{512} << 10;
}  // namespace

PartitionCleaner::PartitionCleaner(BatchStorage& storage, const Target& target, const HousekeepingOptions& options)
    : storage_(storage),
      target_(target),
      options_(options),
      position_(std::max(target.marks.begin, target.marks.compacted)),
      limit_(position_),
      newest_(options.key_memory_bytes),
      tombstones_gone_(target.marks.tombstones_gone) {}

Result<void> PartitionCleaner::step(std::size_t bytes) {
  write_.removed.clear();
  write_.batches.clear();
  outputs_.clear();
  output_bytes_ = 0;
  switch (phase_) {
    case Phase::Map: return map_some(bytes);
    case Phase::Rewrite: return rewrite_some(bytes);
    case Phase::Done: break;
  }
  return {};
}

/// The batch at position_, which then is behind it; nullopt at `limit`.
Result<std::optional<StoredBatch>> PartitionCleaner::next_batch(Offset limit) {
  if (position_ >= limit) return std::optional<StoredBatch>();
  auto stored = storage_.read_batch({target_.topic, target_.partition, position_});
  if (!stored) return stored.error();
  if (!*stored || (*stored)->base > position_)
    return Error(ErrorCode::LogCorrupted, fmt::format("the records from {} on are missing", position_.value()));
  records_.clear();
  MILLRACE_TRY(decode_batch((*stored)->bytes, (*stored)->base, position_, records_));
  position_ = (*stored)->base.plus(*batch_span((*stored)->bytes));
  return stored;
}

Result<void> PartitionCleaner::map_some(std::size_t most) {
  std::size_t bytes = 0;
  while (bytes < most) {
    auto batch = next_batch(newest_.full() ? position_ : target_.end);
    if (!batch) return batch.error();
    if (!*batch) {
      phase_ = Phase::Rewrite;
      position_ = target_.marks.begin;
      return {};
    }
    for (const RecordView& record : records_) {
      if (record.key) newest_.put(*record.key, record.offset);
    }
    limit_ = position_;
    bytes += (*batch)->bytes.size();
    dirty_bytes_ += static_cast<std::int64_t>((*batch)->bytes.size());
  }
  return {};
}

Result<void> PartitionCleaner::rewrite_some(std::size_t most) {
  std::size_t bytes = 0;
  while (bytes < most) {
    auto batch = next_batch(limit_);
    if (!batch) return batch.error();
    if (!*batch) {
      end_run(limit_);
      phase_ = Phase::Done;
      return {};
    }
    bytes += (*batch)->bytes.size();
    read_bytes_ += static_cast<std::int64_t>((*batch)->bytes.size());
    MILLRACE_TRY(rewrite(**batch));
    if (run_batches_ >= kBatchesInWrite || output_bytes_ >= kBytesInWrite) break;
  }
  // What is finished is written. A batch that has only been begun is gone on with in the next step: it may yet grow.
  if (!outputs_.empty() || run_batches_ >= kBatchesInWrite) end_run(position_);
  return {};
}

/// Offsets rise on the way through the partition, so what is older than a tombstone is gone before it.
bool PartitionCleaner::survives(const RecordView& record, const BatchHeader& header) {
  if (!record.key) return true;
  const std::optional<Offset> newest = newest_.find(*record.key);
  if (newest && *newest > record.offset) return false;
  bool expired = !record.value && header.delete_horizon != kNoTimestamp && header.delete_horizon <= target_.now;
  if (expired) tombstones_gone_ = std::max(tombstones_gone_, record.offset.next());
  return !expired;
}

Result<void> PartitionCleaner::rewrite(const StoredBatch& batch) {
  auto header = read_batch_header(batch.bytes);
  if (!header) return header.error();
  survivors_.clear();
  bool unmarked = false;
  std::size_t dropped = 0;
  for (const RecordView& record : records_) {
    survivors_.push_back(survives(record, *header));
    if (!survivors_.back()) ++dropped;
    else unmarked |= record.key && !record.value && header->delete_horizon == kNoTimestamp;
  }
  dropped_records_ += dropped;
  if (dropped == 0 && !unmarked && batch.bytes.size() >= kLeastLeftAloneBytes) {
    end_run(batch.base);
    clean_bytes_ += static_cast<std::int64_t>(batch.bytes.size());
    return {};
  }
  if (!in_run_) {
    in_run_ = true;
    run_from_ = batch.base;
    builder_.begin(batch.base);
  }
  ++run_batches_;
  const Timestamp fresh = target_.now + options_.delete_retention;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (!survivors_[i]) continue;
    bool tombstone = records_[i].key && !records_[i].value;
    Timestamp horizon = header->delete_horizon == kNoTimestamp ? fresh : header->delete_horizon;
    keep(records_[i], tombstone ? horizon : kNoTimestamp);
  }
  return {};
}

/// Tombstones of one batch share its horizon: where it would differ, another batch begins.
void PartitionCleaner::keep(const RecordView& record, Timestamp horizon) {
  bool differs = horizon != kNoTimestamp && horizon_ != kNoTimestamp && horizon != horizon_;
  if (builder_.count() > 0 && (differs || builder_.size_bytes() >= kOutputBatchBytes)) {
    finish_batch(record.offset);
    builder_.begin(record.offset);
  }
  if (horizon != kNoTimestamp) horizon_ = horizon;
  builder_.add(record);
}

void PartitionCleaner::finish_batch(Offset end) {
  BatchKey key{target_.topic, target_.partition, builder_.base()};
  outputs_.push_back(builder_.finish(end, std::exchange(horizon_, kNoTimestamp)));
  output_bytes_ += outputs_.back().size();
  clean_bytes_ += static_cast<std::int64_t>(outputs_.back().size());
  write_.batches.push_back({key, outputs_.back()});
}

void PartitionCleaner::end_run(Offset end) {
  if (!std::exchange(in_run_, false)) return;
  run_batches_ = 0;
  finish_batch(end);
  write_.removed.push_back({{target_.topic, target_.partition, run_from_}, end});
}

}  // namespace millrace
