#include <millrace/config/did_you_mean.hpp>

#include <algorithm>
#include <array>

namespace millrace {

namespace {

constexpr std::size_t kMaxWordBytes = 300;

/// Letters and digits only, lower-cased: what is left when spelling conventions are taken away.
std::string bare(std::string_view word) {
  std::string text;
  for (char c : word) {
    if (c >= 'A' && c <= 'Z') text += static_cast<char>(c - 'A' + 'a');
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) text += c;
  }
  return text;
}

}  // namespace

// Restricted Damerau-Levenshtein over three rows: the current one and the two before it.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  std::size_t length_difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (length_difference > limit) return limit + 1;
  std::array<std::vector<std::size_t>, 3> rows;
  for (auto& row : rows) row.resize(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
    if (*std::min_element(row.begin(), row.end()) > limit) return limit + 1;
  }
  return std::min(rows[a.size() % 3][b.size()], limit + 1);
}

std::optional<std::string> did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > kMaxWordBytes) return std::nullopt;
  std::string bare_word = bare(word);
  for (const std::string& candidate : candidates) {
    if (!bare_word.empty() && bare(candidate) == bare_word) return candidate;
  }
  std::size_t limit = std::max<std::size_t>(2, word.size() / 4);
  const std::string* nearest = nullptr;
  for (const std::string& candidate : candidates) {
    // A word of which nothing is left is not a slip of the fingers.
    if (std::max(word.size(), candidate.size()) <= limit) continue;
    std::size_t distance = edit_distance(word, candidate, limit);
    if (distance > limit) continue;
    nearest = &candidate;
    if (distance == 0) break;
    limit = distance - 1;
  }
  return nearest ? std::optional(*nearest) : std::nullopt;
}

}  // namespace millrace
