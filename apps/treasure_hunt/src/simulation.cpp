#include "simulation.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace hunt {

namespace {

// How people err, as parts of what they do.
constexpr double kSentTwice = 0.02;
constexpr double kWrongCode = 0.15;
constexpr double kOutOfOrder = 0.05;
constexpr double kBeforeJoining = 0.03;
constexpr double kJoinsAgain = 0.02;
constexpr double kClaimsEarly = 0.03;
constexpr double kScansAfterFinish = 0.10;
constexpr double kUnknownTreasure = 0.02;
constexpr std::size_t kMaxClaims = 3;  // per player and hunt

}  // namespace

SimulatedPlayer::SimulatedPlayer(const HuntBook& book, const SimulationOptions& options, int seat)
    : book_(&book),
      random_(SeededRandom(options.seed).next() ^ SeededRandom(static_cast<std::uint64_t>(seat) + 1).next()),
      mean_gap_us_(1e6 * options.players / options.rate),
      prefix_(options.prefix),
      seat_(seat),
      first_hunt_(random_.below(book.hunts().size())) {
  begin_hunt();
  // Players come in over the first gap, not all at once.
  due_ = std::chrono::microseconds(static_cast<std::int64_t>(random_.uniform() * mean_gap_us_));
}

const HuntDefinition& SimulatedPlayer::hunt() const {
  return book_->hunts()[(first_hunt_ + hunts_played_) % book_->hunts().size()];
}

void SimulatedPlayer::begin_hunt() {
  joined_ = false;
  found_ = 0;
  claims_left_ = 1 + random_.below(kMaxClaims);
}

void SimulatedPlayer::next_hunt() {
  if (++hunts_played_ == book_->hunts().size()) {
    hunts_played_ = 0;
    ++generation_;
    first_hunt_ = random_.below(book_->hunts().size());
  }
  begin_hunt();
}

Command SimulatedPlayer::take() {
  bool again = commands_ > 0 && random_.chance(kSentTwice);
  if (!again) last_ = choose();
  due_ += std::chrono::microseconds(1 + static_cast<std::int64_t>(random_.exponential(mean_gap_us_)));
  return last_;
}

Command SimulatedPlayer::choose() {
  if (joined_ && found_ == hunt().clues.size() && claims_left_ == 0) next_hunt();
  if (!joined_ && !random_.chance(kBeforeJoining)) {
    joined_ = true;
    return new_command(CommandKind::Join);
  }
  if (joined_ && random_.chance(kJoinsAgain)) return new_command(CommandKind::Join);
  return hunt_on();
}

Command SimulatedPlayer::hunt_on() {
  const std::size_t clues = hunt().clues.size();
  if (found_ == clues) {
    if (random_.chance(kScansAfterFinish)) return scan(clues - 1);
    --claims_left_;
    return claim();
  }
  if (random_.chance(kClaimsEarly)) return claim();
  if (found_ + 1 < clues && random_.chance(kOutOfOrder)) return scan(found_ + 1);
  Command command = scan(found_);
  if (random_.chance(kWrongCode)) *command.code += "?";
  else if (joined_) ++found_;
  return command;
}

Command SimulatedPlayer::new_command(CommandKind kind) {
  Command command;
  command.kind = kind;
  command.player = fmt::format("{}p{}", prefix_, seat_ + 1);
  if (generation_ > 1) command.player += fmt::format(".{}", generation_);
  command.hunt = hunt().name;
  command.command_id = fmt::format("{}{}-{}", prefix_, seat_ + 1, ++commands_);
  return command;
}

Command SimulatedPlayer::scan(std::size_t clue) {
  Command command = new_command(CommandKind::Scan);
  command.clue = static_cast<std::int32_t>(clue) + 1;
  command.code = hunt().clues[clue].code;
  return command;
}

Command SimulatedPlayer::claim() {
  Command command = new_command(CommandKind::Claim);
  const auto& treasures = hunt().treasures;
  // The square draws players to the first treasures, where rivals meet.
  double place = random_.uniform();
  auto index = static_cast<std::size_t>(place * place * static_cast<double>(treasures.size()));
  bool unknown = treasures.empty() || random_.chance(kUnknownTreasure);
  command.treasure = unknown ? "dragon" : treasures[std::min(index, treasures.size() - 1)].name;
  return command;
}

Simulation::Simulation(HuntBookPtr book, const SimulationOptions& options) : book_(std::move(book)) {
  players_.reserve(static_cast<std::size_t>(options.players));
  for (int seat = 0; seat < options.players; ++seat) {
    players_.emplace_back(*book_, options, seat);
    queue_.emplace(players_.back().due(), players_.size() - 1);
  }
}

PlannedCommand Simulation::next() {
  auto [at, seat] = queue_.top();
  queue_.pop();
  Command command = players_[seat].take();
  queue_.emplace(players_[seat].due(), seat);
  return {at, std::move(command)};
}

}  // namespace hunt
