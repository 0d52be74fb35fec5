// What a stream thread does about errors.
#include <algorithm>

#include <fmt/format.h>

#include <millrace/runtime/stream_thread.hpp>

namespace millrace {

namespace {
constexpr milliseconds kRetryBackoff{100};
constexpr milliseconds kRoomBackoff{1000};
// What comes back sooner was not over.
constexpr std::chrono::seconds kCalm{5};
}  // namespace

void StreamThread::settle_failed_commit(const Error& error) {
  put_off_.reset();  // the record is met again
  bool written_or_not = error.code() == ErrorCode::CommitUnknown || error.disposition() == Disposition::Retry;
  if (!written_or_not) return react(error);
  // Only the log knows whether it was written: begin anew from the offsets and the changelogs that it has.
  rejoin();
  retry(error);
}

/// The commit in flight holds on to the tasks: what may end one of them waits for its end.
void StreamThread::react_when_committed(const Error& error) {
  if (committer_->in_flight()) put_off_ = error;
  else react(error);
}

void StreamThread::react(const Error& error) {
  if (error.code() == ErrorCode::OffsetOutOfRange && runs(error.where().task)) return rebuild_task(error, false);
  switch (error.disposition()) {
    case Disposition::Retry: return retry(error);
    case Disposition::AbortTransaction: logger_->warn("thread", error.to_string()); return abort_transaction();
    case Disposition::RestoreTask: return rebuild_task(error, true);
    case Disposition::MigrateTask: logger_->warn("thread", error.to_string()); return rejoin();
    case Disposition::SkipRecord:  // settled by the task; here it was none of a record's
    case Disposition::StopThread:
    case Disposition::StopApplication: break;
  }
  // What was processed before a bad record is good, and need not be done again.
  bool record = error.code() >= ErrorCode::DeserializationFailed && error.code() < ErrorCode::StateDirectoryLocked;
  die(error, record);
}

/// Told once, however often it is tried, and that it is over when it has been for a while.
void StreamThread::retry(const Error& error) {
  if (told_retrying_ != error.code()) logger_->warn("thread", error.to_string());
  told_retrying_ = error.code();
  retried_well_at_.reset();
  retrying_ = error;
  const bool full = error.code() == ErrorCode::StateFull;
  retry_at_ = ports_.clock.steady_now() + (full ? kRoomBackoff : kRetryBackoff);
}

void StreamThread::end_retrying() {
  if (!retrying_) return;
  retrying_.reset();
  retried_well_at_ = ports_.clock.steady_now();
}

void StreamThread::tell_end_of_retrying(SteadyTime now) {
  if (!retried_well_at_ || now - *retried_well_at_ < kCalm) return;
  logger_->info("thread", fmt::format("{} {} is over: it goes on", to_string(*told_retrying_),
                                      error_code_info(*told_retrying_).name));
  retried_well_at_.reset();
  told_retrying_.reset();
}

void StreamThread::abort_transaction() {
  outbox_.clear();
  for (auto at = tasks_.begin(); at != tasks_.end();) {
    auto& [id, task] = *at;
    if (task->broken()) {
      const TaskId broken = id;
      at = tasks_.erase(at);
      begin_restoring(broken, true);
      continue;
    }
    if (auto aborted = task->abort(); !aborted) return die(aborted.error(), false);
    ++at;
  }
}

bool StreamThread::runs(const std::string& name) const {
  return std::any_of(tasks_.begin(), tasks_.end(), [&](const auto& task) { return to_string(task.first) == name; });
}

/// `wipe`: its state is lost. Otherwise its input is: the records that it was to read next were deleted. Where a task
/// goes on then is for the restorer to say.
void StreamThread::rebuild_task(const Error& why, bool wipe) {
  const std::string& name = why.where().task;
  logger_->error("thread", why);
  auto broken =
      std::find_if(tasks_.begin(), tasks_.end(), [&](const auto& task) { return to_string(task.first) == name; });
  TaskId id{};
  if (broken != tasks_.end()) {
    id = broken->first;
    tasks_.erase(broken);
  } else {
    auto restoring = restorer_->tasks();
    auto found = std::find_if(restoring.begin(), restoring.end(), [&](TaskId task) { return to_string(task) == name; });
    if (found == restoring.end()) return die(why, false);
    id = *found;
    restorer_->remove(id);
  }
  abort_transaction();
  begin_restoring(id, wipe);
}

void StreamThread::rejoin() {
  tasks_.clear();
  assigned_.clear();
  unanswered_revocations_.clear();
  closing_ = false;
  unsettled_ = true;
  outbox_.clear();
  for (TaskId task : restorer_->tasks()) restorer_->remove(task);
  task_states_.close_all();
  committer_.reset();
  restorer_.reset();
  membership_ = join();
  writer_ = ports_.log.open_writer(name_, wake_up_);
  restorer_ = make_restorer();
  committer_ = std::make_unique<Committer>(environment_, *writer_, *membership_, name_, run_id_);
}

void StreamThread::die(const Error& error, bool commit_first) {
  if (!failure_) {
    failure_ = error;
    logger_->error("thread", error);
  }
  if (ending()) {
    final_commit_ = false;
    return;
  }
  final_commit_ = commit_first;
  lifecycle_.enter(ThreadState::PendingShutdown);
}

}  // namespace millrace
