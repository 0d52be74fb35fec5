#include "hunt_book.hpp"

#include <array>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>

#include "seeded_random.hpp"

namespace hunt {

namespace {

constexpr std::array<const char*, 8> kTreasures = {"crown",  "sceptre", "chalice", "ring",
                                                   "mirror", "compass", "map",     "key"};
constexpr std::int64_t kCluePoints = 10;
constexpr std::int64_t kTreasurePoints = 50;

/// "K4M-7QX": short enough to type, with no letters that look like digits.
std::string make_code(std::uint64_t hunt, std::uint64_t clue) {
  constexpr std::string_view kLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  SeededRandom random(hunt * 1'000'003 + clue);
  std::string code;
  for (int i = 0; i < 6; ++i) {
    if (i == 3) code += '-';
    code += kLetters[random.below(kLetters.size())];
  }
  return code;
}

std::string treasure_name(std::size_t index) {
  std::string name = kTreasures[index % kTreasures.size()];
  return index < kTreasures.size() ? name : fmt::format("{}-{}", name, index / kTreasures.size() + 1);
}

HuntDefinition make_hunt(int number, const HuntBookSize& size) {
  HuntDefinition hunt{fmt::format("hunt-{}", number), {}, {}};
  for (int clue = 1; clue <= size.clues; ++clue) {
    hunt.clues.push_back(
        {make_code(static_cast<std::uint64_t>(number), static_cast<std::uint64_t>(clue)), kCluePoints * clue});
  }
  for (int treasure = 0; treasure < size.treasures; ++treasure) {
    // The first is the one that everybody wants.
    hunt.treasures.push_back(
        {treasure_name(static_cast<std::size_t>(treasure)), kTreasurePoints * (treasure == 0 ? 4 : 1)});
  }
  return hunt;
}

}  // namespace

HuntBook::HuntBook(std::vector<HuntDefinition> hunts) : hunts_(std::move(hunts)) {
  for (std::size_t i = 0; i < hunts_.size(); ++i) {
    bool fresh = by_name_.emplace(hunts_[i].name, i).second;
    MILLRACE_ASSERT(fresh, "names of hunts differ");
  }
}

const HuntDefinition* HuntBook::find(const std::string& name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &hunts_[found->second];
}

HuntBookPtr make_hunt_book(const HuntBookSize& size) {
  std::vector<HuntDefinition> hunts;
  for (int number = 1; number <= size.hunts; ++number) hunts.push_back(make_hunt(number, size));
  return std::make_shared<const HuntBook>(std::move(hunts));
}

}  // namespace hunt
