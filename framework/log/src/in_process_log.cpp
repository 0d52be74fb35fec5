#include <millrace/log/in_process_log.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/crash_point.hpp>
#include "in_process_group.hpp"
#include "in_process_reader.hpp"
#include "partition_state.hpp"

namespace millrace {

/// Hands transactions to the sequencer.
class InProcessWriter final : public LogWriter {
 public:
  InProcessWriter(InProcessLog& log, InProcessLog::WriterEpoch epoch, WakeUp wake_up)
      : log_(log), epoch_(std::move(epoch)), wake_up_(std::move(wake_up)) {}

  Pending<CommitReceipt> commit(Transaction transaction) override {
    if (log_.executor_.runs_inline()) {
      auto receipt = log_.sequence(transaction, epoch_);
      if (receipt || receipt.error().code() != ErrorCode::LogFull) {
        announce(log_, wake_up_);
        return ready(std::move(receipt));
      }
    }
    Promise<CommitReceipt> promise;
    auto pending = promise.pending();
    // shared_ptr, because std::function wants to be copyable and a transaction is large.
    auto shared = std::make_shared<Transaction>(std::move(transaction));
    auto job = [&log = log_, epoch = epoch_, wake = wake_up_, shared, promise]() mutable {
      auto receipt = log.sequence(*shared, epoch);
      if (!receipt && receipt.error().code() == ErrorCode::LogFull) return false;
      promise.set(std::move(receipt));
      announce(log, wake);
      return true;
    };
    log_.executor_.post([&log = log_, job = std::move(job)]() mutable { log.do_or_wait(std::move(job)); });
    return pending;
  }

 private:
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
      TopicPartition id{topic.info.name, Partition(static_cast<std::int32_t>(i))};
      mine.partitions.push_back(std::make_shared<PartitionState>(std::move(id), topic.number, topic.partitions[i]));
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
    auto written = std::find_if(ends.begin(), ends.end(), [&](const NewEnd& end) { return end.state == state; });
    if (written == ends.end()) written = ends.insert(ends.end(), {state, Offset(state->end.load())});
    for (const EncodedBatch& batch : append.batches) {
      write.batches.push_back({{state->topic, append.target.partition, written->end}, batch.bytes});
      written->end = written->end.plus(batch.count);
      written->bytes += static_cast<std::int64_t>(batch.bytes.size());
    }
  }
  for (const auto& [partition, committed] : transaction.offsets) {
    write.offsets.push_back({transaction.group, partition, committed});
  }
  MILLRACE_CRASH_POINT("log/before-write");
  MILLRACE_TRY(write_locked(write));
  MILLRACE_CRASH_POINT("log/after-write");
  CommitReceipt receipt;
  receipt.ends.reserve(ends.size());
  for (auto& [state, end, bytes] : ends) {
    state->appended_bytes += bytes;
    appended_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    state->end.store(end.value(), std::memory_order_release);
    receipt.ends.push_back({state->id, end});
  }
  for (const auto& [partition, committed] : transaction.offsets) committed_[transaction.group][partition] = committed;
  return receipt;
}

}  // namespace millrace
