// ManualClock: time that stands until it is moved.
#pragma once

#include <atomic>

#include <millrace/base/clock.hpp>

namespace millrace {

/// Thread-safe.
class ManualClock final : public Clock {
 public:
  /// Both clocks start here and stand still.
  explicit ManualClock(WallTime wall = WallTime{}) : wall_ms_(wall.time_since_epoch().count()) {}
  SteadyTime steady_now() const override { return SteadyTime(std::chrono::milliseconds(steady_ms_.load())); }
  WallTime wall_now() const override { return WallTime(milliseconds(wall_ms_.load())); }

  /// Moves both clocks.
  void advance(milliseconds by) {
    wall_ms_ += by.count();
    steady_ms_ += by.count();
  }
  /// Sets the wall clock only, as an operator might, also back.
  void set_wall(WallTime wall) { wall_ms_ = wall.time_since_epoch().count(); }

 private:
  std::atomic<std::int64_t> wall_ms_;
  std::atomic<std::int64_t> steady_ms_{0};
};

}  // namespace millrace
