// Doorbell: lets one thread wait until something may have come, or a moment is reached.
#pragma once

#include <condition_variable>
#include <mutex>

#include <millrace/base/clock.hpp>

namespace hunt {

class Doorbell {
 public:
  /// From any thread. Rings heard by nobody are kept as one.
  void ring() {
    std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_one();
  }
  /// Returns at the next ring, or at `deadline`.
  void wait_until(millrace::SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

}  // namespace hunt
