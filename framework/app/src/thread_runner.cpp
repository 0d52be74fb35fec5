#include <millrace/app/thread_runner.hpp>

#include <algorithm>
#include <utility>

#include <pthread.h>

#include "own_thread.hpp"

namespace millrace {

void ThreadRunner::Doorbell::ring() {
  std::lock_guard lock(mutex);
  rung = true;
  changed.notify_one();
}

void ThreadRunner::Doorbell::wait_until(SteadyTime deadline) {
  std::unique_lock lock(mutex);
  changed.wait_until(lock, deadline, [this] { return rung; });
}

void ThreadRunner::Doorbell::silence() {
  std::lock_guard lock(mutex);
  rung = false;
}

ThreadRunner::ThreadRunner(std::string name, int number, Hooks hooks)
    : name_(std::move(name)), number_(number), hooks_(std::move(hooks)), bell_(std::make_shared<Doorbell>()) {
  last_status_.name = name_;
}

ThreadRunner::~ThreadRunner() { join(); }

void ThreadRunner::join() {
  if (thread_.joinable()) thread_.join();
}

void ThreadRunner::prepare() {
  auto made = hooks_.make([bell = bell_] { bell->ring(); });
  std::lock_guard lock(mutex_);
  if (stop_requested_) made->request_stop();
  if (paused_) made->pause();
  stream_thread_ = std::move(made);
}

void ThreadRunner::start(std::chrono::milliseconds delay) {
  thread_ = std::thread([this, delay] { run(delay); });
}

void ThreadRunner::request_stop() {
  {
    std::lock_guard lock(mutex_);
    stop_requested_ = true;
    if (stream_thread_) stream_thread_->request_stop();
  }
  bell_->ring();
}

void ThreadRunner::request_commit() {
  {
    std::lock_guard lock(mutex_);
    if (stream_thread_) stream_thread_->request_commit();
  }
  bell_->ring();
}

void ThreadRunner::set_paused(bool paused) {
  {
    std::lock_guard lock(mutex_);
    paused_ = paused;
    if (stream_thread_ && paused) stream_thread_->pause();
    if (stream_thread_ && !paused) stream_thread_->resume();
  }
  bell_->ring();
}

ThreadStatus ThreadRunner::status() const {
  std::lock_guard lock(mutex_);
  return stream_thread_ ? stream_thread_->status() : last_status_;
}

ThreadState ThreadRunner::state() const {
  std::lock_guard lock(mutex_);
  return stream_thread_ ? stream_thread_->state() : last_status_.state;
}

void ThreadRunner::run(std::chrono::milliseconds delay) {
  // What `top -H` shows; it may have 15 characters.
  pthread_setname_np(pthread_self(), ("millrace-s" + std::to_string(number_)).c_str());
  const OwnThread own(hooks_.application);
  std::unique_ptr<StreamThread> dead;
  if (make_after(delay)) step_until_dead();
  {
    std::lock_guard lock(mutex_);
    if (stream_thread_) last_status_ = stream_thread_->status();
    last_status_.state = ThreadState::Dead;
    dead = std::move(stream_thread_);
  }
  dead.reset();  // what it has in the log and the metrics goes with it
  ended_ = true;
  hooks_.on_end();
  hooks_.on_change();
}

/// False if it was asked to stop before that.
bool ThreadRunner::make_after(std::chrono::milliseconds delay) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + delay;
  while (true) {
    bell_->silence();
    {
      std::lock_guard lock(mutex_);
      if (stream_thread_) return true;
      if (stop_requested_) return false;
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      prepare();
      return true;
    }
    bell_->wait_until(deadline);
  }
}

void ThreadRunner::step_until_dead() {
  // Bounds the sleep, so that a missed wake-up costs a second and not the application.
  constexpr std::chrono::seconds kLongestSleep{1};
  StreamThread& thread = *stream_thread_;  // nobody but this thread replaces it
  bool failure_told = false;
  while (!thread.dead()) {
    bell_->silence();
    const ThreadState before = thread.state();
    const SteadyTime next = thread.step();
    if (thread.failure() && !std::exchange(failure_told, true)) hooks_.on_failure(*thread.failure());
    const SteadyTime now = std::chrono::steady_clock::now();
    const bool rests = next > now && !thread.dead();
    if (rests || thread.state() != before) hooks_.on_change();
    if (rests) bell_->wait_until(std::min<SteadyTime>(next, now + kLongestSleep));
  }
}

}  // namespace millrace
