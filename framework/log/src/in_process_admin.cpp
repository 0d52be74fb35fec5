// The administrator's part of InProcessLog: topics, offsets, beginnings.
#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/crash_point.hpp>
#include <millrace/log/in_process_log.hpp>
#include "partition_state.hpp"

namespace millrace {

namespace {

/// Does the topic asked for fit one of `partitions`?
Result<void> check_partitions(const TopicSpec& spec, std::int32_t partitions) {
  if (spec.partitions < 1) {
    return Error(ErrorCode::TopicMismatch,
                 fmt::format("the topic is asked for with {} partitions, it needs at least 1", spec.partitions),
                 {.topic = spec.name});
  }
  if (spec.partitions != partitions) {
    return Error(ErrorCode::TopicMismatch,
                 fmt::format("the topic has {} partitions, {} are needed", partitions, spec.partitions),
                 {.topic = spec.name});
  }
  return {};
}

}  // namespace

Error unknown_topic(const TopicPartition& partition) {
  return Error(ErrorCode::TopicUnknown, fmt::format("there is no {}", to_string(partition)),
               {.topic = partition.topic, .partition = partition.partition.value()});
}

Error out_of_range(const TopicPartition& partition, Offset offset, Offset begin, Offset end) {
  return Error(ErrorCode::OffsetOutOfRange,
               fmt::format("offset {} is not within [{}, {}]", offset.value(), begin.value(), end.value()),
               {.topic = partition.topic, .partition = partition.partition.value(), .offset = offset.value()});
}

Pending<void> InProcessLog::ensure_topics(std::vector<TopicSpec> topics) {
  Promise<void> promise;
  executor_.post([this, promise, topics = std::move(topics)]() mutable { promise.set(create(topics)); });
  return promise.pending();
}

Result<void> InProcessLog::create(const std::vector<TopicSpec>& specs) {
  std::lock_guard lock(mutex_);
  if (failed_) return *failed_;
  StorageWrite write;
  std::map<std::string_view, std::int32_t> wanted;
  for (const TopicSpec& spec : specs) {
    MILLRACE_TRY(check_partitions(spec, spec.partitions));
    auto [named, is_new] = wanted.try_emplace(spec.name, spec.partitions);
    if (!is_new) {
      MILLRACE_TRY(check_partitions(spec, named->second));
      continue;
    }
    auto found = topics_.find(spec.name);
    if (found == topics_.end()) {
      auto number = next_topic_number_;
      next_topic_number_ = number.next();
      auto id = fmt::format("{}-{}", id_, number.value());
      write.created_topics.push_back({number, {spec.name, id, spec.partitions, spec.cleanup, spec.limits}});
      continue;
    }
    TopicInfo info = found->second.info;
    MILLRACE_TRY(check_partitions(spec, info.partitions));
    if (info.cleanup == spec.cleanup && info.limits == spec.limits) continue;
    info.cleanup = spec.cleanup;
    info.limits = spec.limits;
    write.changed_topics.push_back({found->second.number, std::move(info)});
  }
  if (write.created_topics.empty() && write.changed_topics.empty()) return {};
  MILLRACE_TRY(write_locked(write));
  for (StorageWrite::Topic& topic : write.changed_topics) topics_.at(topic.info.name).info = std::move(topic.info);
  std::vector<StoredLog::Topic> created;
  for (StorageWrite::Topic& topic : write.created_topics) {
    auto partitions = static_cast<std::size_t>(topic.info.partitions);
    created.push_back({topic.number, topic.info, std::vector<StoredLog::Partition>(partitions)});
  }
  adopt(std::move(created));
  return {};
}

Pending<std::vector<TopicInfo>> InProcessLog::topics() {
  std::lock_guard lock(mutex_);
  std::vector<TopicInfo> infos;
  for (const auto& [name, topic] : topics_) infos.push_back(topic.info);
  return ready<std::vector<TopicInfo>>(std::move(infos));
}

Pending<void> InProcessLog::delete_topics(std::vector<std::string> names) {
  Promise<void> promise;
  executor_.post([this, promise, names = std::move(names)]() mutable { promise.set(drop(names)); });
  return promise.pending();
}

Result<void> InProcessLog::drop(const std::vector<std::string>& names) {
  std::lock_guard lock(mutex_);
  StorageWrite write;
  for (const std::string& name : names) {
    auto found = topics_.find(name);
    if (found == topics_.end()) continue;
    write.deleted_topics.push_back({found->second.number, found->second.info});
    // Or else a new topic of that name would be read from the middle.
    for (const auto& [group, offsets] : committed_) {
      for (const auto& [partition, committed] : offsets) {
        if (partition.topic == name) write.deleted_offsets.push_back({group, partition});
      }
    }
  }
  MILLRACE_TRY(write_locked(write));
  for (const auto& [group, partition] : write.deleted_offsets) committed_[group].erase(partition);
  for (const StorageWrite::Topic& topic : write.deleted_topics) {
    auto found = topics_.find(topic.info.name);
    if (found == topics_.end()) continue;  // named twice
    for (const auto& partition : found->second.partitions) partition->deleted.store(true, std::memory_order_release);
    topics_.erase(found);
  }
  return {};
}

Pending<OffsetMap> InProcessLog::committed_offsets(const std::string& group_name) {
  std::lock_guard lock(mutex_);
  auto found = committed_.find(group_name);
  return ready<OffsetMap>(found == committed_.end() ? OffsetMap() : found->second);
}

Pending<void> InProcessLog::delete_group(const std::string& group_name) {
  Promise<void> promise;
  executor_.post([this, promise, group_name]() mutable { promise.set(forget(group_name)); });
  return promise.pending();
}

Result<void> InProcessLog::forget(const std::string& group_name) {
  std::lock_guard lock(mutex_);
  StorageWrite write;
  write.deleted_groups.push_back(group_name);
  MILLRACE_TRY(write_locked(write));
  committed_.erase(group_name);
  return {};
}

Pending<std::map<TopicPartition, OffsetRange>> InProcessLog::offset_ranges(std::vector<TopicPartition> partitions) {
  std::lock_guard lock(mutex_);
  std::map<TopicPartition, OffsetRange> ranges;
  for (const TopicPartition& partition : partitions) {
    auto state = find_locked(partition);
    if (!state) return ready<std::map<TopicPartition, OffsetRange>>(state.error());
    const PartitionMarks& marks = (*state)->marks;
    ranges[partition] = {marks.begin, Offset((*state)->end.load()), marks.tombstones_gone};
  }
  return ready<std::map<TopicPartition, OffsetRange>>(std::move(ranges));
}

Pending<void> InProcessLog::delete_records(std::map<TopicPartition, Offset> before) {
  Promise<void> promise;
  executor_.post([this, promise, before = std::move(before)]() mutable { promise.set(move_begins(before)); });
  return promise.pending();
}

Result<void> InProcessLog::move_begins(const std::map<TopicPartition, Offset>& before) {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<std::shared_ptr<PartitionState>, Offset>> begins;
  for (const auto& [partition, begin] : before) {
    auto state = find_locked(partition);
    if (!state) return state.error();
    Offset end((*state)->end.load());
    if (begin > end) return out_of_range(partition, begin, (*state)->marks.begin, end);
    begins.emplace_back(std::move(*state), begin);
  }
  return move_begins_locked(begins);
}

/// The batches themselves go later, some at a time.
Result<void> InProcessLog::move_begins_locked(
    const std::vector<std::pair<std::shared_ptr<PartitionState>, Offset>>& begins) {
  StorageWrite write;
  for (const auto& [state, begin] : begins) {
    if (begin <= state->marks.begin) continue;
    PartitionMarks marks = state->marks;
    marks.begin = begin;
    write.marks.push_back({state->topic, state->id.partition, marks});
  }
  if (write.marks.empty()) return failed_ ? Result<void>(*failed_) : Result<void>();
  MILLRACE_CRASH_POINT("purge/before-write");
  MILLRACE_TRY(write_locked(write));
  MILLRACE_CRASH_POINT("purge/after-write");
  for (const auto& [state, begin] : begins) {
    if (begin <= state->marks.begin) continue;
    state->marks.begin = begin;
    state->needs_trim = true;
    state->begin.store(begin.value(), std::memory_order_release);
  }
  return {};
}

}  // namespace millrace
