#include "sim_log_parts.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace millrace {

namespace {

Error unavailable(const char* what) {
  return Error(ErrorCode::LogUnavailable, fmt::format("the simulated network lost {}", what));
}

/// What a transaction holds, so that two runs that differ in one byte differ in their trace.
std::string describe(const Transaction& transaction) {
  StableHash hash;
  std::int64_t records = 0;
  for (const PartitionAppend& append : transaction.appends) {
    hash.add(to_string(append.target));
    for (const EncodedBatch& batch : append.batches) {
      hash.add(batch.bytes);
      records += batch.count;
    }
  }
  for (const auto& [partition, committed] : transaction.offsets) {
    hash.add(to_string(partition) + to_string(committed.offset) + committed.metadata);
  }
  return fmt::format("{} records, {} offsets, {:016x}", records, transaction.offsets.size(), hash.value());
}

}  // namespace

// --- reader ---

Result<ReaderSlot> SimReader::assign(const TopicPartition& partition, Offset from) {
  auto slot = behind_->assign(partition, from);
  if (slot) names_[*slot] = partition;
  return slot;
}

Result<std::optional<FetchedBatch>> SimReader::poll(ReaderSlot slot, std::size_t max_bytes) {
  // Only where there is something to read: stream threads ask at every step.
  if (behind_->position(slot) < behind_->end_offset(slot) && log_.luck().chance(log_.faults_.read_unavailable)) {
    ++log_.counts_.unavailable;
    log_.note(fmt::format("read of {} fails", to_string(names_[slot])));
    return unavailable("records that were asked for");
  }
  auto fetched = behind_->poll(slot, max_bytes);
  if (fetched && *fetched) {
    log_.note(fmt::format("read {} to {}: {}", to_string(names_[slot]), (*fetched)->next.value(),
                          (*fetched)->records.size()));
  }
  return fetched;
}

// --- writer ---

SimWriter::SimWriter(SimLog& log, Log& behind, const std::string& id, WakeUp wake_up,
                     std::shared_ptr<SimLane> lane)
    : connection_(new Connection{log, id, std::move(wake_up), std::move(lane), nullptr, {}, false}) {
  // The log behind may answer long after this writer has gone.
  std::weak_ptr<Connection> weak = connection_;
  connection_->writer = behind.open_writer(id, [weak] {
    if (auto connection = weak.lock()) answer(connection);
  });
}

SimWriter::~SimWriter() { connection_->sender_gone = true; }

SimWriter::Fault SimWriter::draw_fault(ErrorCode& code) {
  SeededRandom& luck = connection_->log.luck();
  const SimLogFaults& faults = connection_->log.faults_;
  if (luck.chance(faults.commit_aborted)) return Fault::Aborted;
  if (luck.chance(faults.member_fenced)) return Fault::Fenced;
  if (luck.chance(faults.commit_unknown)) code = ErrorCode::CommitUnknown;
  else if (luck.chance(faults.commit_unavailable)) code = ErrorCode::LogUnavailable;
  else return Fault::None;
  return luck.chance(500) ? Fault::AnswerLost : Fault::RequestLost;
}

Pending<CommitReceipt> SimWriter::commit(Transaction transaction) {
  Promise<CommitReceipt> promise;
  auto pending = promise.pending();
  SimLog& log = connection_->log;
  log.note(fmt::format("{} sends {}", connection_->id, describe(transaction)));
  ErrorCode code = ErrorCode::CommitUnknown;
  Fault fault = draw_fault(code);
  auto shared = std::make_shared<Transaction>(std::move(transaction));
  connection_->lane->post_after(log.travel_time(), [connection = connection_, shared, promise, fault, code] {
    deliver(connection, std::move(*shared), {{}, promise, fault, code});
  });
  return pending;
}

void SimWriter::deliver(const std::shared_ptr<Connection>& connection, Transaction&& transaction, Awaited awaited) {
  SimLogCounts& counts = connection->log.counts_;
  if (connection->sender_gone) ++counts.arrived_late;
  switch (awaited.fault) {
    case Fault::Aborted:
      ++counts.aborted;
      return answer(connection, awaited.promise,
                    Error(ErrorCode::TransactionAborted, "the simulated log aborted the transaction"));
    case Fault::Fenced:
      ++counts.fenced;
      return answer(connection, awaited.promise,
                    Error(ErrorCode::MemberFenced, "the simulated log took the member for a zombie"));
    case Fault::RequestLost:
      ++counts.unknown_lost;
      return answer(connection, awaited.promise, Error(awaited.code, "the simulated network lost the request"));
    case Fault::AnswerLost: ++counts.unknown_written; break;
    case Fault::None: break;
  }
  connection->awaited.push_back(std::move(awaited));
  connection->awaited.back().from_log = connection->writer->commit(std::move(transaction));
  answer(connection);
}

