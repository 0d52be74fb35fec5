#include <millrace/runtime/stream_thread.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/crash_point.hpp>

#include "thread_logger.hpp"

namespace millrace {

namespace {
constexpr milliseconds kReportInterval{250};
// What comes after the threads have ended has to find time, too.
constexpr milliseconds kTimeToClose{500};
}  // namespace

StreamThread::StreamThread(StreamThreadPorts ports, int index, const std::string& run_id, WakeUp wake_up)
    : ports_(ports),
      index_(index),
      name_(fmt::format("{}-{}", ports.config.application_id, index)),
      run_id_(run_id),
      wake_up_(std::move(wake_up)),
      logger_(std::make_unique<ThreadLogger>(name_, ports.logger)),
      lifecycle_(name_, ports.listeners, *logger_),
      task_states_(name_, ports.listeners, *logger_),
      outbox_(ports.catalog, ports.metrics),
      cache_budget_(
          memory_shares(ports.config).of(MemoryOwner::RecordCaches) / 2 / std::max(ports.config.num_stream_threads, 1),
          &ports.clean_budget),
      memory_(memory_shares(ports.config), ports.config.num_stream_threads),
      environment_{ports.config,  ports.topology, ports.catalog, ports.clock, *logger_,
                   ports.metrics, outbox_,        cache_budget_, memory_,     ports.stores},
      reader_(ports.log.open_reader(wake_up_)),
      writer_(ports.log.open_writer(name_, wake_up_)),
      membership_(join()),
      restorer_(make_restorer()),
      committer_(std::make_unique<Committer>(environment_, *writer_, *membership_, name_, run_id)),
      purger_(ports.log.admin(), ports.clock, ports.logger, ports.config.repartition_purge_interval),
      step_duration_(ports.metrics.histogram(MetricId::StepDuration)),
      buffer_bytes_(ports.metrics.gauge(MetricId::TransactionBufferBytes)),
      outbox_bytes_(ports.metrics.gauge(MetricId::OutboxBytes)),
      buffered_records_(ports.metrics.gauge(MetricId::BufferedRecords)) {
  last_commit_ = ports_.clock.steady_now();
}

StreamThread::~StreamThread() = default;

std::unique_ptr<LogMembership> StreamThread::join() {
  auto tasks = plan_tasks(ports_.topology, ports_.config.application_id, ports_.catalog);
  return ports_.log.join_group({ports_.config.application_id, name_, std::move(tasks), wake_up_});
}

std::unique_ptr<Restorer> StreamThread::make_restorer() {
  RestorerPorts ports{ports_.log,          *writer_,        *membership_, ports_.backends, ports_.directory,
                      ports_.clean_budget, ports_.listeners};
  return std::make_unique<Restorer>(environment_, ports, wake_up_);
}

bool StreamThread::dirty() const {
  return std::any_of(tasks_.begin(), tasks_.end(), [](const auto& task) { return task.second->dirty(); });
}

bool StreamThread::ending() const {
  ThreadState state = lifecycle_.state();
  return state == ThreadState::PendingShutdown || state == ThreadState::Dead;
}

SteadyTime StreamThread::step() {
  SteadyTime now = ports_.clock.steady_now();
  if (dead()) return SteadyTime::max();
  if (retry_at_ > now) return retry_at_;
  tell_end_of_retrying(now);
  const ThreadState before = lifecycle_.state();
  if (before == ThreadState::Created) lifecycle_.enter(ThreadState::Starting);
  take_commit_result();
  Work work = take_turn();
  SteadyTime after = ports_.clock.steady_now();
  if (work == Work::Some) step_duration_->observe(after - now);
  // A busy thread must not be taken for one that is not ready.
  const bool changed = lifecycle_.state() != before;
  if (after - reported_at_ >= kReportInterval || changed || work == Work::None) {
    reported_at_ = after;
    publish_status();
  }
  return next_step(work, now);
}

StreamThread::Work StreamThread::take_turn() {
  if (committer_->in_flight()) return process_ahead();
  if (put_off_) {
    react(*std::exchange(put_off_, std::nullopt));
    return Work::Some;
  }
  if (dead()) return Work::None;
  // In answer to no event while a commit is in flight: a revoked task leaves only after its commit has ended.
  if (!ending()) take_membership_events();
  if (stop_requested_ && !ending()) {
    lifecycle_.enter(ThreadState::PendingShutdown);
    final_commit_ = true;
  }
  Work work = Work::None;
  if (ending()) step_shutdown();
  else if (!closing_) work = advance_tasks();
  settle_state();
  return work;
}

StreamThread::Work StreamThread::advance_tasks() {
  Work work = Work::None;
  if (!paused_) {
    restore();
    if (!ending()) work = process();
    if (!ending()) punctuate();
  }
  if (!ending() && commit_due()) begin_commit();
  return work;
}

SteadyTime StreamThread::next_step(Work work, SteadyTime began) const {
  if (dead()) return SteadyTime::max();
  // A commit in flight ends with a wake-up; it may have ended already.
  if (committer_->in_flight()) return work == Work::Some ? began : began + milliseconds(50);
  const bool paused = paused_;
  if (work == Work::Some || closing_ || ending() || (restorer_->busy() && !paused)) return began;
  SteadyTime next = began + milliseconds(1000);
  if (dirty()) next = std::min(next, last_commit_ + ports_.config.commit_interval);
  if (paused) return next;
  for (const auto& [id, task] : tasks_) {
    next = std::min({next, task->idle_until(), task->next_punctuation()});
  }
  return next;
}

/// Also while a commit is in flight: where one follows the other there is no other time, and a thread that does not
/// count as running neither processes ahead nor is it ready. What is revoked stays unanswered until its commit ended.
void StreamThread::settle_state() {
  if (ending()) return;
  if (!unanswered_revocations_.empty()) lifecycle_.enter(ThreadState::PartitionsRevoked);
  else if (!restorer_->idle()) lifecycle_.enter(ThreadState::PartitionsAssigned);
  else lifecycle_.enter(ThreadState::Running);
}

void StreamThread::take_membership_events() {
  for (const MembershipEvent& event : membership_->poll()) {
    unsettled_ = true;
    switch (event.kind) {
      case MembershipEvent::Kind::Assigned:
        lifecycle_.enter(ThreadState::PartitionsAssigned);
        assigned_.insert(event.tasks.begin(), event.tasks.end());
        membership_->acknowledge(event.id);
        break;
      case MembershipEvent::Kind::Revoked:
        lifecycle_.enter(ThreadState::PartitionsRevoked);
        for (TaskId task : event.tasks) assigned_.erase(task);
        unanswered_revocations_.push_back(event.id);
        break;
      case MembershipEvent::Kind::Lost:
        for (TaskId task : event.tasks) {
          assigned_.erase(task);
          close_task(task);
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
    for (const TaskAction& action : actions) {
      if (action.kind == TaskAction::Kind::Close) task_states_.suspend(action.task);
    }
    // First the commit; the actions come up again when it has ended.
    begin_commit();
    return;
  }
  for (const TaskAction& action : actions) {
    if (action.kind == TaskAction::Kind::Restore) {
      begin_restoring(action.task, false);
      continue;
    }
    if (auto task = tasks_.find(action.task); task != tasks_.end()) task->second->close();
    close_task(action.task);
  }
  if (closing || actions.empty()) {
    for (std::uint64_t event : std::exchange(unanswered_revocations_, {})) membership_->acknowledge(event);
  }
}

/// Whoever has the task next may open its state when this returns.
void StreamThread::close_task(TaskId task) {
  restorer_->remove(task);
  tasks_.erase(task);
  task_states_.close(task);
}

void StreamThread::begin_restoring(TaskId task, bool wipe) {
  task_states_.restoring(task);
  restorer_->add(task, wipe);
}

void StreamThread::restore() {
  if (restorer_->idle()) return;
  auto restored = restorer_->step();
  if (!restored) return react(restored.error());
  for (RestoredTask& ready : *restored) {
    auto task = StreamTask::create(environment_, ready.id, std::move(ready.stores), *reader_, ready.inputs);
    if (!task) {
      // This task, and those after it, are neither restoring nor running: they are looked for again.
      unsettled_ = true;
      return react(task.error());
    }
    tasks_[ready.id] = std::move(*task);
    task_states_.running(ready.id);
    end_retrying();
  }
  // User code may hang in the first record: somebody may want to know where.
  if (!restored->empty()) publish_status();
}

/// What is processed while a commit is in flight goes into the open generation and waits for the next commit. If the
/// one in flight fails, both are dropped. So the time that a commit takes costs no throughput.
StreamThread::Work StreamThread::process_ahead() {
  if (!ports_.config.process_ahead) return Work::None;
  if (state() != ThreadState::Running || stop_requested_ || closing_ || put_off_ || paused_) return Work::None;
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
  for (auto& [id, task] : tasks_) {
    auto called = task->punctuate();
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
  if (!result) return wait_for_commit();
  if (!*result) return settle_failed_commit(result->error());
  ++commits_;
  end_retrying();
  purge_repartition_topics();
}

void StreamThread::wait_for_commit() {
  const SteadyTime now = ports_.clock.steady_now();
  // While the log itself knows what it waits for, its answer is not overdue; but a stop does not wait for ever.
  if (auto obstacle = ports_.log.obstacle()) {
    last_obstacle_ = now;
    if (!stop_requested_) return;
    const milliseconds patience = ports_.config.shutdown_timeout;
    if (give_up_at_ == SteadyTime()) give_up_at_ = now + patience - std::min(kTimeToClose, patience / 10);
    if (now >= give_up_at_) {
      give_up_commit(Error(obstacle->code(), fmt::format("stopped while a commit waited: {}; what was not committed is "
                                                         "processed again at the next start",
                                                         obstacle->message())));
    }
    return;
  }
  if (now - std::max(committer_->began(), last_obstacle_) <= ports_.config.commit_timeout) return;
  give_up_commit(Error(ErrorCode::CommitTimedOut,
                       fmt::format("a commit got no answer within {} ms", ports_.config.commit_timeout.count())));
}

void StreamThread::give_up_commit(const Error& why) {
  committer_->abandon();
  die(why, false);
}

void StreamThread::purge_repartition_topics() {
  if (!purger_.due()) return;
  std::map<TopicPartition, Offset> consumed;
  for (const auto& [id, task] : tasks_) task->add_consumed(consumed);
  purger_.purge(std::move(consumed));
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
  lifecycle_.enter(ThreadState::Dead);
}

void StreamThread::close_tasks() {
  if (!failure_) {
    for (auto& [id, task] : tasks_) task->close();
  }
  tasks_.clear();
  for (TaskId task : restorer_->tasks()) restorer_->remove(task);
  task_states_.close_all();
  outbox_.clear();
  membership_->leave();
}

bool StreamThread::caught_up() const {
  if (state() != ThreadState::Running || committer_->in_flight() || !restorer_->idle()) return false;
  return std::all_of(tasks_.begin(), tasks_.end(), [](const auto& task) { return task.second->lag() == 0; });
}

bool StreamThread::quiescent() const { return caught_up() && !dirty(); }

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
  std::size_t buffered = 0;
  for (const auto& [id, task] : tasks_) {
    status.running.push_back(id);
    status.lag_records += task->lag();
    buffered += task->buffered_records();
    task->report();
  }
  status.restoring = restorer_->progress();
  status.waiting_tasks = restorer_->tasks().size();
  status.processed_records = processed_;
  status.commits = commits_;
  status.failure = failure_;
  status.retrying = retrying_;
  status.memory = {memory_.transaction_buffer_bytes, memory_.fetched.used_bytes(),
                   outbox_.size_bytes() + outbox_.frozen_bytes()};
  buffer_bytes_->set(status.memory.transaction_buffer_bytes);
  outbox_bytes_->set(status.memory.outbox_bytes);
  buffered_records_->set(buffered);
  std::lock_guard lock(status_mutex_);
  status_ = std::move(status);
}

ThreadStatus StreamThread::status() const {
  std::lock_guard lock(status_mutex_);
  ThreadStatus status = status_;
  status.name = name_;
  status.state = state();
  return status;
}

}  // namespace millrace
