// ThreadRunner: an operating-system thread that steps a StreamThread and sleeps between its steps.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include <millrace/runtime/stream_thread.hpp>

namespace millrace {

class ThreadRunner {
 public:
  /// Makes the stream thread with the wake-up it is given. `on_change` is called from the thread after its steps that
  /// may interest others: at its begin, now and then, and at its end.
  ThreadRunner(const std::function<std::unique_ptr<StreamThread>(WakeUp)>& make, std::function<void()> on_change);
  /// Joins. REQUIRES: the stream thread was asked to stop, or died.
  ~ThreadRunner();
  ThreadRunner(const ThreadRunner&) = delete;
  ThreadRunner& operator=(const ThreadRunner&) = delete;

  void start();
  void request_stop();
  void request_commit();
  [[nodiscard]] ThreadStatus status() const { return stream_thread_->status(); }
  /// True once the thread has taken its last step.
  [[nodiscard]] bool ended() const { return ended_.load(); }

 private:
  void run();
  void wake();

  std::function<void()> on_change_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  std::atomic<bool> ended_{false};
  std::unique_ptr<StreamThread> stream_thread_;  // after what its wake-up uses: it may be called while it is made
  std::thread thread_;
};

}  // namespace millrace
