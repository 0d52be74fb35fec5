// "did you mean": the nearest of some known words.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Least number of insertions, deletions, replacements and swaps of neighbours that make `a` into `b`, counted up to
/// `limit`; limit + 1 when it takes more. Linear in the lengths for a small limit.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

/// The candidate a person most likely meant by `word`: the same letters in another spelling (commitIntervalMs for
/// commit.interval.ms), else the nearest within a quarter of the word's length, at least 2 edits. The first of equals.
/// None for words over 300 bytes.
[[nodiscard]] std::optional<std::string> did_you_mean(std::string_view word,
                                                      const std::vector<std::string>& candidates);

}  // namespace millrace
