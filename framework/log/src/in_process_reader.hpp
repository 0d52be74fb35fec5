// InProcessReader: reads partitions batch by batch, straight from the storage.
#pragma once

#include <vector>

#include <millrace/log/in_process_log.hpp>
#include "partition_state.hpp"

namespace millrace {

class InProcessReader final : public LogReader {
 public:
  InProcessReader(InProcessLog& log, std::uint64_t wake_id) : log_(log), wake_id_(wake_id) {}
  ~InProcessReader() override;

  Result<ReaderSlot> assign(const TopicPartition& partition, Offset from) override;
  void unassign(ReaderSlot slot) override { at(slot) = Slot{}; }
  void seek(ReaderSlot slot, Offset offset) override { at(slot).position = offset; }
  Offset end_offset(ReaderSlot slot) const override {
    return Offset(at(slot).partition->end.load(std::memory_order_acquire));
  }
  Offset position(ReaderSlot slot) const override { return at(slot).position; }
  Result<std::optional<FetchedBatch>> poll(ReaderSlot slot, std::size_t max_bytes) override;
  void recycle(FetchedBatch spent) override;

 private:
  struct Slot {
    std::shared_ptr<PartitionState> partition;
    Offset position;
  };
  Slot& at(ReaderSlot slot) { return slots_.at(slot.value()); }
  const Slot& at(ReaderSlot slot) const { return slots_.at(slot.value()); }
  /// Appends batches from `fetched.next` on, until there is enough, nothing more before `end`, or a gap.
  Result<void> collect(const PartitionState& partition, Offset end, std::size_t max_bytes, FetchedBatch& fetched);
  /// Nothing is at `offset`, though it is before `end`: why?
  Error explain_gap(const PartitionState& partition, Offset offset, Offset end);

  InProcessLog& log_;
  std::uint64_t wake_id_;
  std::vector<Slot> slots_;
  std::vector<RecordView> spare_;  // empty
};

}  // namespace millrace
