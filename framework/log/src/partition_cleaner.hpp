// PartitionCleaner: one pass of compaction over one partition, in bounded steps.
//
// First it reads the records written since the last pass and remembers, of each key, where the newest is: as many keys
// as its memory holds. Then it goes through the partition from its beginning up to where that reading ended, and
// replaces batches by such that lack the records for whose key a newer one is known. Batches keep covering the same
// offsets, so that a partition never has a hole. Each replacement is one write, after which the partition is whole;
// whatever a crash leaves, the next pass begins anew.
//
// A tombstone that is the newest of its key stays, and its batch is marked with the time from which on it may go: the
// delete retention after it was first compacted. From then on every older record of its key is gone. So only a reader
// that was within the partition all that time, and was behind it, can miss it; it is told by tombstones_gone().
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include <millrace/base/clock.hpp>
#include <millrace/log/batch_storage.hpp>
#include <millrace/log/log_housekeeper.hpp>
#include <millrace/log/newest_of_keys.hpp>

namespace millrace {

class PartitionCleaner {
 public:
  struct Target {
    TopicNumber topic;
    Partition partition;
    PartitionMarks marks;
    Offset end;
    WallTime now;
  };
  /// Borrows the storage.
  PartitionCleaner(BatchStorage& storage, const Target& target, const HousekeepingOptions& options);

  /// A piece of work, of about so many bytes read. Where write() has something after it, that is to be written before
  /// the next step. Errors: those of the storage; LogCorrupted.
  [[nodiscard]] Result<void> step(std::size_t bytes);
  [[nodiscard]] bool done() const { return phase_ == Phase::Done; }

  /// What to write now, borrowed until the next step; without marks. Empty if there is nothing.
  [[nodiscard]] StorageWrite& write() { return write_; }
  [[nodiscard]] Offset tombstones_gone() const { return tombstones_gone_; }
  /// Before it the partition is compacted once done() and all is written.
  [[nodiscard]] Offset limit() const { return limit_; }

  [[nodiscard]] std::uint64_t dropped_records() const { return dropped_records_; }
  /// Of the records that were new to this pass.
  [[nodiscard]] std::int64_t dirty_bytes() const { return dirty_bytes_; }
  /// Of all batches before limit(), when done.
  [[nodiscard]] std::int64_t clean_bytes() const { return clean_bytes_; }
  /// Of all batches before limit(), before the pass.
  [[nodiscard]] std::int64_t read_bytes() const { return read_bytes_; }

 private:
  enum class Phase : std::uint8_t { Map, Rewrite, Done };

  Result<void> map_some(std::size_t most);
  Result<void> rewrite_some(std::size_t most);
  Result<std::optional<StoredBatch>> next_batch(Offset limit);
  Result<void> rewrite(const StoredBatch& batch);
  [[nodiscard]] bool survives(const RecordView& record, const BatchHeader& header);
  void keep(const RecordView& record, Timestamp horizon);
  void finish_batch(Offset end);
  void end_run(Offset end);

  BatchStorage& storage_;
  const Target target_;
  const HousekeepingOptions options_;
  Phase phase_ = Phase::Map;
  Offset position_;  ///< of the phase
  Offset limit_;
  NewestOfKeys newest_;
  Offset tombstones_gone_;

  // The run of batches that are replaced together.
  bool in_run_ = false;
  Offset run_from_;
  std::size_t run_batches_ = 0;
  SparseBatchBuilder builder_;
  Timestamp horizon_ = kNoTimestamp;  ///< of the batch in the builder
  std::deque<Bytes> outputs_;         // what write_ borrows from
  std::size_t output_bytes_ = 0;
  StorageWrite write_;
  std::vector<RecordView> records_;
  std::vector<bool> survivors_;

  std::uint64_t dropped_records_ = 0;
  std::int64_t dirty_bytes_ = 0;
  std::int64_t clean_bytes_ = 0;
  std::int64_t read_bytes_ = 0;
};

}  // namespace millrace
