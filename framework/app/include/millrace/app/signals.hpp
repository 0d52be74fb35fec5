// StopSignals: SIGTERM and SIGINT as a wish to stop; the second one ends the process at once, and so does patience that
// has an end.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace millrace {

/// Make one at the beginning of main(), before any other thread: it blocks the signals for all threads made later and
/// takes them on one of its own. Also ignores SIGPIPE: a closed pipe is an error of the write.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// True after the first signal.
  [[nodiscard]] bool stop_requested() const { return signal_.load() != 0; }
  /// The signal's number, 0 if there was none.
  [[nodiscard]] int signal() const { return signal_.load(); }
  /// After a signal the process ends within `patience`, with kExitFailed, whatever its threads wait for.
  void end_within(std::chrono::milliseconds patience) { patience_ms_ = patience.count(); }
  /// From now on the first signal ends the process at once, as if it were the second: nothing is left to finish. So
  /// does one that came before.
  void end_at_once();

 private:
  void watch();
  std::atomic<int> signal_{0};
  std::atomic<bool> at_once_{false};
  std::atomic<std::int64_t> patience_ms_{-1};  // none: for ever
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace millrace
