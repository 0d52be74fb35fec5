#include <millrace/runtime/outbox.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace millrace {

namespace {
// Readers take one batch at a time: large enough to make its overhead vanish, small enough to stay in a core's cache.
constexpr std::size_t kBatchTargetBytes = 128 << 10;
// Kafka's default for max.message.bytes is 1 MiB; the in-process logs take larger records, within reason.
constexpr std::size_t kRecordMaxBytes = 64 << 20;
}  // namespace

Outbox::Outbox(const TopicCatalog& catalog, Metrics& metrics) : catalog_(catalog), metrics_(metrics) {}

Result<OutputTopic> Outbox::open(const std::string& topic) {
  if (auto known = index_.find(topic); known != index_.end()) return known->second;
  const TopicInfo* info = catalog_.find(topic);
  if (info == nullptr) {
    return Error(ErrorCode::TopicUnknown,
                 fmt::format("the topology writes to \"{}\", which the log does not have", topic), {.topic = topic});
  }
  OutputTopic index(static_cast<std::uint32_t>(topics_.size()));
  TopicBox box;
  box.name = topic;
  box.partition_count = info->partitions;
  box.partitions.resize(static_cast<std::size_t>(info->partitions));
  box.produced = metrics_.counter(MetricId::RecordsProduced, {topic});
  topics_.push_back(std::move(box));
  index_.emplace(topic, index);
  return index;
}

Result<void> Outbox::add(OutputTopic topic, Partition partition, OptionalBytesView key, OptionalBytesView value,
                         Timestamp timestamp, BytesView encoded_headers) {
  TopicBox& target = topics_[topic.value()];
  if (partition.value() < 0 || partition.value() >= target.partition_count) [[unlikely]] {
    return Error(ErrorCode::PartitionOutOfRange, fmt::format("a record was sent to partition {} of {}, which has {}",
                                                             partition.value(), target.name, target.partition_count));
  }
  std::size_t size = (key ? key->size() : 0) + (value ? value->size() : 0) + encoded_headers.size();
  if (size > kRecordMaxBytes) [[unlikely]] {
    return Error(ErrorCode::RecordTooLarge, fmt::format("a record of {} bytes was sent to {}; the most is {}", size,
                                                        target.name, kRecordMaxBytes));
  }
  Place place{topic.value(), partition.value()};
  PartitionBox& box = target.partitions[static_cast<std::size_t>(partition.value())];
  if (!box.touched) {
    box.touched = true;
    touched_.push_back(place);
    if (!box.active) {
      box.active = true;
      active_.push_back(place);
    }
  }
  std::size_t before = box.open.size_bytes();
  box.open.add(key, value, timestamp, encoded_headers);
  size_bytes_ += static_cast<std::int64_t>(box.open.size_bytes() - before);
  return {};
}

void Outbox::seal() {
  for (Place place : touched_) {
    PartitionBox& sealed = box(place);
    sealed.touched = false;
    // Only between records, so that rollback never has to reopen a finished batch.
    if (sealed.open.size_bytes() >= kBatchTargetBytes) sealed.full.push_back(sealed.open.finish());
    sealed.sealed = sealed.open.mark();
  }
  touched_.clear();
  sealed_bytes_ = size_bytes_;
}

Outbox::Savepoint Outbox::savepoint() const {
  Savepoint now{size_bytes_};
  for (Place place : touched_) now.marks.push_back(box(place).open.mark());
  return now;
}

void Outbox::rollback(const Savepoint& to) {
  for (; touched_.size() > to.marks.size(); touched_.pop_back()) {
    PartitionBox& failed = box(touched_.back());
    failed.touched = false;
    failed.open.truncate(failed.sealed);
  }
  for (std::size_t i = 0; i < to.marks.size(); ++i) box(touched_[i]).open.truncate(to.marks[i]);
  size_bytes_ = to.size_bytes;
}

std::vector<PartitionAppend> Outbox::freeze() {
  std::vector<PartitionAppend> appends;
  for (Place place : active_) {
    PartitionBox& frozen = box(place);
    frozen.active = false;
    if (!frozen.open.empty()) frozen.full.push_back(frozen.open.finish());
    frozen.sealed = {};
    if (frozen.full.empty()) continue;
    std::int64_t count = 0;
    for (const EncodedBatch& batch : frozen.full) count += batch.count;
    topics_[place.topic].produced->increment(count);
    appends.push_back({{topics_[place.topic].name, Partition(place.partition)}, std::move(frozen.full)});
    frozen.full.clear();
  }
  active_.clear();
  frozen_bytes_ = size_bytes_;
  size_bytes_ = sealed_bytes_ = 0;
  return appends;
}

void Outbox::clear() {
  for (Place place : active_) {
    PartitionBox& dropped = box(place);
    dropped = PartitionBox{};
  }
  active_.clear();
  touched_.clear();
  size_bytes_ = sealed_bytes_ = frozen_bytes_ = 0;
}

}  // namespace millrace
