#include "treasure_desk.hpp"

#include <algorithm>
#include <stdexcept>

#include "topics.hpp"

namespace hunt {

namespace {

std::int64_t points_of(const HuntBook& book, const Claim& claim) {
  if (const HuntDefinition* hunt = book.find(claim.hunt)) {
    for (const TreasureDefinition& treasure : hunt->treasures) {
      if (treasure.name == claim.treasure) return treasure.points;
    }
  }
  throw std::invalid_argument("no treasure " + claim.treasure + " in " + claim.hunt +
                              ": it has left the hunt's definition");
}

}  // namespace

void TreasureDesk::init(Context& context) { treasures_ = context.state_store<std::string, Treasure>(kTreasuresStore); }

void TreasureDesk::process(const millrace::Record<std::string, Claim>& record) {
  if (!record.key || !record.value) throw std::invalid_argument("a claim needs a key and a value");
  const Claim& claim = *record.value;
  auto treasure = treasures_.get(*record.key);
  if (!treasure) {
    treasure = Treasure{claim.player, claim.command_id, points_of(*book_, claim)};
    treasures_.put(*record.key, *treasure);
  }
  Outcome outcome{claim.command_id, claim.player, claim.hunt, CommandKind::Claim};
  outcome.treasure = claim.treasure;
  outcome.accepted = treasure->owner == claim.player && treasure->command_id == claim.command_id;
  if (outcome.accepted) outcome.points = treasure->points;
  else outcome.reason = reason::kTreasureTaken;
  millrace::Record<std::string, Ruling> ruling{player_key(claim.hunt, claim.player),
                                               Ruling{std::move(outcome), {}, claim.repeat}, record.timestamp,
                                               record.headers};
  context().forward(ruling);
}

}  // namespace hunt
