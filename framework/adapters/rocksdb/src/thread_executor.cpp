#include "thread_executor.hpp"

#include <pthread.h>

namespace millrace {

ThreadExecutor::ThreadExecutor() : thread_([this] { run(); }) {}

ThreadExecutor::~ThreadExecutor() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void ThreadExecutor::post(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void ThreadExecutor::set_chore(std::function<SteadyTime()> chore, std::function<bool()> has_reason) {
  {
    std::lock_guard lock(mutex_);
    chore_ = std::move(chore);
    has_reason_ = std::move(has_reason);
    chore_due_ = std::chrono::steady_clock::now();
  }
  changed_.notify_one();
}

void ThreadExecutor::run() {
  pthread_setname_np(pthread_self(), "millrace-log");  // what `top -H` shows
  std::unique_lock lock(mutex_);
  while (true) {
    auto something = [this] { return stopping_ || !queue_.empty(); };
    auto nothing_due = [this] { return chore_due_ == SteadyTime::max(); };
    if (nothing_due()) changed_.wait(lock, [&] { return something() || !nothing_due(); });
    else changed_.wait_until(lock, chore_due_, something);
    if (!queue_.empty()) run_work(lock);
    else if (stopping_) return;
    if (!chore_ || stopping_) continue;
    if (std::chrono::steady_clock::now() >= chore_due_ || has_reason_()) run_chore(lock);
  }
}

void ThreadExecutor::run_work(std::unique_lock<std::mutex>& lock) {
  auto work = std::move(queue_.front());
  queue_.pop_front();
  lock.unlock();
  work();
  // What it held is freed before the lock is taken again.
  work = nullptr;
  lock.lock();
}

void ThreadExecutor::run_chore(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  SteadyTime due = chore_();
  lock.lock();
  chore_due_ = due;
}

}  // namespace millrace
