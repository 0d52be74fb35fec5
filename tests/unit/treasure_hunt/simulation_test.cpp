#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hunt_driver.hpp"
#include "simulation.hpp"

namespace hunt {
namespace {

std::vector<PlannedCommand> schedule(const SimulationOptions& options, std::size_t commands) {
  Simulation simulation(make_hunt_book({}), options);
  std::vector<PlannedCommand> planned;
  while (planned.size() < commands) planned.push_back(simulation.next());
  return planned;
}

TEST(Simulation, SameSeedSameSchedule) {
  SimulationOptions options{.seed = 7, .players = 50, .rate = 100};
  auto first = schedule(options, 2000);
  EXPECT_EQ(first, schedule(options, 2000));
  options.seed = 8;
  EXPECT_NE(first, schedule(options, 2000));
}

// The numbers of other machines and of earlier versions are the same: a report of a seed can be played again.
TEST(Simulation, ASeedMeansTheSameEverywhere) {
  auto planned = schedule({.seed = 1, .players = 3, .rate = 3}, 4);
  std::string text;
  for (const PlannedCommand& command : planned) {
    text += std::to_string(command.at.count() / 1000) + " ";
    millrace::SerdeFor<Command>::serialize(command.command, text);
    text += "\n";
  }
  EXPECT_EQ(text,
            R"(26 {"kind":"join","player":"p1","hunt":"hunt-8","command_id":"1-1"}
137 {"kind":"join","player":"p2","hunt":"hunt-4","command_id":"2-1"}
138 {"kind":"scan","player":"p1","hunt":"hunt-8","command_id":"1-2","clue":1,"code":"HR7-GQY"}
431 {"kind":"scan","player":"p2","hunt":"hunt-4","command_id":"2-2","clue":1,"code":"8R7-CYD"}
)");
}

TEST(Simulation, RunsInOrderOfTimeAtItsRate) {
  auto planned = schedule({.players = 200, .rate = 1000}, 20'000);
  EXPECT_TRUE(std::is_sorted(planned.begin(), planned.end(), [](const auto& a, const auto& b) { return a.at < b.at; }));
  EXPECT_NEAR(static_cast<double>(planned.back().at.count()) / 1e6, 20.0, 1.0);
}

TEST(Simulation, IdsBeginWithThePrefixAndRepeatOnlyInCommandsSentTwice) {
  std::map<std::pair<std::string, std::string>, Command> known;
  int twice = 0;
  for (const PlannedCommand& planned : schedule({.players = 20, .rate = 100, .prefix = "x."}, 5000)) {
    const Command& command = planned.command;
    EXPECT_TRUE(command.command_id.starts_with("x."));
    EXPECT_TRUE(command.player.starts_with("x."));
    EXPECT_EQ(malformed(command), std::nullopt);
    auto [entry, fresh] =
        known.emplace(std::pair(player_key(command.hunt, command.player), command.command_id), command);
    if (fresh) continue;
    ++twice;
    EXPECT_EQ(entry->second, command);
  }
  EXPECT_NEAR(twice, 100, 50);
}

TEST(Simulation, MakesEveryMistakeAndFinishesHunts) {
  HuntBookPtr book = make_hunt_book({});
  HuntDriver hunt(2, book);
  for (const PlannedCommand& planned : schedule({.players = 20, .rate = 100}, 2000)) hunt.send(planned.command);
  std::map<std::string, int> verdicts;
  for (auto& record : hunt.outcomes.read_records_to_list()) ++verdicts[record.value->reason.value_or("accepted")];
  std::set<std::string> names;
  for (const auto& [name, count] : verdicts) names.insert(name);
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("accepted", "already_joined", "not_joined", "out_of_order", "wrong_code",
                                            "after_finish", "clues_missing", "unknown_treasure", "treasure_taken"));
  EXPECT_GT(verdicts["accepted"], 1000);
  EXPECT_FALSE(hunt.repeats.empty());
}

TEST(Simulation, WhoHasPlayedEveryHuntLeavesTheSeat) {
  Simulation simulation(small_book(), {.players = 1, .rate = 1});
  std::set<std::string> players;
  for (int i = 0; i < 200; ++i) players.insert(simulation.next().command.player);
  EXPECT_TRUE(players.contains("p1"));
  EXPECT_TRUE(players.contains("p1.2"));
}

TEST(HuntBook, ALargerOneBeginsWithASmallerOne) {
  HuntBookPtr small = make_hunt_book({.hunts = 2});
  HuntBookPtr large = make_hunt_book({.hunts = 3});
  EXPECT_EQ(large->hunts().size(), 3u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(small->hunts()[i].name, large->hunts()[i].name);
    EXPECT_EQ(small->hunts()[i].clues[0].code, large->hunts()[i].clues[0].code);
  }
  EXPECT_EQ(large->find("hunt-3"), &large->hunts()[2]);
  EXPECT_EQ(large->find("hunt-4"), nullptr);
}

}  // namespace
}  // namespace hunt
