#include "player_desk.hpp"

#include <algorithm>
#include <stdexcept>

#include "topics.hpp"

namespace hunt {

namespace {

Outcome outcome_of(const Command& command) {
  return {.command_id = command.command_id, .player = command.player, .hunt = command.hunt, .kind = command.kind};
}

Decision reject(const Command& command, const char* why) {
  Outcome outcome = outcome_of(command);
  outcome.reason = why;
  return {.ruling = {.outcome = std::move(outcome)}};
}

Decision accept(const Command& command, Progress progress, std::int64_t points) {
  Outcome outcome = outcome_of(command);
  outcome.accepted = true;
  outcome.points = points;
  return {.ruling = {.outcome = std::move(outcome)}, .progress = progress};
}

Decision decide_scan(const HuntDefinition& hunt, const Command& command, Progress progress) {
  auto found = static_cast<std::size_t>(progress.clues_found);
  if (found >= hunt.clues.size()) return reject(command, reason::kAfterFinish);
  if (*command.clue != progress.clues_found + 1) return reject(command, reason::kOutOfOrder);
  const ClueDefinition& clue = hunt.clues[found];
  if (*command.code != clue.code) return reject(command, reason::kWrongCode);
  return accept(command, {progress.clues_found + 1, progress.points + clue.points}, clue.points);
}

Decision decide_claim(const HuntDefinition& hunt, const Command& command, const Progress& progress) {
  auto named = [&](const TreasureDefinition& treasure) { return treasure.name == *command.treasure; };
  if (std::none_of(hunt.treasures.begin(), hunt.treasures.end(), named))
    return reject(command, reason::kUnknownTreasure);
  if (static_cast<std::size_t>(progress.clues_found) < hunt.clues.size()) return reject(command, reason::kCluesMissing);
  return {.ruling = {.claim = Claim{command.command_id, command.player, command.hunt, *command.treasure}}};
}

/// The answer to a command that came before.
Ruling repeated(Answer answer) {
  if (answer.claim) answer.claim->repeat = true;
  return {.outcome = std::move(answer.outcome), .claim = std::move(answer.claim), .repeat = true};
}

}  // namespace

Decision decide(const HuntBook& book, const Command& command, const std::optional<Progress>& progress) {
  const HuntDefinition* hunt = book.find(command.hunt);
  if (hunt == nullptr) return reject(command, reason::kUnknownHunt);
  if (command.kind == CommandKind::Join)
    return progress ? reject(command, reason::kAlreadyJoined) : accept(command, {}, 0);
  if (!progress) return reject(command, reason::kNotJoined);
  return command.kind == CommandKind::Scan ? decide_scan(*hunt, command, *progress)
                                           : decide_claim(*hunt, command, *progress);
}

void PlayerDesk::init(Context& context) {
  progress_ = context.state_store<std::string, Progress>(kProgressStore);
  answers_ = context.state_store<std::string, Answer>(kAnswersStore);
}

void PlayerDesk::process(const millrace::Record<std::string, Command>& record) {
  if (!record.key || !record.value) throw std::invalid_argument("a command needs a key and a value");
  const Command& command = *record.value;
  if (auto why = malformed(command)) throw std::invalid_argument("malformed command: " + *why);
  const std::string& key = *record.key;
  if (key != player_key(command.hunt, command.player)) {
    throw std::invalid_argument("the command is of player " + command.player + " in " + command.hunt +
                                ", but stands under the key " + key);
  }
  std::string answer_key = key + kKeySeparator + command.command_id;
  if (auto answer = answers_.get(answer_key))
    return context().forward(record.with_value<Ruling>(repeated(std::move(*answer))));

  Decision decision = decide(*book_, command, progress_.get(key));
  if (decision.progress) progress_.put(key, *decision.progress);
  answers_.put(answer_key, {decision.ruling.outcome, decision.ruling.claim});
  context().forward(record.with_value<Ruling>(std::move(decision.ruling)));
}

}  // namespace hunt
