// What the random tests of stores share: walks that stay open while the store changes, and a play for each seed.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "random_source.hpp"
#include "state_under_test.hpp"

namespace millrace::state_conformance {

/// Some open walks. Each has to show what was there when it began.
class OpenWalks {
 public:
  [[nodiscard]] bool empty() const { return walks_.empty(); }
  void begin(std::unique_ptr<KeyValueIterator> iterator, Entries expected) {
    if (walks_.size() == kMost) walks_.erase(walks_.begin());
    walks_.push_back({std::move(iterator), std::move(expected)});
  }
  /// Some steps of one of them; one that has ended is gone. Fails the test where a walk shows something else.
  void go_on(RandomSource& random) {
    if (walks_.empty()) return;
    auto walk = walks_.begin() + static_cast<std::ptrdiff_t>(random.below(walks_.size()));
    for (std::size_t n = 1 + random.below(4); n > 0; --n, ++walk->at) {
      ASSERT_TRUE(walk->iterator->status());
      ASSERT_EQ(walk->iterator->valid(), walk->at < walk->expected.size());
      if (!walk->iterator->valid()) {
        walks_.erase(walk);
        return;
      }
      ASSERT_TRUE(walk->iterator->key() == walk->expected[walk->at].first);
      ASSERT_TRUE(walk->iterator->value() == walk->expected[walk->at].second);
      walk->iterator->next();
    }
  }
  void finish(RandomSource& random) {
    while (!walks_.empty()) go_on(random);
  }
  void clear() { walks_.clear(); }

 private:
  static constexpr std::size_t kMost = 4;
  struct Walk {
    std::unique_ptr<KeyValueIterator> iterator;
    Entries expected;
    std::size_t at = 0;
  };
  std::vector<Walk> walks_;
};

/// Plays Play(kind, seed) for each seed: `steps` calls of step(), then finish(). Ends with the first failure.
template <class Play, class Kind>
void play_seeds(const Kind& kind, std::uint64_t count, int steps) {
  for (std::uint64_t seed : seeds(count)) {
    SCOPED_TRACE(seed_note(seed));
    Play play(kind, seed);
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      play.step();
    }
    if (!::testing::Test::HasFailure()) play.finish();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace millrace::state_conformance
