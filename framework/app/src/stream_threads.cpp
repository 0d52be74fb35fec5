#include <millrace/app/stream_threads.hpp>

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>

#include "own_thread.hpp"

namespace millrace {

std::chrono::milliseconds ReplacementBackoff::next(SteadyTime now) {
  const bool calm = delay_.count() == 0 || now - last_death_ >= delays_.calm;
  delay_ = calm ? delays_.first : std::min(delay_ * 2, delays_.longest);
  last_death_ = now;
  return delay_;
}

StreamThreads::StreamThreads(std::string application_id, const void* application, std::function<void()> on_change,
                             ReplacementDelays delays)
    : application_id_(std::move(application_id)),
      application_(application),
      on_change_(std::move(on_change)),
      backoff_(delays) {}

StreamThreads::~StreamThreads() {
  MILLRACE_ASSERT(!OwnThread::within(application_), "an application cannot be destroyed on one of its own threads");
  request_stop();
  std::vector<std::shared_ptr<ThreadRunner>> runners;
  {
    std::lock_guard lock(mutex_);
    for (const Entry& entry : entries_) runners.push_back(entry.runner);
    runners.insert(runners.end(), spent_.begin(), spent_.end());
  }
  for (const auto& runner : runners) runner->join();
}

void StreamThreads::start(int count, Services services) {
  services_ = std::move(services);
  std::lock_guard lock(mutex_);
  failed_threads_ = services_.metrics->counter(MetricId::FailedThreads);
  started_ = true;
  if (stopping_) return;
  for (int number = 1; number <= count; ++number) make_entry(number).runner->prepare();
  for (Entry& entry : entries_) entry.runner->start();
}

StreamThreads::Entry& StreamThreads::make_entry(int number) {
  // The hooks are called by the runner's own thread, so they find it alive.
  auto self = std::make_shared<ThreadRunner*>(nullptr);
  ThreadRunner::Hooks hooks;
  hooks.make = [this, number](WakeUp wake_up) { return services_.make(number, std::move(wake_up)); };
  hooks.on_change = on_change_;
  hooks.on_failure = [this, self](const Error& error) { on_failure(**self, error); };
  hooks.on_end = [this, self] { on_end(**self); };
  hooks.application = application_;
  auto runner = std::make_shared<ThreadRunner>(fmt::format("{}-{}", application_id_, number), number, std::move(hooks));
  *self = runner.get();
  runner->set_paused(paused_);
  return entries_.emplace_back(Entry{std::move(runner)});
}

int StreamThreads::free_number() const {
  for (int number = 1;; ++number) {
    if (std::none_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.runner->number() == number; }))
      return number;
  }
}

StreamThreads::Entries::iterator StreamThreads::find(const ThreadRunner& runner) {
  return std::find_if(entries_.begin(), entries_.end(),
                      [&](const Entry& entry) { return entry.runner.get() == &runner; });
}

Result<std::string> StreamThreads::add() {
  std::string name;
  {
    std::lock_guard lock(mutex_);
    if (!started_ || stopping_) return Error(ErrorCode::StreamsNotRunning, "no stream thread can be added");
    ThreadRunner& runner = *make_entry(free_number()).runner;
    runner.prepare();
    runner.start();
    name = runner.name();
  }
  services_.logger->info("streams", fmt::format("stream thread {} was added", name));
  return name;
}

StreamThreads::Entries::iterator StreamThreads::choose(const std::optional<std::string>& name) {
  for (auto entry = entries_.end(); entry != entries_.begin();) {
    --entry;
    if (!entry->leaving && (!name || entry->runner->name() == *name)) return entry;
  }
  return entries_.end();
}

Result<std::string> StreamThreads::remove(const std::optional<std::string>& name, std::chrono::milliseconds timeout) {
  std::shared_ptr<ThreadRunner> runner;
  {
    std::lock_guard lock(mutex_);
    if (!started_ || stopping_) return Error(ErrorCode::StreamsNotRunning, "no stream thread can be removed");
    auto chosen = choose(name);
    if (chosen == entries_.end()) {
      return Error(ErrorCode::ThreadUnknown, name ? fmt::format("no stream thread that runs is named {}", *name)
                                                  : std::string("no stream thread runs"));
    }
    chosen->leaving = true;
    runner = chosen->runner;
  }
  services_.logger->info("streams", fmt::format("stream thread {} is removed", runner->name()));
  runner->request_stop();
  if (OwnThread::within(application_)) return runner->name();
  std::unique_lock lock(mutex_);
  if (ended_.wait_for(lock, timeout, [&] { return runner->ended(); })) return runner->name();
  return Error(ErrorCode::ThreadNotEnded,
               fmt::format("stream thread {} was asked to end {} ms ago", runner->name(), timeout.count()));
}

