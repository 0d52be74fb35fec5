#include <millrace/log/in_process_log.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/crash_point.hpp>
#include "in_process_group.hpp"

namespace millrace {

namespace {

Error unknown_topic(const TopicPartition& partition) {
  return Error(ErrorCode::TopicUnknown, fmt::format("there is no {}", to_string(partition)),
               {.topic = partition.topic, .partition = partition.partition.value()});
}

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

/// Reads one partition after the other's batches straight from the storage.
class InProcessReader final : public LogReader {
 public:
  InProcessReader(InProcessLog& log, std::uint64_t wake_id) : log_(log), wake_id_(wake_id) {}
  ~InProcessReader() override {
    std::lock_guard lock(log_.wake_mutex_);
    log_.wake_ups_.erase(wake_id_);
  }

  Result<ReaderSlot> assign(const TopicPartition& partition, Offset from) override {
    auto state = log_.find(partition);
    if (!state) return state.error();
    auto free = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.partition; });
    if (free == slots_.end()) free = slots_.insert(slots_.end(), Slot{});
    *free = Slot{*state, from};
    return ReaderSlot(static_cast<std::uint32_t>(free - slots_.begin()));
  }
  void unassign(ReaderSlot slot) override { at(slot) = Slot{}; }
  void seek(ReaderSlot slot, Offset offset) override { at(slot).position = offset; }
  Offset end_offset(ReaderSlot slot) const override {
    return Offset(at(slot).partition->end.load(std::memory_order_acquire));
  }
  Offset position(ReaderSlot slot) const override { return at(slot).position; }

  Result<std::optional<FetchedBatch>> poll(ReaderSlot slot_number, std::size_t max_bytes) override {
    Slot& slot = at(slot_number);
    const PartitionState& partition = *slot.partition;
    if (partition.deleted.load(std::memory_order_acquire)) return unknown_topic(partition.id);
    Offset end = end_offset(slot_number);
    if (slot.position < partition.begin || slot.position > end) {
      return Error(
          ErrorCode::OffsetOutOfRange,
          fmt::format("offset {} is not within [{}, {}]", slot.position.value(), partition.begin.value(), end.value()),
          {.topic = partition.id.topic, .partition = partition.id.partition.value(), .offset = slot.position.value()});
    }
    if (slot.position == end) return std::optional<FetchedBatch>();
    FetchedBatch fetched;
    fetched.records = std::exchange(spare_, {});
    std::vector<std::shared_ptr<const void>> owners;  // of all batches but the first
    fetched.next = slot.position;
    do {
      auto stored = log_.storage_.read_batch({partition.topic, partition.id.partition, fetched.next});
      if (!stored) return stored.error();
      if (!*stored) break;
      const StoredBatch& batch = **stored;
      // A batch that was written but not yet announced is beyond the end.
      if (batch.base >= end) break;
      auto decoded = decode_batch(batch.bytes, batch.base, fetched.next, fetched.records);
      if (!decoded)
        return decoded.error().at({.topic = partition.id.topic, .partition = partition.id.partition.value()});
      auto count = batch_record_count(batch.bytes);
      fetched.next = batch.base.plus(*count);
      fetched.size_bytes += batch.bytes.size();
      if (!fetched.storage) fetched.storage = batch.owner;
      else if (batch.owner != fetched.storage) owners.push_back(batch.owner);
    } while (fetched.next < end && fetched.size_bytes < max_bytes);
    if (fetched.next == slot.position) {
      // The storage has nothing up to the end that it reported: a hole.
      return Error(
          ErrorCode::LogCorrupted, fmt::format("records {} to {} are missing", slot.position.value(), end.value() - 1),
          {.topic = partition.id.topic, .partition = partition.id.partition.value(), .offset = slot.position.value()});
    }
    slot.position = fetched.next;
    if (!owners.empty()) {
      owners.push_back(std::move(fetched.storage));
      fetched.storage = std::make_shared<std::vector<std::shared_ptr<const void>>>(std::move(owners));
    }
    return std::optional<FetchedBatch>(std::move(fetched));
  }
  void recycle(FetchedBatch spent) override {
    spent.records.clear();
    if (spent.records.capacity() > spare_.capacity()) spare_.swap(spent.records);
  }

 private:
  struct Slot {
    std::shared_ptr<PartitionState> partition;
    Offset position;
  };
  Slot& at(ReaderSlot slot) { return slots_.at(slot.value()); }
  const Slot& at(ReaderSlot slot) const { return slots_.at(slot.value()); }

