#include "topology.hpp"

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

#include "player_desk.hpp"
#include "topics.hpp"
#include "treasure_desk.hpp"

namespace hunt {

namespace {

using millrace::KeyValue;
using millrace::KStream;
using Text = std::string;

/// Sends first answers and repeated ones to their topics. `desk` begins the operators' names.
void publish(const KStream<Text, Ruling>& rulings, const std::string& desk) {
  auto outcome = [](const Ruling& ruling) { return *ruling.outcome; };
  rulings.filter([](const Ruling& ruling) { return ruling.outcome && !ruling.repeat; }, {desk + "-answers"})
      .map_values(outcome)
      .to(kOutcomesTopic);
  rulings.filter([](const Ruling& ruling) { return ruling.outcome && ruling.repeat; }, {desk + "-repeats"})
      .map_values(outcome)
      .to(kRepeatsTopic);
}

/// A file's lines become commands under their keys. From here on nobody sees a difference.
void take_lines(millrace::StreamsBuilder& builder) {
  builder.stream<Text, Command>(kLinesTopic)
      .select_key(
          [](const std::optional<Text>&, const Command& command) { return player_key(command.hunt, command.player); })
      .to(kCommandsTopic);
}

void decide_commands(millrace::StreamsBuilder& builder, const HuntBookPtr& book) {
  builder.add_state_store(millrace::KeyValueStoreBuilder<Text, Progress>{.name = kProgressStore});
  builder.add_state_store(millrace::KeyValueStoreBuilder<Text, Answer>{.name = kAnswersStore});
  auto rulings = builder.stream<Text, Command>(kCommandsTopic)
                     .process([book] { return std::make_unique<PlayerDesk>(book); },
                              {.stores = {kProgressStore, kAnswersStore}, .name = "players"});
  publish(rulings, "players");
  rulings.filter([](const Ruling& ruling) { return ruling.claim.has_value(); }, {"players-claims"})
      .map([](const Text&, const Ruling& ruling) {
        return KeyValue{treasure_key(ruling.claim->hunt, ruling.claim->treasure), *ruling.claim};
      })
      .to(kClaimsTopic);
}

void decide_claims(millrace::StreamsBuilder& builder, const HuntBookPtr& book) {
  builder.add_state_store(millrace::KeyValueStoreBuilder<Text, Treasure>{.name = kTreasuresStore});
  auto rulings = builder.stream<Text, Claim>(kClaimsTopic)
                     .process([book] { return std::make_unique<TreasureDesk>(book); },
                              {.stores = {kTreasuresStore}, .name = "treasures"});
  publish(rulings, "treasures");
}

Score add(const Text&, const Outcome& outcome, Score score) {
  score.points += outcome.points;
  if (outcome.kind == CommandKind::Scan) ++score.clues;
  if (outcome.kind == CommandKind::Claim) ++score.treasures;
  return score;
}

void keep_score(millrace::StreamsBuilder& builder) {
  auto outcomes = builder.stream<Text, Outcome>(kOutcomesTopic);
  outcomes.filter([](const Outcome& outcome) { return outcome.accepted; }, {"accepted"})
      .group_by([](const Text&, const Outcome& outcome) { return outcome.player; }, {.name = "outcomes-by-player"})
      .aggregate([] { return Score{}; }, add, {.store_name = kLeaderboardStore})
      .to_stream()
      .to(kLeaderboardTopic);
  outcomes.filter_not([](const Outcome& outcome) { return outcome.accepted; }, {"rejected"})
      .group_by([](const Text&, const Outcome& outcome) { return outcome.reason.value_or(""); },
                {.name = "outcomes-by-reason"})
      .count({.store_name = kFailuresStore})
      .to_stream()
      .to(kFailuresTopic);
}

}  // namespace

millrace::Topology treasure_hunt_topology(HuntBookPtr book) {
  millrace::StreamsBuilder builder;
  take_lines(builder);
  decide_commands(builder, book);
  decide_claims(builder, book);
  keep_score(builder);
  return builder.build();
}

}  // namespace hunt
