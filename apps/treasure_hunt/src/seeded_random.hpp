// SeededRandom: the same numbers for the same seed on every machine, which the distributions of <random> do not
// promise.
#pragma once

#include <cmath>
#include <cstdint>

namespace hunt {

/// SplitMix64. Small enough for one per player.
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  /// 0 <= result < bound. REQUIRES: bound > 0, and small against 2^64 (its bias is of no account here).
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  /// 0 <= result < 1.
  double uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  bool chance(double probability) { return uniform() < probability; }
  /// Gaps of a Poisson process with one event per `mean`.
  double exponential(double mean) { return -mean * std::log1p(-uniform()); }

 private:
  std::uint64_t state_;
};

}  // namespace hunt
