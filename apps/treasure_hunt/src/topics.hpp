// Names by which the hunt's data is found: topics and stores. An upgrade keeps them.
#pragma once

namespace hunt {

inline constexpr const char* kLinesTopic = "hunt-lines";         ///< Commands without a key, as files bring them
inline constexpr const char* kCommandsTopic = "hunt-commands";   ///< "hunt|player" -> Command
inline constexpr const char* kClaimsTopic = "hunt-claims";       ///< "hunt|treasure" -> Claim
inline constexpr const char* kOutcomesTopic = "hunt-outcomes";   ///< "hunt|player" -> Outcome, one per command id
inline constexpr const char* kRepeatsTopic = "hunt-repeats";     ///< "hunt|player" -> Outcome, one per repeated command
inline constexpr const char* kLeaderboardTopic = "leaderboard";  ///< player -> Score
inline constexpr const char* kFailuresTopic = "hunt-failures";   ///< reason -> number of rejected commands

inline constexpr const char* kProgressStore = "progress";        ///< "hunt|player" -> Progress
inline constexpr const char* kAnswersStore = "answers";          ///< "hunt|player|command id" -> Answer
inline constexpr const char* kTreasuresStore = "treasures";      ///< "hunt|treasure" -> Treasure
inline constexpr const char* kLeaderboardStore = "leaderboard";  ///< player -> Score
inline constexpr const char* kFailuresStore = "failures";        ///< reason -> number

}  // namespace hunt
