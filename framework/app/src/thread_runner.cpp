#include <millrace/app/thread_runner.hpp>

#include <algorithm>
#include <utility>

#include <pthread.h>

namespace millrace {

ThreadRunner::ThreadRunner(const std::function<std::unique_ptr<StreamThread>(WakeUp)>& make,
                           std::function<void()> on_change)
    : on_change_(std::move(on_change)), stream_thread_(make([this] { wake(); })) {}

ThreadRunner::~ThreadRunner() {
  if (thread_.joinable()) thread_.join();
}

void ThreadRunner::start() {
  thread_ = std::thread([this] { run(); });
}

void ThreadRunner::request_stop() {
  stream_thread_->request_stop();
  wake();
}

void ThreadRunner::request_commit() {
  stream_thread_->request_commit();
  wake();
}

void ThreadRunner::wake() {
  std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_one();
}

void ThreadRunner::run() {
  pthread_setname_np(pthread_self(), "millrace-stream");  // what `top -H` shows
  // Bounds the sleep, so that a missed wake-up costs a second and not the application.
  constexpr std::chrono::seconds kLongestSleep{1};
  while (!stream_thread_->dead()) {
    {
      std::lock_guard lock(mutex_);
      woken_ = false;
    }
    SteadyTime next = stream_thread_->step();
    SteadyTime now = std::chrono::steady_clock::now();
    if (next <= now || stream_thread_->dead()) continue;
    on_change_();
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, std::min<SteadyTime>(next, now + kLongestSleep), [this] { return woken_; });
  }
  ended_ = true;
  on_change_();
}

}  // namespace millrace
