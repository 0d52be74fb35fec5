// Latencies: how long things took, counted by the millisecond.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace hunt {

/// 80 kB, whatever is added. Ten seconds and more count as ten seconds.
class Latencies {
 public:
  /// Negative ones, from a clock that was set back, count as 0.
  void add(std::chrono::milliseconds latency);
  void clear();
  [[nodiscard]] std::int64_t count() const { return count_; }
  /// The smallest latency that at least `part` (0 to 1) of all do not exceed; 0 if there are none.
  [[nodiscard]] std::chrono::milliseconds percentile(double part) const;

 private:
  std::array<std::int64_t, 10'001> by_ms_{};
  std::int64_t count_ = 0;
};

}  // namespace hunt
