// What the stores hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "outcome.hpp"

namespace hunt {

/// How far a player has come in a hunt. There is none before the player joined.
struct Progress {
  std::int32_t clues_found = 0;
  std::int64_t points = 0;  ///< for clues; those for treasures are on the leaderboard
  friend bool operator==(const Progress&, const Progress&) = default;
};

/// How a command was answered: its outcome, or the claim that it became.
struct Answer {
  std::optional<Outcome> outcome;
  std::optional<Claim> claim;
  friend bool operator==(const Answer&, const Answer&) = default;
};

/// A treasure that has an owner.
struct Treasure {
  std::string owner;
  std::string command_id;  ///< of the claim that won it
  std::int64_t points = 0;
  friend bool operator==(const Treasure&, const Treasure&) = default;
};

/// A player's line of the leaderboard, over all hunts.
struct Score {
  std::int64_t points = 0;
  std::int64_t clues = 0;
  std::int64_t treasures = 0;
  friend bool operator==(const Score&, const Score&) = default;
};

}  // namespace hunt

MILLRACE_DESCRIBE(hunt::Progress, clues_found, points)
MILLRACE_DESCRIBE(hunt::Answer, outcome, claim)
MILLRACE_DESCRIBE(hunt::Treasure, owner, command_id, points)
MILLRACE_DESCRIBE(hunt::Score, points, clues, treasures)
