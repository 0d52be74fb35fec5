// Clock: the port through which all code below app/ learns the time.
#pragma once

#include <chrono>

namespace millrace {

using std::chrono::milliseconds;

/// Point on the monotonic clock; for deadlines and durations.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
/// Milliseconds since the Unix epoch; for wall-clock punctuation and default timestamps.
using WallTime = std::chrono::sys_time<milliseconds>;

/// Reads two clocks. Implementations are thread-safe. app/ has the real one, testing/ one that is set by hand.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// Never goes back.
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;
  /// May jump in both directions, when somebody sets the clock.
  [[nodiscard]] virtual WallTime wall_now() const = 0;
};

}  // namespace millrace
