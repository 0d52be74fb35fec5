// The audit: recomputes the whole game from the input log and compares it with everything that the run has written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evidence.hpp"
#include "hunt_book.hpp"

namespace hunt {

struct AuditReport {
  std::int64_t commands = 0;             ///< well-formed records of hunt-commands, repeats included
  std::int64_t unreadable = 0;           ///< other records of hunt-commands: they have no outcome
  std::int64_t outcomes = 0;             ///< records of hunt-outcomes
  std::int64_t players = 0;              ///< on the leaderboard, recounted
  std::int64_t ledger = 0;               ///< points of all players, recounted
  std::vector<std::string> differences;  ///< one line each, naming place, key, found and recounted values

  [[nodiscard]] bool ok() const { return differences.empty(); }
  /// "audit: ok 10012 commands, 9830 outcomes, 500 players, ledger 48210", or "audit: FAILED, 3 differences in ...".
  [[nodiscard]] std::string last_line() const;
};

/// Reads the evidence of a run that was drained and has stopped. Takes memory for every command id.
/// Errors: those of reading the evidence.
[[nodiscard]] millrace::Result<AuditReport> audit(Evidence& evidence, const HuntBookPtr& book);

}  // namespace hunt
