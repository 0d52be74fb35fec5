#include "in_process_reader.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace millrace {

namespace {

std::size_t held_bytes(const FetchedBatch& fetched) {
  return fetched.size_bytes + fetched.records.size() * sizeof(RecordView);
}

}  // namespace

InProcessReader::~InProcessReader() {
  std::lock_guard lock(log_.wake_mutex_);
  log_.wake_ups_.erase(wake_id_);
}

Result<ReaderSlot> InProcessReader::assign(const TopicPartition& partition, Offset from) {
  auto state = log_.find(partition);
  if (!state) return state.error();
  auto free = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.partition; });
  if (free == slots_.end()) free = slots_.insert(slots_.end(), Slot{});
  *free = Slot{*state, from};
  return ReaderSlot(static_cast<std::uint32_t>(free - slots_.begin()));
}

Result<std::optional<FetchedBatch>> InProcessReader::poll(ReaderSlot slot_number, std::size_t max_bytes) {
  Slot& slot = at(slot_number);
  const PartitionState& partition = *slot.partition;
  if (partition.deleted.load(std::memory_order_acquire)) return unknown_topic(partition.id);
  Offset begin(partition.begin.load(std::memory_order_acquire));
  Offset end = end_offset(slot_number);
  if (slot.position < begin || slot.position > end) return out_of_range(partition.id, slot.position, begin, end);
  if (slot.position == end) return std::optional<FetchedBatch>();
  FetchedBatch fetched;
  fetched.records = std::exchange(spare_, {});
  fetched.next = slot.position;
  MILLRACE_TRY(collect(partition, end, max_bytes, fetched));
  if (fetched.next == slot.position) return explain_gap(partition, slot.position, end);
  slot.position = fetched.next;
  return std::optional<FetchedBatch>(std::move(fetched));
}

// Small records take several times as much when decoded as in the log; what is handed out has to fit a share of memory.
Result<void> InProcessReader::collect(const PartitionState& partition, Offset end, std::size_t max_bytes,
                                      FetchedBatch& fetched) {
  std::vector<std::shared_ptr<const void>> owners;  // of all batches but the first
  do {
    auto stored = log_.storage_.read_batch({partition.topic, partition.id.partition, fetched.next});
    if (!stored) return stored.error();
    if (!*stored) break;
    const StoredBatch& batch = **stored;
    // A batch that was written but not yet announced is beyond the end; one beyond a gap waits until that is judged.
    if (batch.base >= end || batch.base > fetched.next) break;
    auto decoded = decode_batch(batch.bytes, batch.base, fetched.next, fetched.records);
    if (!decoded)
      return decoded.error().at({.topic = partition.id.topic, .partition = partition.id.partition.value()});
    fetched.next = batch.base.plus(*batch_span(batch.bytes));
    fetched.size_bytes += batch.bytes.size();
    if (!fetched.storage) fetched.storage = batch.owner;
    else if (batch.owner != fetched.storage) owners.push_back(batch.owner);
    // On past what compaction left nothing of.
  } while (fetched.next < end && (held_bytes(fetched) < max_bytes || fetched.records.empty()));
  if (!owners.empty()) {
    owners.push_back(std::move(fetched.storage));
    fetched.storage = std::make_shared<std::vector<std::shared_ptr<const void>>>(std::move(owners));
  }
  return {};
}

Error InProcessReader::explain_gap(const PartitionState& partition, Offset offset, Offset end) {
  // Whoever deletes records holds the lock from before they go until the beginning has moved.
  std::lock_guard lock(log_.mutex_);
  if (partition.deleted.load(std::memory_order_acquire)) return unknown_topic(partition.id);
  Offset begin(partition.begin.load(std::memory_order_acquire));
  if (offset < begin) return out_of_range(partition.id, offset, begin, end);
  // The storage has nothing up to the end that it reported: a hole.
  return Error(ErrorCode::LogCorrupted,
               fmt::format("records {} to {} are missing", offset.value(), end.value() - 1),
               {.topic = partition.id.topic, .partition = partition.id.partition.value(), .offset = offset.value()});
}

void InProcessReader::recycle(FetchedBatch spent) {
  spent.records.clear();
  if (spent.records.capacity() > spare_.capacity()) spare_.swap(spent.records);
}

}  // namespace millrace
