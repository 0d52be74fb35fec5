// Windowed joins of two streams against a model, with random inputs and restarts.
#include <algorithm>

#include <gtest/gtest.h>

#include "joined_streams.hpp"

namespace millrace {
namespace {

using namespace join_test;

/// What a join of two streams has to give, said as simply as possible: each pair once, each record that met none alone.
std::vector<std::string> reference(Kind kind, std::int64_t before, std::int64_t after,
                                   const std::vector<std::pair<bool, Record<Text, Text>>>& inputs) {
  std::vector<std::string> results;
  auto result = [&](const Text& key, const MaybeText& l, const MaybeText& r, std::int64_t time) {
    results.push_back(key + "=" + either(l, r) + "@" + std::to_string(time));
  };
  for (const auto& [is_left, record] : inputs) {
    bool met = false;
    for (const auto& [other_left, other] : inputs) {
      if (is_left == other_left || record.key != other.key) continue;
      const std::int64_t later = (is_left ? 1 : -1) * (ms(other.timestamp) - ms(record.timestamp));
      if (later < -before || later > after) continue;
      met = true;
      if (is_left) result(*record.key, record.value, other.value, std::max(ms(record.timestamp), ms(other.timestamp)));
    }
    if (met || kind == Kind::Inner || (kind == Kind::Left && !is_left)) continue;
    result(*record.key, is_left ? record.value : MaybeText(), is_left ? MaybeText() : record.value,
           ms(record.timestamp));
  }
  return results;
}

// No record is too late here: order does not matter, and a simple model tells the results.
TEST(StreamJoins, EqualAModelOverRandomInputsWithRestarts) {
  for (std::uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::uint32_t state = seed * 2654435761U;
    auto below = [&](std::uint32_t count) {
      state = state * 1664525U + 1013904223U;
      return (state >> 8) % count;
    };
    const Kind kind = static_cast<Kind>(seed % 3);
    const std::int64_t before = below(30);
    const std::int64_t after = below(30);
    // Late by up to 20, and more than that is the grace.
    JoinedStreams joined(kind, within(0, 25).before(milliseconds(before)).after(milliseconds(after)),
                         {.name = "joined", .persistent = seed % 2 == 0});
    std::vector<std::pair<bool, Record<Text, Text>>> inputs;
    std::int64_t now = 100;
    for (int i = 0; i < 250; ++i) {
      now += below(6);
      const bool is_left = below(2) == 0;
      Record<Text, Text> record = text("k" + std::to_string(below(5)), (is_left ? "L" : "R") + std::to_string(i),
                                       now - static_cast<std::int64_t>(below(21)));
      // One that comes after its window ended is a result at once, but may be met later: not what this model says.
      if (ms(record.timestamp) + std::min(before, after) < now) record.timestamp = at(now);
      (is_left ? joined.left_in : joined.right_in).pipe_input(record);
      inputs.emplace_back(is_left, record);
      if (below(60) == 0) joined.driver.restart();
    }
    auto found = joined.out();
    auto expected = reference(kind, before, after, inputs);
    // The last record, which closes all windows.
    joined.left("end", "end", now + 1000);
    for (const auto& line : joined.out()) found.push_back(line);
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(found, expected);
  }
}

}  // namespace
}  // namespace millrace
