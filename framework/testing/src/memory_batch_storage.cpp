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
    for (const PartitionBatches& batches : topics_[number]->partitions) {
      stored.partitions.push_back({Offset(0), batches.empty() ? Offset(0) : batches.back().end()});
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
  for (std::size_t i = 0; i < write.batches.size(); ++i) {
    append(write.batches[i], *resolved_[i].to, resolved_[i].count);
  }
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
  for (const StorageWrite::GroupOffset& offset : write.offsets) {
    offsets_[offset.group][offset.partition] = offset.committed;
  }
  return {};
}

/// Before anything is changed: all or nothing.
Result<void> MemoryBatchStorage::resolve(const StorageWrite& write) {
  resolved_.clear();
  for (const StorageWrite::Batch& batch : write.batches) {
    auto count = batch_record_count(batch.bytes);
    if (!count) return count.error();
    if (PartitionBatches* to = find(batch.key)) {
      resolved_.push_back({to, *count});
      continue;
    }
    return Error(ErrorCode::TopicUnknown, fmt::format("there is no topic number {} with a partition {}",
                                                      batch.key.topic.value(), batch.key.partition.value()));
  }
  return {};
}

void MemoryBatchStorage::append(const StorageWrite::Batch& batch, PartitionBatches& to, std::int32_t count) {
  if (chunk_left_ < batch.bytes.size()) {
    const std::size_t size = std::max(kChunkBytes, batch.bytes.size());
    chunk_ = std::make_shared_for_overwrite<char[]>(size);
    chunk_next_ = chunk_.get();
    chunk_left_ = size;
  }
  std::memcpy(chunk_next_, batch.bytes.data(), batch.bytes.size());
  to.push_back({batch.key.base, count, BytesView(chunk_next_, batch.bytes.size()), chunk_});
  chunk_next_ += batch.bytes.size();
  chunk_left_ -= batch.bytes.size();
}

MemoryBatchStorage::PartitionBatches* MemoryBatchStorage::find(const BatchKey& key) {
  if (key.topic.value() >= topics_.size() || !topics_[key.topic.value()]) return nullptr;
  auto& partitions = topics_[key.topic.value()]->partitions;
  auto partition = static_cast<std::size_t>(key.partition.value());
  return partition < partitions.size() ? &partitions[partition] : nullptr;
}

Result<std::optional<StoredBatch>> MemoryBatchStorage::read_batch(const BatchKey& key) {
  std::lock_guard lock(mutex_);
  const PartitionBatches* batches = find(key);
  if (batches == nullptr) return std::optional<StoredBatch>();
  // Who keeps up wants the last one.
  if (!batches->empty() && batches->back().base <= key.base) {
    const Batch& last = batches->back();
    if (last.end() <= key.base) return std::optional<StoredBatch>();
    return std::optional<StoredBatch>(StoredBatch{last.base, last.bytes, last.owner});
  }
  auto found = std::upper_bound(batches->begin(), batches->end(), key.base,
                                [](Offset base, const Batch& batch) { return base < batch.end(); });
  if (found == batches->end()) return std::optional<StoredBatch>();
  return std::optional<StoredBatch>(StoredBatch{found->base, found->bytes, found->owner});
}

}  // namespace millrace