  InProcessLog& log_;
  std::uint64_t wake_id_;
  std::vector<Slot> slots_;
  std::vector<RecordView> spare_;  // empty
};

/// Hands transactions to the sequencer.
class InProcessWriter final : public LogWriter {
 public:
  InProcessWriter(InProcessLog& log, InProcessLog::WriterEpoch epoch, WakeUp wake_up)
      : log_(log), epoch_(std::move(epoch)), wake_up_(std::move(wake_up)) {}

  Pending<CommitReceipt> commit(Transaction transaction) override {
    if (log_.executor_.runs_inline()) {
      auto receipt = log_.sequence(transaction, epoch_);
      announce();
      return ready(std::move(receipt));
    }
    Promise<CommitReceipt> promise;
    auto pending = promise.pending();
    // shared_ptr, because std::function wants to be copyable and a transaction is large.
    auto shared = std::make_shared<Transaction>(std::move(transaction));
    log_.executor_.post([&log = log_, epoch = epoch_, wake = wake_up_, shared, promise]() mutable {
      promise.set(log.sequence(*shared, epoch));
      announce(log, wake);
    });
    return pending;
  }

 private:
  void announce() const { announce(log_, wake_up_); }
  /// To the writer, whose answer is there, and to the readers. The writer may be gone by now.
  static void announce(InProcessLog& log, const WakeUp& writer) {
    if (writer) writer();
    log.wake_all();
  }

  InProcessLog& log_;
  InProcessLog::WriterEpoch epoch_;
  WakeUp wake_up_;
};

Result<std::unique_ptr<InProcessLog>> InProcessLog::open(BatchStorage& storage, Executor& executor) {
  auto stored = storage.load();
  if (!stored) return stored.error();
  std::unique_ptr<InProcessLog> log(new InProcessLog(storage, executor));
  log->id_ = std::move(stored->id);
  log->next_topic_number_ = stored->next_topic;
  log->adopt(std::move(stored->topics));
  for (StorageWrite::GroupOffset& offset : stored->offsets) {
    log->committed_[offset.group][offset.partition] = std::move(offset.committed);
  }
  return log;
}

InProcessLog::~InProcessLog() = default;

void InProcessLog::adopt(std::vector<StoredLog::Topic> topics) {
  for (StoredLog::Topic& topic : topics) {
    Topic& mine = topics_[topic.info.name];
    mine.number = topic.number;
    mine.info = topic.info;
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      auto state = std::make_shared<PartitionState>();
      state->id = {topic.info.name, Partition(static_cast<std::int32_t>(i))};
      state->topic = topic.number;
      state->begin = topic.partitions[i].begin;
      state->end = topic.partitions[i].end.value();
      mine.partitions.push_back(std::move(state));
    }
    next_topic_number_ = std::max(next_topic_number_, topic.number.next());
  }
}

std::unique_ptr<LogReader> InProcessLog::open_reader(WakeUp wake_up) {
  std::lock_guard lock(wake_mutex_);
  std::uint64_t id = next_wake_id_++;
  if (wake_up) wake_ups_[id] = std::move(wake_up);
  return std::make_unique<InProcessReader>(*this, id);
}

std::unique_ptr<LogWriter> InProcessLog::open_writer(const std::string& writer_id, WakeUp wake_up) {
  std::lock_guard lock(mutex_);
  auto& newest = newest_epochs_[writer_id];
  if (!newest) newest = std::make_shared<std::uint64_t>(0);
  return std::make_unique<InProcessWriter>(*this, WriterEpoch{writer_id, newest, ++*newest}, std::move(wake_up));
}

std::unique_ptr<LogMembership> InProcessLog::join_group(MembershipOptions options) {
  std::shared_ptr<InProcessGroup> joined;
  {
    std::lock_guard lock(mutex_);
    joined = group(options.group);
  }
  return joined->join(std::move(options));
}

std::shared_ptr<InProcessGroup> InProcessLog::group(const std::string& name) {
  auto& group = groups_[name];
  if (!group) group = std::make_shared<InProcessGroup>(name);
  return group;
}

void InProcessLog::wake_all() {
  std::lock_guard lock(wake_mutex_);
  for (auto& [id, wake] : wake_ups_) wake();
}

