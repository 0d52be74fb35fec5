#include <millrace/runtime/record_queues.hpp>

#include <algorithm>
#include <utility>

#include <millrace/base/assert.hpp>
#include <millrace/base/crash_point.hpp>

namespace millrace {

RecordQueues::RecordQueues(LogReader& reader, std::size_t fetch_max_bytes, Metrics& metrics, TaskIdle idle,
                           FetchBudget* budget)
    : reader_(reader), fetch_max_bytes_(fetch_max_bytes), metrics_(metrics), idle_(idle), budget_(budget) {
  MILLRACE_ASSERT(idle.wait <= milliseconds(0) || idle.clock != nullptr, "waiting needs a clock");
}

RecordQueues::~RecordQueues() {
  for (Queue& queue : queues_) {
    reader_.unassign(queue.slot);
    queue.batch = {};
    account(queue);
    if (budget_ != nullptr) budget_->leave_partition();
  }
  if (budget_ != nullptr) budget_->leave(this);
}

Result<void> RecordQueues::add(const TopicPartition& partition, Offset from, Timestamp partition_time) {
  auto slot = reader_.assign(partition, from);
  if (!slot) return slot.error();
  Queue queue;
  queue.id = partition;
  queue.slot = *slot;
  queue.position = from;
  queue.time = partition_time;
  queue.consumed = metrics_.counter(MetricId::RecordsConsumed, {partition.topic});
  queue.lag = metrics_.gauge(MetricId::ConsumerLag, {partition.topic, to_string(partition.partition)});
  queues_.push_back(std::move(queue));
  if (budget_ != nullptr) budget_->enter_partition();
  return {};
}

void RecordQueues::rewind(std::size_t partition, Offset offset, Timestamp partition_time) {
  Queue& queue = queues_.at(partition);
  queue.batch = {};
  account(queue);
  queue.index = 0;
  queue.position = offset;
  queue.time = partition_time;
  queue.empty_since.reset();
  queue.waited_for = false;
  reader_.seek(queue.slot, offset);
}

Result<void> RecordQueues::fetch(Queue& queue) {
  release(queue);
  const std::size_t max_bytes = allowed_bytes();
  if (max_bytes == 0) return {};
  auto fetched = reader_.poll(queue.slot, max_bytes);
  if (!fetched) return fetched.error();
  if (!*fetched) return {};
  queue.batch = std::move(**fetched);
  account(queue);
  queue.index = 0;
  queue.consumed->increment(queue.batch.records.size());
  // A batch may hold no records for us, only move the position on.
  if (queue.batch.records.empty()) {
    queue.position = queue.batch.next;
  } else {
    queue.empty_since.reset();
    queue.waited_for = false;
  }
  note_head(queue);
  MILLRACE_CRASH_POINT("poll/fetched");
  return {};
}

// The time takes the place of the record's own: all that follow need not know where it is from.
void RecordQueues::extract_time(Queue& queue) {
  queue.time_error.reset();
  if (!queue.has_head()) return;
  RecordView& head = queue.batch.records[queue.index];
  auto time = queue.source->extract_time(head, queue.time);
  head.timestamp = time ? std::max(*time, kNoTimestamp) : kNoTimestamp;
  if (!time) queue.time_error = time.error();
}

std::size_t RecordQueues::allowed_bytes() {
  if (budget_ == nullptr) return fetch_max_bytes_;
  // With a head in another partition the task holds memory, and lets go of it only if this one has a head, too.
  constexpr std::size_t kOneBatch = 1;
  bool needed = std::any_of(queues_.begin(), queues_.end(), [](const Queue& queue) { return queue.has_head(); });
  if (budget_->may_read_ahead() && (needed || budget_->take_turn(this)))
    return std::min(fetch_max_bytes_, budget_->fetch_bytes());
  if (needed) return kOneBatch;
  bool first = budget_->used_bytes() == 0 && budget_->take_turn(this);
  if (!first) budget_->wait(this);
  return first ? kOneBatch : 0;
}

void RecordQueues::release(Queue& queue) {
  reader_.recycle(std::exchange(queue.batch, {}));
  queue.index = 0;
  account(queue);
}

void RecordQueues::account(Queue& queue) const {
  if (budget_ == nullptr) return;
  auto views = static_cast<std::int64_t>(queue.batch.records.size() * sizeof(RecordView));
  auto held = static_cast<std::int64_t>(queue.batch.size_bytes) + views;
  budget_->add(held - std::exchange(queue.held_bytes, held));
}

Result<bool> RecordQueues::fill() {
  for (Queue& queue : queues_) {
    if (queue.has_head()) continue;
    MILLRACE_TRY(fetch(queue));
  }
  return ready();
}

bool RecordQueues::ready() {
  bool any = false;
  bool waits = false;
  for (Queue& queue : queues_) {
    if (queue.has_head()) any = true;
    else if (idle_.wait >= milliseconds(0)) waits |= keeps_waiting_for(queue);
  }
  return any && !waits;
}

/// For a partition that has no head.
bool RecordQueues::keeps_waiting_for(Queue& queue) {
  if (reader_.end_offset(queue.slot) > queue.position) {
    queue.empty_since.reset();
    return true;
  }
  if (idle_.wait == milliseconds(0) || queue.waited_for) return false;
  const SteadyTime now = idle_.clock->steady_now();
  if (!queue.empty_since) queue.empty_since = now;
  queue.waited_for = now - *queue.empty_since >= idle_.wait;
  return !queue.waited_for;
}

SteadyTime RecordQueues::idle_until() const {
  SteadyTime until = SteadyTime::max();
  const bool any = std::any_of(queues_.begin(), queues_.end(), [](const Queue& queue) { return queue.has_head(); });
  if (!any) return until;
  for (const Queue& queue : queues_) {
    if (!queue.has_head() && queue.empty_since && !queue.waited_for)
      until = std::min(until, *queue.empty_since + idle_.wait);
  }
  return until;
}

RecordQueues::Head RecordQueues::choose() {
  std::size_t best = queues_.size();
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    if (!queues_[i].has_head()) continue;
    if (best == queues_.size() || queues_[i].batch.records[queues_[i].index].timestamp <
                                      queues_[best].batch.records[queues_[best].index].timestamp) {
      best = i;
    }
  }
  MILLRACE_DCHECK(best < queues_.size(), "choose() without a record");
  return {best, &queues_[best].batch.records[queues_[best].index]};
}

void RecordQueues::pop(std::size_t partition) {
  Queue& queue = queues_[partition];
  queue.time = std::max(queue.time, queue.batch.records[queue.index].timestamp);
  skip(partition);
}

void RecordQueues::skip(std::size_t partition) {
  Queue& queue = queues_[partition];
  const RecordView& record = queue.batch.records[queue.index];
  ++queue.index;
  queue.position = queue.has_head() ? record.offset.next() : queue.batch.next;
  // At once: another task may wait for the memory.
  if (!queue.has_head()) release(queue);
  note_head(queue);
}

std::int64_t RecordQueues::lag(std::size_t partition) const {
  const Queue& queue = queues_[partition];
  return reader_.end_offset(queue.slot).value() - queue.position.value();
}

std::size_t RecordQueues::buffered_records() const {
  std::size_t count = 0;
  for (const Queue& queue : queues_) count += queue.batch.records.size() - queue.index;
  return count;
}

void RecordQueues::report() const {
  for (std::size_t i = 0; i < queues_.size(); ++i) queues_[i].lag->set(lag(i));
}

}  // namespace millrace