void SimWriter::answer(const std::shared_ptr<Connection>& connection) {
  while (!connection->awaited.empty() && connection->awaited.front().from_log.ready()) {
    Awaited awaited = std::move(connection->awaited.front());
    connection->awaited.pop_front();
    auto result = awaited.from_log.take();
    if (awaited.fault == Fault::AnswerLost) {
      answer(connection, awaited.promise, Error(awaited.code, "the simulated network lost the answer"));
      continue;
    }
    SimLogCounts& counts = connection->log.counts_;
    if (result) ++counts.commits;
    else ++counts.refused;
    answer(connection, awaited.promise, std::move(result));
  }
}

void SimWriter::answer(const std::shared_ptr<Connection>& connection, Promise<CommitReceipt> promise,
                       Result<CommitReceipt> result) {
  SimLog& log = connection->log;
  connection->lane->post_after(log.travel_time(), [connection, promise, result = std::move(result)]() mutable {
    connection->log.note(
        fmt::format("{} is told {}", connection->id, result ? "committed" : to_string(result.error().code())));
    promise.set(std::move(result));
    if (!connection->sender_gone && connection->wake_up) connection->wake_up();
  });
}

// --- membership ---

SimMembership::SimMembership(SimLog& log, Log& behind, MembershipOptions options)
    : log_(log), behind_log_(behind), options_(std::move(options)), behind_(behind.join_group(options_)) {
  log_.members_[options_.client_id].push_back(this);
  log_.note(options_.client_id + " joins");
  refresh();
}

SimMembership::~SimMembership() {
  auto& members = log_.members_[options_.client_id];
  members.erase(std::remove(members.begin(), members.end(), this), members.end());
  if (log_.crashing_ && !left_ && !expired_) log_.bury(std::move(behind_), options_.client_id);
}

std::vector<MembershipEvent> SimMembership::poll() {
  std::vector<MembershipEvent> events;
  if (expired_) {
    if (log_.scheduler_.clock().steady_now() < told_) return events;
    expired_ = false;
    ++log_.counts_.told_lost;
    MembershipEvent lost{MembershipEvent::Kind::Lost, {held_.begin(), held_.end()}, 0};
    held_.clear();
    revocations_.clear();
    behind_ = behind_log_.join_group(options_);
    log_.note(options_.client_id + " hears that it was lost, and joins again");
    events.push_back(std::move(lost));
  }
  for (MembershipEvent& event : behind_->poll()) {
    const bool given = event.kind == MembershipEvent::Kind::Assigned;
    for (const TaskId& task : event.tasks) {
      log_.note(fmt::format("{} {} {}", options_.client_id, given ? "takes" : "lets go", to_string(task)));
      if (given) held_.insert(task);
    }
    if (event.kind == MembershipEvent::Kind::Revoked) revocations_[event.id] = event.tasks;
    events.push_back(std::move(event));
  }
  refresh();
  return events;
}

void SimMembership::acknowledge(std::uint64_t event_id) {
  if (expired_ || event_id == 0) return;  // of a membership that is no more, or one of our own
  if (auto found = revocations_.find(event_id); found != revocations_.end()) {
    for (const TaskId& task : found->second) {
      held_.erase(task);
      log_.note(fmt::format("{} has let go {}", options_.client_id, to_string(task)));
    }
    revocations_.erase(found);
  }
  behind_->acknowledge(event_id);
  refresh();
}

void SimMembership::leave() {
  if (!left_) log_.note(options_.client_id + " leaves");
  left_ = true;
  held_.clear();
  behind_->leave();
  refresh();
}

void SimMembership::expire(SteadyTime told) {
  if (expired_ || left_) return;
  expired_ = true;
  told_ = told;
  behind_->leave();
  if (options_.wake_up) options_.wake_up();
}

// --- admin ---

template <class T, class Ask>
Pending<T> SimAdmin::ask(const char* what, Ask request) {
  Promise<T> promise;
  const bool fails = log_.luck().chance(log_.faults_.admin_unavailable);
  lane_->post_after(log_.travel_time(), [this, promise, what, fails, request]() mutable {
    if (fails) {
      ++log_.counts_.unavailable;
      log_.note(fmt::format("request for {} fails", what));
      promise.set(unavailable(what));
    } else {
      Pending<T> answer = request(behind_);
      MILLRACE_ASSERT(answer.ready(), "the log behind answers questions at once");
      promise.set(answer.take());
    }
    for (auto& [number, wake_up] : log_.wake_ups_) wake_up();
  });
  return promise.pending();
}

Pending<OffsetMap> SimAdmin::committed_offsets(const std::string& group) {
  return ask<OffsetMap>("committed offsets", [group](LogAdmin& behind) { return behind.committed_offsets(group); });
}

Pending<std::map<TopicPartition, OffsetRange>> SimAdmin::offset_ranges(std::vector<TopicPartition> partitions) {
  return ask<std::map<TopicPartition, OffsetRange>>("offset ranges", [partitions](LogAdmin& behind) {
    return behind.offset_ranges(partitions);
  });
}

}  // namespace millrace
