#include <millrace/testing/memory_batch_storage.hpp>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace millrace {

namespace {
constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
}

MemoryBatchStorage::MemoryBatchStorage(std::string id) : id_(std::move(id)) {}

Result<StoredLog> MemoryBatchStorage::load() {
  std::lock_guard lock(mutex_);
  StoredLog log;
  log.id = id_;
  log.next_topic = next_topic_;
  for (std::size_t number = 0; number < topics_.size(); ++number) {
    if (!topics_[number]) continue;
    StoredLog::Topic stored{TopicNumber(static_cast<std::uint32_t>(number)), topics_[number]->info, {}};
    for (const auto& [batches, marks] : topics_[number]->partitions) {
      stored.partitions.push_back({marks, batches.empty() ? marks.begin : std::max(marks.begin, batches.back().end())});
    }
    log.topics.push_back(std::move(stored));
  }
  for (const auto& [group, offsets] : offsets_) {
    for (const auto& [partition, committed] : offsets) log.offsets.push_back({group, partition, committed});
  }
  return log;
}

Result<void> MemoryBatchStorage::write(const StorageWrite& write) {
  std::lock_guard lock(mutex_);
  MILLRACE_TRY(resolve(write));
  for (const StorageWrite::Range& range : write.removed) remove(range);
  for (std::size_t i = 0; i < write.batches.size(); ++i) {
    add(write.batches[i], *resolved_[i].to, resolved_[i].span);
  }
  for (const StorageWrite::Marks& marks : write.marks) find({marks.topic, marks.partition, {}})->marks = marks.marks;
  for (const std::string& group : write.deleted_groups) offsets_.erase(group);
  for (const auto& [group, partition] : write.deleted_offsets) {
    auto found = offsets_.find(group);
    if (found != offsets_.end()) found->second.erase(partition);
  }
  for (const StorageWrite::Topic& topic : write.deleted_topics) topics_.at(topic.number.value()).reset();
  for (const StorageWrite::Topic& topic : write.created_topics) {
    if (topics_.size() <= topic.number.value()) topics_.resize(topic.number.value() + 1);
    Topic& created = topics_[topic.number.value()].emplace();
    created.info = topic.info;
    created.partitions.resize(static_cast<std::size_t>(topic.info.partitions));
    next_topic_ = std::max(next_topic_, topic.number.next());
  }
  for (const StorageWrite::Topic& topic : write.changed_topics) topics_.at(topic.number.value())->info = topic.info;
  for (const StorageWrite::GroupOffset& offset : write.offsets) {
    offsets_[offset.group][offset.partition] = offset.committed;
  }
  return {};
}

/// Before anything is changed: all or nothing.
Result<void> MemoryBatchStorage::resolve(const StorageWrite& write) {
  resolved_.clear();
  for (const StorageWrite::Batch& batch : write.batches) {
    auto span = batch_span(batch.bytes);
    if (!span) return span.error();
    if (PartitionBatches* to = find(batch.key)) {
      resolved_.push_back({to, *span});
      continue;
    }
    return Error(ErrorCode::TopicUnknown, fmt::format("there is no topic number {} with a partition {}",
                                                      batch.key.topic.value(), batch.key.partition.value()));
  }
  return {};
}

void MemoryBatchStorage::remove(const StorageWrite::Range& range) {
  PartitionBatches* from = find(range.from);
  if (from == nullptr) return;
  auto before = [](const Batch& batch, Offset base) { return batch.base < base; };
  auto& batches = from->batches;
  auto first = std::lower_bound(batches.begin(), batches.end(), range.from.base, before);
  batches.erase(first, std::lower_bound(first, batches.end(), range.to, before));
}

void MemoryBatchStorage::add(const StorageWrite::Batch& batch, PartitionBatches& to, std::int64_t span) {
  if (chunk_left_ < batch.bytes.size()) {
    const std::size_t size = std::max(kChunkBytes, batch.bytes.size());
    chunk_ = std::make_shared_for_overwrite<char[]>(size);
    chunk_next_ = chunk_.get();
    chunk_left_ = size;
  }
  std::memcpy(chunk_next_, batch.bytes.data(), batch.bytes.size());
  Batch added{batch.key.base, span, BytesView(chunk_next_, batch.bytes.size()), chunk_};
  auto& batches = to.batches;
  // Nearly always it is the last one.
  if (batches.empty() || batches.back().base < added.base) {
    batches.push_back(std::move(added));
  } else {
    auto at = std::upper_bound(batches.begin(), batches.end(), added.base,
                               [](Offset base, const Batch& other) { return base < other.base; });
    batches.insert(at, std::move(added));
  }
  chunk_next_ += batch.bytes.size();
  chunk_left_ -= batch.bytes.size();
}

MemoryBatchStorage::PartitionBatches* MemoryBatchStorage::find(const BatchKey& key) {
  if (key.topic.value() >= topics_.size() || !topics_[key.topic.value()]) return nullptr;
  auto& partitions = topics_[key.topic.value()]->partitions;
  auto partition = static_cast<std::size_t>(key.partition.value());
  return partition < partitions.size() ? &partitions[partition] : nullptr;
}

namespace {

/// The first batch that ends after `offset`.
template <class Batches>
auto holder_of(const Batches& batches, Offset offset) {
  return std::upper_bound(batches.begin(), batches.end(), offset,
                          [](Offset wanted, const auto& batch) { return wanted < batch.end(); });
}

}  // namespace

Result<std::optional<StoredBatch>> MemoryBatchStorage::read_batch(const BatchKey& key) {
  std::lock_guard lock(mutex_);
  const PartitionBatches* partition = find(key);
  if (partition == nullptr || partition->batches.empty()) return std::optional<StoredBatch>();
  const auto& batches = partition->batches;
  // Who keeps up wants the last one.
  if (batches.back().base <= key.base) {
    if (batches.back().end() <= key.base) return std::optional<StoredBatch>();
    return std::optional<StoredBatch>(stored(batches.back()));
  }
  return std::optional<StoredBatch>(stored(*holder_of(batches, key.base)));
}

Result<std::vector<BatchPlace>> MemoryBatchStorage::list(const BatchKey& from, std::size_t most) {
  std::lock_guard lock(mutex_);
  std::vector<BatchPlace> places;
  const PartitionBatches* partition = find(from);
  if (partition == nullptr) return places;
  const auto& batches = partition->batches;
  for (auto at = holder_of(batches, from.base); at != batches.end() && places.size() < most; ++at) {
    places.push_back({at->base, at->end(), at->bytes.size()});
  }
  return places;
}

}  // namespace millrace