void StreamThreads::request_stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_all();
}

void StreamThreads::stop_all() {
  std::lock_guard lock(mutex_);
  for (Entry& entry : entries_) entry.runner->request_stop();
}

void StreamThreads::request_commit() {
  std::lock_guard lock(mutex_);
  for (Entry& entry : entries_) entry.runner->request_commit();
}

void StreamThreads::set_paused(bool paused) {
  std::lock_guard lock(mutex_);
  paused_ = paused;
  for (Entry& entry : entries_) entry.runner->set_paused(paused);
}

bool StreamThreads::paused() const {
  std::lock_guard lock(mutex_);
  return paused_;
}

std::vector<ThreadStatus> StreamThreads::statuses() const {
  std::lock_guard lock(mutex_);
  std::vector<ThreadStatus> all;
  for (const Entry& entry : entries_) all.push_back(entry.runner->status());
  return all;
}

bool StreamThreads::all_ended() const {
  std::lock_guard lock(mutex_);
  return all_ended_locked();
}

bool StreamThreads::all_ended_locked() const {
  return std::all_of(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.runner->ended(); });
}

std::optional<Error> StreamThreads::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

StreamsState StreamThreads::wanted_state() const {
  std::lock_guard lock(mutex_);
  if (failure_) return all_ended_locked() ? StreamsState::Error : StreamsState::PendingError;
  if (stopping_) return all_ended_locked() ? StreamsState::NotRunning : StreamsState::PendingShutdown;
  bool any = false;
  for (const Entry& entry : entries_) {
    if (entry.leaving) continue;
    any = true;
    if (entry.runner->state() != ThreadState::Running) return StreamsState::Rebalancing;
  }
  return any ? StreamsState::Running : StreamsState::Rebalancing;
}

UncaughtExceptionResponse StreamThreads::ask_handler(const Error& error) const {
  if (!handler_) return UncaughtExceptionResponse::StopApplication;
  try {
    return handler_(error);
  } catch (const std::exception& thrown) {
    services_.logger->warn(
        "streams", fmt::format("the uncaught-exception handler threw: {}; the application stops", thrown.what()));
  } catch (...) {
    services_.logger->warn("streams", "the uncaught-exception handler threw something; the application stops");
  }
  return UncaughtExceptionResponse::StopApplication;
}

void StreamThreads::on_failure(ThreadRunner& runner, const Error& error) {
  bool stopping = false;
  {
    std::lock_guard lock(mutex_);
    failed_threads_->increment();
    stopping = stopping_;
  }
  const auto response = stopping ? UncaughtExceptionResponse::StopApplication : ask_handler(error);
  {
    std::lock_guard lock(mutex_);
    if (response == UncaughtExceptionResponse::ReplaceThread) {
      find(runner)->replace = true;
      return;
    }
    if (!failure_) failure_ = error;
    stopping_ = true;
  }
  stop_all();
  on_change_();
}

void StreamThreads::on_end(ThreadRunner& runner) {
  std::vector<std::shared_ptr<ThreadRunner>> joinable;
  std::optional<std::chrono::milliseconds> replaced_after;
  {
    std::lock_guard lock(mutex_);
    joinable.swap(spent_);
    auto entry = find(runner);
    const bool replace = entry->replace && !entry->leaving && !stopping_;
    if (replace || entry->leaving) {
      spent_.push_back(entry->runner);
      entries_.erase(entry);
    }
    if (replace) {
      replaced_after = backoff_.next(std::chrono::steady_clock::now());
      make_entry(runner.number()).runner->start(*replaced_after);
    }
  }
  ended_.notify_all();
  if (replaced_after) {
    services_.logger->warn("streams", fmt::format("stream thread {} has died; another takes its place in {} ms",
                                                  runner.name(), replaced_after->count()));
  }
  // Those have returned from here, or are about to: they are joined.
  joinable.clear();
}

}  // namespace millrace
