#include <millrace/testing/memory_batch_storage.hpp>

#include <algorithm>

namespace millrace {

MemoryBatchStorage::MemoryBatchStorage(std::string id) : id_(std::move(id)) {}

Result<StoredLog> MemoryBatchStorage::load() {
  std::lock_guard lock(mutex_);
  StoredLog log;
  log.id = id_;
  log.next_topic = next_topic_;
  for (const auto& [number, info] : topics_) {
    StoredLog::Topic topic{number, info, {}};
    for (std::int32_t i = 0; i < info.partitions; ++i) {
      topic.partitions.push_back({Offset(0), end_of(number, Partition(i))});
    }
    log.topics.push_back(std::move(topic));
  }
  for (const auto& [group, offsets] : offsets_) {
    for (const auto& [partition, committed] : offsets) log.offsets.push_back({group, partition, committed});
  }
  return log;
}

Result<void> MemoryBatchStorage::write(const StorageWrite& write) {
  // Counted before anything is changed: all or nothing.
  std::vector<std::pair<Key, Batch>> batches;
  for (const StorageWrite::Batch& batch : write.batches) {
    auto count = batch_record_count(batch.bytes);
    if (!count) return count.error();
    batches.push_back(
        {{batch.key.topic, batch.key.partition, batch.key.base}, {*count, std::make_shared<const Bytes>(batch.bytes)}});
  }
  std::lock_guard lock(mutex_);
  for (const std::string& group : write.deleted_groups) offsets_.erase(group);
  for (const auto& [group, partition] : write.deleted_offsets) {
    auto found = offsets_.find(group);
    if (found != offsets_.end()) found->second.erase(partition);
  }
  for (const StorageWrite::Topic& topic : write.deleted_topics) delete_topic(topic.number);
  for (const StorageWrite::Topic& topic : write.created_topics) {
    topics_[topic.number] = topic.info;
    next_topic_ = std::max(next_topic_, topic.number.next());
  }
  for (auto& [key, batch] : batches) batches_[key] = std::move(batch);
  for (const StorageWrite::GroupOffset& offset : write.offsets) {
    offsets_[offset.group][offset.partition] = offset.committed;
  }
  return {};
}

void MemoryBatchStorage::delete_topic(TopicNumber number) {
  topics_.erase(number);
  batches_.erase(batches_.lower_bound({number, Partition(0), Offset(0)}),
                 batches_.lower_bound({number.next(), Partition(0), Offset(0)}));
}

Offset MemoryBatchStorage::end_of(TopicNumber topic, Partition partition) const {
  auto after = batches_.lower_bound({topic, partition.next(), Offset(0)});
  if (after == batches_.begin()) return Offset(0);
  const auto& [key, batch] = *std::prev(after);
  if (std::get<0>(key) != topic || std::get<1>(key) != partition) return Offset(0);
  return std::get<2>(key).plus(batch.count);
}

Result<std::optional<StoredBatch>> MemoryBatchStorage::read_batch(const BatchKey& key) {
  std::lock_guard lock(mutex_);
  auto holds = [&key](const Key& at) { return std::get<0>(at) == key.topic && std::get<1>(at) == key.partition; };
  auto found = batches_.lower_bound({key.topic, key.partition, key.base});
  // The batch before holds the offset, if it reaches so far.
  if (found != batches_.begin() &&
      (found == batches_.end() || std::get<2>(found->first) != key.base || !holds(found->first))) {
    auto before = std::prev(found);
    if (holds(before->first) && std::get<2>(before->first).plus(before->second.count) > key.base) found = before;
  }
  if (found == batches_.end() || !holds(found->first)) return std::optional<StoredBatch>();
  const auto& bytes = found->second.bytes;
  return std::optional<StoredBatch>(StoredBatch{std::get<2>(found->first), *bytes, bytes});
}

}  // namespace millrace
