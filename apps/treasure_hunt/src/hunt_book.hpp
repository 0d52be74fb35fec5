// HuntBook: the hunts that can be played: their clues and treasures.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hunt {

struct ClueDefinition {
  std::string code;  ///< what a player who stands there reads
  std::int64_t points = 0;
};

struct TreasureDefinition {
  std::string name;
  std::int64_t points = 0;
};

/// Clues are found in this order; then treasures may be claimed in any.
struct HuntDefinition {
  std::string name;
  std::vector<ClueDefinition> clues;
  std::vector<TreasureDefinition> treasures;
};

/// How many hunts to make, and how large.
struct HuntBookSize {
  int hunts = 12;
  int clues = 5;       ///< per hunt
  int treasures = 20;  ///< per hunt
};

/// Immutable after its making, so tasks and threads share one.
class HuntBook {
 public:
  /// Keeps the order. REQUIRES: names differ.
  explicit HuntBook(std::vector<HuntDefinition> hunts);

  [[nodiscard]] const std::vector<HuntDefinition>& hunts() const { return hunts_; }
  /// nullptr if there is none of that name.
  [[nodiscard]] const HuntDefinition* find(const std::string& name) const;

 private:
  std::vector<HuntDefinition> hunts_;
  std::map<std::string, std::size_t> by_name_;
};

using HuntBookPtr = std::shared_ptr<const HuntBook>;

/// Hunts "hunt-1", "hunt-2", ... A pure function of the size, and a larger book begins with the hunts of a smaller one:
/// players' progress keeps its meaning when hunts are added.
[[nodiscard]] HuntBookPtr make_hunt_book(const HuntBookSize& size);

}  // namespace hunt
