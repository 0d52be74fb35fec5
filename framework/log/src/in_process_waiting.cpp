// What InProcessLog does while its storage has no room: commits wait, in their order.
#include <millrace/log/in_process_log.hpp>

namespace millrace {

Result<void> InProcessLog::write_locked(const StorageWrite& write) {
  if (failed_) return *failed_;
  if (auto waits_for = obstacle()) return *waits_for;
  auto written = storage_.write(write);
  if (written) return written;
  if (written.error().code() == ErrorCode::LogFull) {
    std::lock_guard lock(obstacle_mutex_);
    obstacle_ = written.error();
  } else {
    failed_ = written.error();
  }
  return written;
}

std::optional<Error> InProcessLog::obstacle() const {
  std::lock_guard lock(obstacle_mutex_);
  return obstacle_;
}

void InProcessLog::do_or_wait(Job job) {
  {
    std::lock_guard lock(mutex_);
    if (!waiting_.empty()) return waiting_.push_back(std::move(job));
  }
  if (job()) return;
  std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(job));
}

bool InProcessLog::go_on() {
  {
    std::lock_guard lock(mutex_);
    auto resumed = storage_.resume();
    const bool still_full = !resumed && resumed.error().code() == ErrorCode::LogFull;
    // What waits is told of any other end.
    if (!resumed && !still_full) failed_ = resumed.error();
    std::lock_guard obstacle_lock(obstacle_mutex_);
    obstacle_.reset();
    if (still_full) obstacle_ = resumed.error();  // with what is free now
    if (still_full) return false;
  }
  while (true) {
    Job job;
    {
      std::lock_guard lock(mutex_);
      if (waiting_.empty()) return true;
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (job()) continue;
    std::lock_guard lock(mutex_);
    waiting_.push_front(std::move(job));
    return false;
  }
}

}  // namespace millrace
