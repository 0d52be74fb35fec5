#include <millrace/runtime/committer.hpp>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>
#include <millrace/base/crash_point.hpp>

namespace millrace {

Committer::Committer(TaskEnvironment& environment, LogWriter& writer, const LogMembership& membership,
                     std::string writer_id, std::string run_id)
    : environment_(environment),
      writer_(writer),
      membership_(membership),
      writer_id_(std::move(writer_id)),
      run_id_(std::move(run_id)),
      committed_(environment.metrics.counter(MetricId::Commits, {"committed"})),
      aborted_(environment.metrics.counter(MetricId::Commits, {"aborted"})),
      failed_(environment.metrics.counter(MetricId::Commits, {"failed"})),
      duration_(environment.metrics.histogram(MetricId::CommitDuration)) {}

void Committer::begin(const std::vector<StreamTask*>& tasks) {
  MILLRACE_ASSERT(!in_flight(), "one commit at a time");
  tasks_ = tasks;
  began_ = environment_.clock.steady_now();
  std::string commit_id = fmt::format("{}-{}", run_id_, ++commits_);
  Transaction transaction;
  for (StreamTask* task : tasks_) {
    task->freeze();
    task->add_offsets(transaction.offsets, writer_id_, commit_id);
  }
  transaction.appends = environment_.outbox.freeze();
  transaction.group = environment_.config.application_id;
  transaction.member = membership_.member();
  MILLRACE_CRASH_POINT("commit/frozen");
  if (environment_.config.processing_guarantee == ProcessingGuarantee::ExactlyOnce) {
    stage_ = Stage::Transaction;
    pending_ = writer_.commit(std::move(transaction));
    return;
  }
  stage_ = Stage::Records;
  offsets_ = Transaction{{}, transaction.group, std::move(transaction.offsets), transaction.member};
  transaction.offsets = {};
  pending_ = writer_.commit(std::move(transaction));
}

std::optional<Result<void>> Committer::poll() {
  if (!pending_.ready()) return std::nullopt;
  auto receipt = pending_.take();
  MILLRACE_CRASH_POINT("commit/acknowledged");
  if (!receipt) return stage_ == Stage::Offsets ? put_off_offsets(receipt.error()) : finish(receipt.error());
  switch (stage_) {
    case Stage::Transaction: return finish(apply(*receipt));
    case Stage::Records:
      if (auto applied = apply(*receipt); !applied) return finish(applied);
      for (StreamTask* task : tasks_) task->owe_offsets(true);
      stage_ = Stage::Offsets;
      pending_ = writer_.commit(std::move(offsets_));
      return poll();
    case Stage::Offsets:
      for (StreamTask* task : tasks_) task->owe_offsets(false);
      break;
    case Stage::Idle: break;
  }
  return finish({});
}

/// At least once: the records are written and applied, so nothing needs to be dropped and processed again. The tasks
/// owe their offsets: the next commit takes them along.
std::optional<Result<void>> Committer::put_off_offsets(const Error& error) {
  const bool later = error.disposition() == Disposition::AbortTransaction || error.disposition() == Disposition::Retry;
  if (!later) return finish(error);
  environment_.logger.warn("committer", error.to_string());
  return finish({});
}

Result<void> Committer::apply(const CommitReceipt& receipt) {
  Result<void> result;
  // Each task for itself: the input of all is committed, whatever one of them cannot write.
  for (StreamTask* task : tasks_) {
    auto applied = task->commit(receipt);
    if (!applied && result) result = applied;
  }
  MILLRACE_CRASH_POINT("state/after-all");
  return result;
}

void Committer::abandon() {
  stage_ = Stage::Idle;
  environment_.outbox.commit_ended();
  tasks_.clear();
  pending_ = {};
  failed_->increment();
}

std::optional<Result<void>> Committer::finish(Result<void> result) {
  stage_ = Stage::Idle;
  environment_.outbox.commit_ended();
  tasks_.clear();
  duration_->observe(environment_.clock.steady_now() - began_);
  if (result) committed_->increment();
  else if (result.error().disposition() == Disposition::AbortTransaction ||
           result.error().disposition() == Disposition::MigrateTask)
    aborted_->increment();
  else failed_->increment();
  return result;
}

}  // namespace millrace
