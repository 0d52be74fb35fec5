// Outcome: what became of a command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "command.hpp"

namespace hunt {

/// Why a command was rejected, as outcomes spell it.
namespace reason {
inline constexpr const char* kUnknownHunt = "unknown_hunt";
inline constexpr const char* kAlreadyJoined = "already_joined";
inline constexpr const char* kNotJoined = "not_joined";
inline constexpr const char* kOutOfOrder = "out_of_order";
inline constexpr const char* kWrongCode = "wrong_code";
inline constexpr const char* kAfterFinish = "after_finish";    ///< a scan when every clue has been found
inline constexpr const char* kCluesMissing = "clues_missing";  ///< a claim before every clue has been found
inline constexpr const char* kUnknownTreasure = "unknown_treasure";
inline constexpr const char* kTreasureTaken = "treasure_taken";
}  // namespace reason

/// There is exactly one per command id of a player in a hunt; later commands under the same id are answered by a copy.
struct Outcome {
  std::string command_id;
  std::string player;
  std::string hunt;
  CommandKind kind = CommandKind::Join;
  bool accepted = false;
  std::optional<std::string> reason;  ///< of a rejection, one of the above
  std::int64_t points = 0;
  std::optional<std::string> treasure;  ///< of an accepted or taken claim
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// A claim of a player who has found every clue, on its way to the treasure.
struct Claim {
  std::string command_id;
  std::string player;
  std::string hunt;
  std::string treasure;
  bool repeat = false;  ///< the command came again: answer it again
  friend bool operator==(const Claim&, const Claim&) = default;
};

/// What a processor decided about a command: an outcome, or a claim to be decided elsewhere.
struct Ruling {
  std::optional<Outcome> outcome;
  std::optional<Claim> claim;
  bool repeat = false;  ///< the outcome was given before
};

}  // namespace hunt

MILLRACE_DESCRIBE(hunt::Outcome, command_id, player, hunt, kind, accepted, reason, points, treasure)
MILLRACE_DESCRIBE(hunt::Claim, command_id, player, hunt, treasure, repeat)
