// ThreadExecutor: runs posted work on a thread of its own, in the order of its posting, and chores in between.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <millrace/base/clock.hpp>
#include <millrace/base/executor.hpp>

namespace millrace {

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor();
  /// Runs what was posted, then joins. REQUIRES: nobody but that work posts any more.
  ~ThreadExecutor() override;

  void post(std::function<void()> work) override;
  /// From now on `chore` is called on the thread, at the time that its last call asked for, or after a piece of work if
  /// `has_reason` says so then: once between two pieces of work, so that neither holds up the other. Once only.
  void set_chore(std::function<SteadyTime()> chore, std::function<bool()> has_reason);

 private:
  void run();
  /// REQUIRES: `lock` held; it is, too, afterwards.
  void run_work(std::unique_lock<std::mutex>& lock);
  void run_chore(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::function<SteadyTime()> chore_;
  std::function<bool()> has_reason_;
  SteadyTime chore_due_ = SteadyTime::max();
  std::thread thread_;  // last: it uses the rest
};

}  // namespace millrace
