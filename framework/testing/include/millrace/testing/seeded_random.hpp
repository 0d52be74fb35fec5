// SeededRandom: the luck of a simulation. The same seed gives the same draws, with every compiler and library.
#pragma once

#include <cstddef>
#include <cstdint>

#include <millrace/base/assert.hpp>

namespace millrace {

/// SplitMix64. std::mt19937 would do as well, but the distributions of the standard library differ between libraries.
/// Not for secrets. Thread: one owner.
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}  ///< The same seed draws the same numbers.

  /// All 64 bits are drawn.
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  /// In [0, count). REQUIRES: count > 0.
  std::size_t below(std::size_t count) {
    MILLRACE_ASSERT(count > 0, "there is nothing to draw from");
    return static_cast<std::size_t>(next() % count);
  }
  /// In [least, most]. REQUIRES: least <= most.
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(below(static_cast<std::size_t>(most - least) + 1));
  }
  /// True `in_a_thousand` times in a thousand. Draws nothing for 0, so that a fault that is switched off leaves the
  /// other draws as they are.
  bool chance(int in_a_thousand) { return in_a_thousand > 0 && below(1000) < static_cast<std::size_t>(in_a_thousand); }

 private:
  std::uint64_t state_;
};

}  // namespace millrace
