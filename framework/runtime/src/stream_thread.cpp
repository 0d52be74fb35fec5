#include <millrace/runtime/stream_thread.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/crash_point.hpp>

namespace millrace {

std::string_view to_string(ThreadState state) {
  switch (state) {
    case ThreadState::Created: return "created";
    case ThreadState::Starting: return "starting";
    case ThreadState::Running: return "running";
    case ThreadState::PendingShutdown: return "pending_shutdown";
    case ThreadState::Dead: return "dead";
  }
  return "?";
}

namespace {
constexpr milliseconds kRetryBackoff{100};
constexpr milliseconds kReportInterval{250};
}  // namespace

StreamThread::StreamThread(StreamThreadPorts ports, int index, const std::string& run_id, WakeUp wake_up)
    : ports_(ports),
      index_(index),
      name_(fmt::format("{}-{}", ports.config.application_id, index)),
      run_id_(run_id),
      wake_up_(std::move(wake_up)),
      outbox_(ports.catalog, ports.metrics),
      cache_budget_(ports.config.record_cache_max_bytes / 2 / std::max(ports.config.num_stream_threads, 1),
                    &ports.clean_budget),
      environment_{ports.config,  ports.topology, ports.catalog, ports.clock, ports.logger,
                   ports.metrics, outbox_,        cache_budget_, ports.stores},
      reader_(ports.log.open_reader(wake_up_)),
      writer_(ports.log.open_writer(name_, wake_up_)),
      membership_(join()),
      restorer_(make_restorer()),
      committer_(std::make_unique<Committer>(environment_, *writer_, *membership_, name_, run_id)),
      step_duration_(ports.metrics.histogram(MetricId::StepDuration)),
      buffer_bytes_(ports.metrics.gauge(MetricId::TransactionBufferBytes)),
      outbox_bytes_(ports.metrics.gauge(MetricId::OutboxBytes)),
      buffered_records_(ports.metrics.gauge(MetricId::BufferedRecords)) {
  last_commit_ = ports_.clock.steady_now();
  enter(ThreadState::Starting);
}

StreamThread::~StreamThread() = default;

std::unique_ptr<LogMembership> StreamThread::join() {
  auto tasks = plan_tasks(ports_.topology, ports_.config.application_id, ports_.catalog);
  return ports_.log.join_group({ports_.config.application_id, name_, std::move(tasks), wake_up_});
}

std::unique_ptr<Restorer> StreamThread::make_restorer() {
  RestorerPorts ports{ports_.log, *writer_, *membership_, ports_.backends, ports_.directory, ports_.clean_budget};
  return std::make_unique<Restorer>(environment_, ports, wake_up_);
}

bool StreamThread::dirty() const {
  return std::any_of(tasks_.begin(), tasks_.end(), [](const auto& task) { return task.second->dirty(); });
}

SteadyTime StreamThread::step() {
  SteadyTime now = ports_.clock.steady_now();
  if (dead()) return SteadyTime::max();
  if (retry_at_ > now) return retry_at_;
  take_commit_result();
  Work work = Work::None;
  if (committer_->in_flight()) {
    work = process_ahead();
  } else if (put_off_) {
    react(*std::exchange(put_off_, std::nullopt));
    work = Work::Some;
  } else if (!dead()) {
    // In answer to no event while a commit is in flight: a revoked task leaves only after its commit has ended.
    if (state_ != ThreadState::PendingShutdown) take_membership_events();
    if (stop_requested_ && state_ != ThreadState::PendingShutdown) {
      enter(ThreadState::PendingShutdown);
      final_commit_ = true;
    }
    if (state_ == ThreadState::PendingShutdown) {
      step_shutdown();
    } else if (!closing_) {
      restore();
      if (state_ == ThreadState::Running || state_ == ThreadState::Starting) work = process();
      if (state_ != ThreadState::PendingShutdown) punctuate();
      if (state_ != ThreadState::PendingShutdown && commit_due()) begin_commit();
    }
  }
  SteadyTime after = ports_.clock.steady_now();
  if (work == Work::Some) step_duration_->observe(after - now);
  if (after - reported_at_ >= kReportInterval || dead() || work == Work::None) {
    reported_at_ = after;
    publish_status();
  }
  if (dead()) return SteadyTime::max();
  // A commit in flight ends with a wake-up; it may have ended already.
  if (committer_->in_flight()) return work == Work::Some ? now : now + milliseconds(50);
  if (work == Work::Some || closing_ || state_ == ThreadState::PendingShutdown || restorer_->busy()) return now;
  SteadyTime next = now + milliseconds(1000);
  if (dirty()) next = std::min(next, last_commit_ + ports_.config.commit_interval);
  WallTime wall = ports_.clock.wall_now();
  for (const auto& [id, task] : tasks_) {
    if (task->next_punctuation() == WallTime::max()) continue;
    next = std::min(next, after + std::max(task->next_punctuation() - wall, milliseconds(0)));
  }
  return next;
}

void StreamThread::take_membership_events() {
  for (const MembershipEvent& event : membership_->poll()) {
    unsettled_ = true;
    switch (event.kind) {
      case MembershipEvent::Kind::Assigned:
        assigned_.insert(event.tasks.begin(), event.tasks.end());
        membership_->acknowledge(event.id);
        break;
      case MembershipEvent::Kind::Revoked:
        for (TaskId task : event.tasks) assigned_.erase(task);
        unanswered_revocations_.push_back(event.id);
        break;
      case MembershipEvent::Kind::Lost:
        for (TaskId task : event.tasks) {
          assigned_.erase(task);
          tasks_.erase(task);
          restorer_->remove(task);
        }
        abort_transaction();
        membership_->acknowledge(event.id);
        break;
    }
  }
  if (!unsettled_) return;
  std::set<TaskId> owned;
  for (const auto& [id, task] : tasks_) owned.insert(id);
  for (TaskId task : restorer_->tasks()) owned.insert(task);
  auto actions = reconcile(owned, assigned_);
  // Looked at again until nothing is left to do.
  unsettled_ = !actions.empty();
  follow(actions);
}

void StreamThread::follow(const std::vector<TaskAction>& actions) {
  bool closing = std::any_of(actions.begin(), actions.end(),
                             [](const TaskAction& a) { return a.kind == TaskAction::Kind::Close; });
  closing_ = closing && dirty();
  if (closing_) {
    // First the commit; the actions come up again when it has ended.
    begin_commit();
    return;
  }
  for (const TaskAction& action : actions) {
    if (action.kind == TaskAction::Kind::Restore) {
      restorer_->add(action.task, false);
      enter(ThreadState::Starting);
      continue;
    }
    restorer_->remove(action.task);
    if (auto task = tasks_.find(action.task); task != tasks_.end()) {
      task->second->close();
      tasks_.erase(task);
    }
  }
  if (closing || actions.empty()) {
    for (std::uint64_t event : std::exchange(unanswered_revocations_, {})) membership_->acknowledge(event);
  }
}

void StreamThread::restore() {
  if (restorer_->idle()) {
    if (state_ == ThreadState::Starting) enter(ThreadState::Running);
    return;
  }
  auto restored = restorer_->step();
  if (!restored) return react(restored.error());
  for (RestoredTask& ready : *restored) {
    auto task = StreamTask::create(environment_, ready.id, std::move(ready.stores), *reader_, ready.inputs);
    if (!task) return react(task.error());
    tasks_[ready.id] = std::move(*task);
  }
  if (restorer_->idle() && state_ == ThreadState::Starting) enter(ThreadState::Running);
}

/// What is processed while a commit is in flight goes into the open generation and waits for the next commit. If the
/// one in flight fails, both are dropped. So the time that a commit takes costs no throughput.
StreamThread::Work StreamThread::process_ahead() {
  if (!ports_.config.process_ahead) return Work::None;
  if (state_ != ThreadState::Running || stop_requested_ || closing_ || put_off_) return Work::None;
  Work work = process();
  if (!put_off_) punctuate();
  return work;
}

StreamThread::Work StreamThread::process() {
  bool any = false;
  for (auto& [id, task] : tasks_) {
    auto count = task->process(static_cast<std::size_t>(ports_.config.max_records_per_step));
    if (!count) {
      react_when_committed(count.error());
      return Work::Some;
    }
    processed_ += *count;
    any |= *count > 0;
  }
  return any ? Work::Some : Work::None;
}

void StreamThread::punctuate() {
  WallTime now = ports_.clock.wall_now();
  for (auto& [id, task] : tasks_) {
    auto called = task->punctuate(now);
    if (!called) return react_when_committed(called.error());
  }
}

bool StreamThread::commit_due() {
  if (committer_->in_flight()) return false;
  // Where there is nothing to commit the wish is fulfilled: it must not hasten a later commit.
  bool requested = commit_requested_.exchange(false, std::memory_order_relaxed);
  if (!dirty()) return false;
  bool wanted = requested ||
                std::any_of(tasks_.begin(), tasks_.end(), [](const auto& task) { return task.second->wants_commit(); });
  return wanted || ports_.clock.steady_now() - last_commit_ >= ports_.config.commit_interval;
}

void StreamThread::begin_commit() {
  commit_requested_ = false;
  last_commit_ = ports_.clock.steady_now();
  std::vector<StreamTask*> tasks;
  for (auto& [id, task] : tasks_) {
    // What a cache holds back belongs to the records whose offsets are committed.
    auto flushed = task->flush_caches();
    if (!flushed) return react(flushed.error());
    tasks.push_back(task.get());
  }
  committer_->begin(tasks);
  // Where the log answers at once there is nothing to come back for.
  take_commit_result();
}

void StreamThread::take_commit_result() {
  if (!committer_->in_flight()) return;
  auto result = committer_->poll();
  if (!result) {
    if (ports_.clock.steady_now() - committer_->began() > ports_.config.commit_timeout) {
      committer_->abandon();
      die(Error(ErrorCode::CommitTimedOut,
                fmt::format("a commit got no answer within {} ms", ports_.config.commit_timeout.count())),
          false);
    }
    return;
  }
  if (!*result) return settle_failed_commit(result->error());
  ++commits_;
}

void StreamThread::settle_failed_commit(const Error& error) {
  put_off_.reset();  // the record is met again
  bool written_or_not = error.code() == ErrorCode::CommitUnknown || error.disposition() == Disposition::Retry;
  if (!written_or_not) return react(error);
  // Only the log knows whether it was written: begin anew from the offsets and the changelogs that it has.
  ports_.logger.warn("thread", error.to_string());
  rejoin();
  retry_at_ = ports_.clock.steady_now() + kRetryBackoff;
}

void StreamThread::step_shutdown() {
  if (committer_->in_flight()) return;
  if (final_commit_) {
    final_commit_ = false;
    MILLRACE_CRASH_POINT("shutdown/before-commit");
    if (dirty()) {
      begin_commit();
      if (committer_->in_flight()) return;
    }
  }
  close_tasks();
  MILLRACE_CRASH_POINT("shutdown/after-close");
  enter(ThreadState::Dead);
}

void StreamThread::close_tasks() {
  if (!failure_) {
    for (auto& [id, task] : tasks_) task->close();
  }
  tasks_.clear();
  restorer_ = make_restorer();
  outbox_.clear();
  membership_->leave();
}

/// The commit in flight holds on to the tasks: what may end one of them waits for its end.
void StreamThread::react_when_committed(const Error& error) {
  if (committer_->in_flight()) put_off_ = error;
  else react(error);
}

void StreamThread::react(const Error& error) {
  switch (error.disposition()) {
    case Disposition::Retry:
      ports_.logger.warn("thread", error.to_string());
      retry_at_ = ports_.clock.steady_now() + kRetryBackoff;
      return;
    case Disposition::AbortTransaction: ports_.logger.warn("thread", error.to_string()); return abort_transaction();
    case Disposition::RestoreTask: return rebuild_task(error.where().task, error);
    case Disposition::MigrateTask: ports_.logger.warn("thread", error.to_string()); return rejoin();
    case Disposition::SkipRecord:  // settled by the task; here it was none of a record's
    case Disposition::StopThread:
    case Disposition::StopApplication: break;
  }
  // What was processed before a bad record is good, and need not be done again.
  bool record = error.code() >= ErrorCode::DeserializationFailed && error.code() < ErrorCode::StateDirectoryLocked;
  die(error, record);
}

void StreamThread::abort_transaction() {
  outbox_.clear();
  for (auto at = tasks_.begin(); at != tasks_.end();) {
    auto& [id, task] = *at;
    if (task->broken()) {
      restorer_->add(id, true);
      enter(ThreadState::Starting);
      at = tasks_.erase(at);
      continue;
    }
    if (auto aborted = task->abort(); !aborted) return die(aborted.error(), false);
    ++at;
  }
}

void StreamThread::rebuild_task(const std::string& name, const Error& why) {
  ports_.logger.error("thread", why);
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
  restorer_->add(id, true);
  enter(ThreadState::Starting);
}

void StreamThread::rejoin() {
  tasks_.clear();
  assigned_.clear();
  unanswered_revocations_.clear();
  closing_ = false;
  unsettled_ = true;
  outbox_.clear();
  for (TaskId task : restorer_->tasks()) restorer_->remove(task);
  committer_.reset();
  restorer_.reset();
  membership_ = join();
  writer_ = ports_.log.open_writer(name_, wake_up_);
  restorer_ = make_restorer();
  committer_ = std::make_unique<Committer>(environment_, *writer_, *membership_, name_, run_id_);
  enter(ThreadState::Starting);
}

void StreamThread::die(const Error& error, bool commit_first) {
  if (!failure_) {
    failure_ = error;
    ports_.logger.error("thread", error);
  }
  final_commit_ = commit_first && state_ != ThreadState::PendingShutdown;
  enter(ThreadState::PendingShutdown);
}

bool StreamThread::caught_up() const {
  if (state_ != ThreadState::Running || committer_->in_flight() || !restorer_->idle()) return false;
  return std::all_of(tasks_.begin(), tasks_.end(), [](const auto& task) { return task.second->lag() == 0; });
}

bool StreamThread::quiescent() const { return caught_up() && !dirty(); }

void StreamThread::enter(ThreadState state) {
  if (state_ == ThreadState::Dead) return;
  // A thread that ends does not come back, whatever its last commit met with.
  if (state_ == ThreadState::PendingShutdown && state != ThreadState::Dead) return;
  state_ = state;
}

KeyValueBytesStore* StreamThread::find_store(TaskId task, std::string_view name) {
  auto found = tasks_.find(task);
  return found == tasks_.end() ? nullptr : found->second->stores().find(name);
}

Timestamp StreamThread::observed_time(TaskId task, std::string_view name) const {
  auto found = tasks_.find(task);
  return found == tasks_.end() ? kNoTimestamp : found->second->observed_time(name);
}

void StreamThread::publish_status() {
  ThreadStatus status;
  status.state = state_;
  std::size_t buffered = 0;
  std::int64_t dirty_bytes = 0;
  for (const auto& [id, task] : tasks_) {
    status.running.push_back(id);
    status.lag_records += task->lag();
    buffered += task->buffered_records();
    dirty_bytes += task->dirty_bytes();
    task->report();
  }
  status.restoring = restorer_->progress();
  status.waiting_tasks = restorer_->tasks().size();
  status.processed_records = processed_;
  status.commits = commits_;
  status.failure = failure_;
  buffer_bytes_->set(dirty_bytes);
  outbox_bytes_->set(outbox_.size_bytes());
  buffered_records_->set(buffered);
  std::lock_guard lock(status_mutex_);
  status_ = std::move(status);
}

ThreadStatus StreamThread::status() const {
  std::lock_guard lock(status_mutex_);
  return status_;
}

}  // namespace millrace