Result<std::shared_ptr<PartitionState>> InProcessLog::find_locked(const TopicPartition& partition) const {
  auto topic = topics_.find(partition.topic);
  auto index = static_cast<std::size_t>(partition.partition.value());
  if (topic == topics_.end() || index >= topic->second.partitions.size()) return unknown_topic(partition);
  return topic->second.partitions[index];
}

Result<std::shared_ptr<PartitionState>> InProcessLog::find(const TopicPartition& partition) const {
  std::lock_guard lock(mutex_);
  return find_locked(partition);
}

Result<void> InProcessLog::check_commit(const Transaction& transaction, const WriterEpoch& writer) {
  if (failed_) return *failed_;
  if (*writer.newest != writer.mine) {
    return Error(ErrorCode::MemberFenced, fmt::format("writer {} was replaced by a newer one", writer.id));
  }
  if (transaction.member) return group(transaction.member->group)->check(*transaction.member);
  return {};
}

Result<CommitReceipt> InProcessLog::sequence(const Transaction& transaction, const WriterEpoch& writer) {
  std::lock_guard lock(mutex_);
  MILLRACE_TRY(check_commit(transaction, writer));
  StorageWrite& write = write_;
  write.batches.clear();
  write.offsets.clear();
  auto& ends = new_ends_;
  ends.clear();
  for (const PartitionAppend& append : transaction.appends) {
    auto found = find_locked(append.target);
    if (!found) return found.error();
    PartitionState* state = found->get();
    // A partition may be named more than once in one transaction.
    auto written = std::find_if(ends.begin(), ends.end(), [&](const auto& end) { return end.first == state; });
    if (written == ends.end()) written = ends.insert(ends.end(), {state, Offset(state->end.load())});
    for (const EncodedBatch& batch : append.batches) {
      write.batches.push_back({{state->topic, append.target.partition, written->second}, batch.bytes});
      written->second = written->second.plus(batch.count);
    }
  }
  for (const auto& [partition, committed] : transaction.offsets) {
    write.offsets.push_back({transaction.group, partition, committed});
  }
  MILLRACE_CRASH_POINT("log/before-write");
  if (auto written = storage_.write(write); !written) {
    failed_ = written.error();
    return *failed_;
  }
  MILLRACE_CRASH_POINT("log/after-write");
  CommitReceipt receipt;
  receipt.ends.reserve(ends.size());
  for (auto& [state, end] : ends) {
    state->end.store(end.value(), std::memory_order_release);
    receipt.ends.push_back({state->id, end});
  }
  for (const auto& [partition, committed] : transaction.offsets) committed_[transaction.group][partition] = committed;
  return receipt;
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
      write.created_topics.push_back({number, {spec.name, id, spec.partitions, spec.cleanup}});
    } else {
      MILLRACE_TRY(check_partitions(spec, found->second.info.partitions));
    }
  }
  if (write.created_topics.empty()) return {};
  if (auto written = storage_.write(write); !written) {
    failed_ = written.error();
    return *failed_;
  }
  std::vector<StoredLog::Topic> created;
  for (StorageWrite::Topic& topic : write.created_topics) {
    auto partitions = static_cast<std::size_t>(topic.info.partitions);
    created.push_back({topic.number, topic.info, std::vector<OffsetRange>(partitions)});
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
  if (failed_) return *failed_;
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
  if (auto written = storage_.write(write); !written) {
    failed_ = written.error();
    return *failed_;
  }
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
  executor_.post([this, promise, group_name]() mutable {
    std::lock_guard lock(mutex_);
    StorageWrite write;
    write.deleted_groups.push_back(group_name);
    auto written = failed_ ? Result<void>(*failed_) : storage_.write(write);
    if (written) committed_.erase(group_name);
    else failed_ = written.error();
    promise.set(written);
  });
  return promise.pending();
}

Pending<std::map<TopicPartition, OffsetRange>> InProcessLog::offset_ranges(std::vector<TopicPartition> partitions) {
  std::lock_guard lock(mutex_);
  std::map<TopicPartition, OffsetRange> ranges;
  for (const TopicPartition& partition : partitions) {
    auto state = find_locked(partition);
    if (!state) return ready<std::map<TopicPartition, OffsetRange>>(state.error());
    ranges[partition] = {(*state)->begin, Offset((*state)->end.load())};
  }
  return ready<std::map<TopicPartition, OffsetRange>>(std::move(ranges));
}

}  // namespace millrace
