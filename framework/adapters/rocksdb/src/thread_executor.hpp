// ThreadExecutor: runs posted work on a thread of its own, in the order of its posting.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <millrace/base/executor.hpp>

namespace millrace {

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor();
  /// Runs what was posted, then joins. REQUIRES: nobody but that work posts any more.
  ~ThreadExecutor() override;

  void post(std::function<void()> work) override;

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace millrace
