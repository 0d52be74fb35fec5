#include "recount.hpp"

namespace hunt {

namespace {

constexpr const char* kClaim = "-> claim";

/// The command found `points` worth of clue.
bool scored(const Command& command, const std::string& verdict) {
  return verdict.empty() && command.kind == CommandKind::Scan;
}

}  // namespace

std::string Recount::judge(const Command& command, const HuntDefinition* hunt) const {
  if (hunt == nullptr) return "unknown_hunt";
  auto player = progress_.find(command.hunt + "|" + command.player);
  const bool joined = player != progress_.end();
  const std::size_t done = joined ? static_cast<std::size_t>(player->second.clues_found) : 0;
  switch (command.kind) {
    case CommandKind::Join: return joined ? "already_joined" : "";
    case CommandKind::Scan:
      if (!joined) return "not_joined";
      if (done == hunt->clues.size()) return "after_finish";
      if (static_cast<std::size_t>(*command.clue) != done + 1) return "out_of_order";
      return hunt->clues[done].code == *command.code ? "" : "wrong_code";
    case CommandKind::Claim: {
      if (!joined) return "not_joined";
      bool known = false;
      for (const TreasureDefinition& treasure : hunt->treasures) known |= treasure.name == *command.treasure;
      if (!known) return "unknown_treasure";
      return done == hunt->clues.size() ? kClaim : "clues_missing";
    }
  }
  return "";
}

void Recount::take(const Command& command) {
  const std::string key = command.hunt + "|" + command.player;
  auto [entry, fresh] = expected_.try_emplace({key, command.command_id});
  Expected& expected = entry->second;
  if (!fresh) {
    ++expected.repeats;
    return;
  }
  const HuntDefinition* hunt = book_->find(command.hunt);
  const std::string verdict = judge(command, hunt);
  Outcome& outcome = expected.outcome;
  outcome = {command.command_id, command.player, command.hunt, command.kind, verdict.empty()};
  expected.claim = verdict == kClaim;
  if (!verdict.empty() && !expected.claim) outcome.reason = verdict;
  if (outcome.accepted) {
    Progress& progress = progress_[key];  // joining makes the entry
    if (scored(command, verdict)) {
      outcome.points = hunt->clues[static_cast<std::size_t>(progress.clues_found)].points;
      progress.clues_found += 1;
      progress.points += outcome.points;
    }
  }
  Answer& answer = answers_[key + "|" + command.command_id];
  if (expected.claim) answer.claim = {command.command_id, command.player, command.hunt, *command.treasure, false};
  else answer.outcome = outcome;
}

std::int64_t Recount::treasure_points(const Claim& claim) const {
  const HuntDefinition* hunt = book_->find(claim.hunt);
  if (hunt == nullptr) return 0;
  for (const TreasureDefinition& treasure : hunt->treasures) {
    if (treasure.name == claim.treasure) return treasure.points;
  }
  return 0;
}

bool Recount::take(const Claim& claim) {
  const std::string key = claim.hunt + "|" + claim.player;
  auto entry = expected_.find({key, claim.command_id});
  if (entry == expected_.end() || !entry->second.claim) return false;
  Expected& expected = entry->second;
  Claim made = *answers_[key + "|" + claim.command_id].claim;
  made.repeat = expected.claims_logged > 0;
  if (made != claim || expected.claims_missing() == 0) return false;
  if (expected.claims_logged++ > 0) return true;
  // Nobody before had it: it is theirs.
  const Treasure wins{claim.player, claim.command_id, treasure_points(claim)};
  auto [treasure, first] = treasures_.try_emplace(claim.hunt + "|" + claim.treasure, wins);
  Outcome& outcome = expected.outcome;
  outcome.treasure = claim.treasure;
  outcome.accepted = first;
  if (first) outcome.points = treasure->second.points;
  else outcome.reason = "treasure_taken";
  return true;
}

void Recount::book_points(const Expected& expected) {
  const Outcome& outcome = expected.outcome;
  if (!outcome.accepted) {
    ++failures_[*outcome.reason];
    return;
  }
  Score& score = scores_[outcome.player];
  score.points += outcome.points;
  score.clues += outcome.kind == CommandKind::Scan ? 1 : 0;
  score.treasures += outcome.kind == CommandKind::Claim ? 1 : 0;
  ledger_ += outcome.points;
}

void Recount::settle() {
  for (const auto& [name, expected] : expected_) {
    if (!expected.claim || expected.claims_logged > 0) book_points(expected);
  }
}

}  // namespace hunt
