// A hunt of two clues and two treasures, and commands for it.
#pragma once

#include <string>

#include "command.hpp"
#include "hunt_book.hpp"

namespace hunt {

inline HuntBookPtr small_book() {
  return std::make_shared<const HuntBook>(std::vector<HuntDefinition>{
      {"park", {{"OAK", 10}, {"ELM", 20}}, {{"crown", 100}, {"ring", 50}}},
      {"zoo", {{"APE", 5}}, {{"egg", 7}}},
  });
}

inline Command join(const std::string& player, const std::string& id, const std::string& hunt = "park") {
  return {CommandKind::Join, player, hunt, id};
}
inline Command scan(const std::string& player, const std::string& id, int clue, const std::string& code,
                    const std::string& hunt = "park") {
  return {CommandKind::Scan, player, hunt, id, clue, code};
}
inline Command claim(const std::string& player, const std::string& id, const std::string& treasure,
                     const std::string& hunt = "park") {
  return {CommandKind::Claim, player, hunt, id, {}, {}, treasure};
}

}  // namespace hunt
