// Recount: the game played again on paper: one thread, plain maps, no streams. It shares no code with the topology
// but the decoding of records, so that both making the same mistake is unlikely.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "hunt_book.hpp"
#include "state.hpp"

namespace hunt {

class Recount {
 public:
  explicit Recount(HuntBookPtr book) : book_(std::move(book)) {}

  /// The commands in the order of the log. REQUIRES: well-formed; no claim was taken yet.
  void take(const Command& command);
  /// Claims in the order of the log: it decides who owns a treasure. False if this claim, or this repeat of it, should
  /// not be there.
  [[nodiscard]] bool take(const Claim& claim);
  /// Call it after all commands and claims: works out what follows from them.
  void settle();

  /// A player's command: "hunt|player", command id.
  using CommandName = std::pair<std::string, std::string>;
  struct Expected {
    Outcome outcome;           ///< of a claim that never was logged: not known, see claims_logged
    std::int64_t repeats = 0;  ///< how often the command came again
    bool claim = false;        ///< goes to the treasure
    std::int64_t claims_logged = 0;
    [[nodiscard]] std::int64_t claims_missing() const { return claim ? repeats + 1 - claims_logged : 0; }
  };
  [[nodiscard]] const std::map<CommandName, Expected>& expected() const { return expected_; }

  // What the stores and tables should hold, by their keys.
  [[nodiscard]] const std::map<std::string, Progress>& progress() const { return progress_; }
  [[nodiscard]] const std::map<std::string, Answer>& answers() const { return answers_; }
  [[nodiscard]] const std::map<std::string, Treasure>& treasures() const { return treasures_; }
  [[nodiscard]] const std::map<std::string, Score>& scores() const { return scores_; }
  [[nodiscard]] const std::map<std::string, std::int64_t>& failures() const { return failures_; }
  [[nodiscard]] std::int64_t ledger() const { return ledger_; }  ///< all points ever given

 private:
  /// The reason of the rejection; "" if the command is accepted; kClaim if it goes to the treasure.
  [[nodiscard]] std::string judge(const Command& command, const HuntDefinition* hunt) const;
  [[nodiscard]] std::int64_t treasure_points(const Claim& claim) const;
  void book_points(const Expected& expected);

  HuntBookPtr book_;
  std::map<CommandName, Expected> expected_;
  std::map<std::string, Progress> progress_;
  std::map<std::string, Answer> answers_;
  std::map<std::string, Treasure> treasures_;
  std::map<std::string, Score> scores_;
  std::map<std::string, std::int64_t> failures_;
  std::int64_t ledger_ = 0;
};

}  // namespace hunt
