#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hunt_driver.hpp"

namespace hunt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(TreasureHunt, PlayersJoinFindCluesInOrderAndClaimATreasure) {
  HuntDriver hunt;
  EXPECT_EQ(hunt.verdict(join("ada", "1")), "accepted 0");
  EXPECT_EQ(hunt.verdict(scan("ada", "2", 1, "OAK")), "accepted 10");
  EXPECT_EQ(hunt.verdict(scan("ada", "3", 2, "ELM")), "accepted 20");
  EXPECT_EQ(hunt.verdict(claim("ada", "4", "crown")), "accepted 100");
  EXPECT_THAT(hunt.leaderboard.read_key_values_to_map(), ElementsAre(Pair("ada", Score{130, 2, 1})));
}

TEST(TreasureHunt, EachMistakeHasItsReason) {
  HuntDriver hunt;
  EXPECT_EQ(hunt.verdict(join("ada", "1", "moon")), "unknown_hunt");
  EXPECT_EQ(hunt.verdict(scan("ada", "2", 1, "OAK")), "not_joined");
  EXPECT_EQ(hunt.verdict(claim("ada", "3", "crown")), "not_joined");
  EXPECT_EQ(hunt.verdict(join("ada", "4")), "accepted 0");
  EXPECT_EQ(hunt.verdict(join("ada", "5")), "already_joined");
  EXPECT_EQ(hunt.verdict(scan("ada", "6", 2, "ELM")), "out_of_order");
  EXPECT_EQ(hunt.verdict(scan("ada", "7", 1, "ELM")), "wrong_code");
  EXPECT_EQ(hunt.verdict(claim("ada", "8", "crown")), "clues_missing");
  EXPECT_EQ(hunt.verdict(scan("ada", "9", 1, "OAK")), "accepted 10");
  EXPECT_EQ(hunt.verdict(scan("ada", "10", 1, "OAK")), "out_of_order") << "a clue is found once";
  EXPECT_EQ(hunt.verdict(scan("ada", "11", 2, "ELM")), "accepted 20");
  EXPECT_EQ(hunt.verdict(scan("ada", "12", 3, "ASH")), "after_finish");
  EXPECT_EQ(hunt.verdict(claim("ada", "13", "egg")), "unknown_treasure") << "it lies in another hunt";
  EXPECT_THAT(hunt.failures.read_key_values_to_map(),
              UnorderedElementsAre(Pair("unknown_hunt", 1), Pair("not_joined", 2), Pair("already_joined", 1),
                                   Pair("out_of_order", 2), Pair("wrong_code", 1), Pair("clues_missing", 1),
                                   Pair("after_finish", 1), Pair("unknown_treasure", 1)));
}

TEST(TreasureHunt, ATreasureGoesToTheFirstClaim) {
  HuntDriver hunt;
  for (const char* player : {"ada", "bob"}) hunt.finish_park(player);
  static_cast<void>(hunt.take_outcomes());
  EXPECT_EQ(hunt.verdict(claim("bob", "b", "crown")), "accepted 100");
  EXPECT_EQ(hunt.verdict(claim("ada", "a", "crown")), "treasure_taken");
  EXPECT_EQ(hunt.verdict(claim("bob", "b2", "crown")), "treasure_taken") << "also to its owner, a second time";
  EXPECT_EQ(hunt.verdict(claim("ada", "a2", "ring")), "accepted 50") << "another one is free";
  auto treasures = hunt.driver.get_key_value_store<std::string, Treasure>(kTreasuresStore);
  EXPECT_THAT(treasures.all(),
              ElementsAre(Pair("park|crown", Treasure{"bob", "b", 100}), Pair("park|ring", Treasure{"ada", "a2", 50})));
}

TEST(TreasureHunt, ARepeatedCommandIsAnsweredByTheFirstOutcome) {
  HuntDriver hunt;
  for (const char* player : {"ada", "bob"}) hunt.finish_park(player);
  hunt.send(claim("bob", "b", "crown"));
  hunt.send(claim("ada", "a", "crown"));
  auto first = hunt.take_outcomes();
  hunt.send(scan("ada", "ada-1", 1, "OAK"));
  hunt.send(claim("bob", "b", "crown"));
  hunt.send(claim("ada", "a", "crown"));
  hunt.send(claim("ada", "ada-2", "ring"));  // another command under an id that was used: the id decides
  EXPECT_TRUE(hunt.outcomes.empty());
  auto repeats = hunt.repeats.read_records_to_list();
  ASSERT_EQ(repeats.size(), 4u);
  for (const auto& repeat : repeats) EXPECT_EQ(*repeat.value, first.at(repeat.value->command_id));
  EXPECT_THAT(hunt.leaderboard.read_key_values_to_map(),
              ElementsAre(Pair("ada", Score{30, 2, 0}), Pair("bob", Score{130, 2, 1})));
}

TEST(TreasureHunt, CommandIdsOfPlayersAndHuntsAreTheirOwn) {
  HuntDriver hunt;
  EXPECT_EQ(hunt.verdict(join("ada", "1")), "accepted 0");
  EXPECT_EQ(hunt.verdict(join("bob", "1")), "accepted 0");
  EXPECT_EQ(hunt.verdict(join("ada", "1", "zoo")), "accepted 0");
}

TEST(TreasureHunt, PointsOfAllHuntsAddUpOverPartitions) {
  HuntDriver hunt(4);
  for (int i = 0; i < 20; ++i) {
    std::string player = "p" + std::to_string(i);
    hunt.finish_park(player);
    hunt.send(join(player, "z", "zoo"));
    hunt.send(scan(player, "z1", 1, "APE", "zoo"));
    hunt.send(claim(player, "z2", "egg", "zoo"));
  }
  auto board = hunt.leaderboard.read_key_values_to_map();
  ASSERT_EQ(board.size(), 20u);
  for (const auto& [player, score] : board) {
    EXPECT_EQ(score, (player == "p0" ? Score{42, 3, 1} : Score{35, 3, 0})) << player;
  }
}

TEST(TreasureHunt, ProgressAndAnswersSurviveARestart) {
  HuntDriver hunt(2);
  hunt.finish_park("ada");
  hunt.driver.restart();
  auto progress = hunt.driver.get_key_value_store<std::string, Progress>(kProgressStore);
  EXPECT_EQ(progress.get("park|ada"), (Progress{2, 30}));
  static_cast<void>(hunt.take_outcomes());
  hunt.send(scan("ada", "ada-2", 2, "ELM"));
  EXPECT_TRUE(hunt.outcomes.empty());
  EXPECT_EQ(hunt.repeats.read_value()->points, 20);
  EXPECT_EQ(hunt.verdict(claim("ada", "c", "ring")), "accepted 50");
}

TEST(TreasureHunt, ACrashNeitherLosesNorRepeatsAnything) {
  HuntDriver hunt(2);
  hunt.finish_park("ada");
  hunt.finish_park("bob");
  hunt.driver.hold_commits();
  hunt.send(claim("ada", "a", "crown"));
  hunt.send(claim("bob", "b", "crown"));
  hunt.driver.crash();
  auto outcomes = hunt.take_outcomes();
  EXPECT_EQ(outcomes.size(), 8u);
  EXPECT_EQ(outcomes.at("a").accepted + outcomes.at("b").accepted, 1);
  auto board = hunt.leaderboard.read_key_values_to_map();
  EXPECT_EQ(board["ada"].points + board["bob"].points, 160);
}

TEST(TreasureHunt, AnOutcomeHasTheTimeAndHeadersOfItsCommand) {
  HuntDriver hunt;
  hunt.finish_park("ada");
  static_cast<void>(hunt.take_outcomes());
  millrace::Timestamp at(millrace::milliseconds(77));
  hunt.commands.pipe_input({"park|ada", claim("ada", "c", "crown"), at, {{"traceparent", "00-1"}}});
  auto outcome = hunt.outcomes.read_record();
  EXPECT_EQ(outcome.key, "park|ada");
  EXPECT_EQ(outcome.timestamp, at);
  EXPECT_NE(outcome.headers.find("traceparent"), nullptr);
}

TEST(TreasureHunt, LinesBecomeCommands) {
  HuntDriver hunt;
  auto lines = hunt.driver.create_input_topic<std::string, std::string>(kLinesTopic);
  lines.pipe_value(R"({"kind":"join","player":"ada","hunt":"park","command_id":"1"})");
  lines.pipe_value(R"({"kind":"scan","player":"ada","hunt":"park","command_id":"2","clue":1,"code":"OAK"})");
  EXPECT_THAT(hunt.take_outcomes(), ElementsAre(Pair("1", testing::Field(&Outcome::accepted, true)),
                                                Pair("2", testing::Field(&Outcome::points, 10))));
}

millrace::StreamsConfig continuing() {
  millrace::StreamsConfig config;
  config.deserialization_exception_handler = millrace::ExceptionResponse::Continue;
  config.processing_exception_handler = millrace::ExceptionResponse::Continue;
  return config;
}

TEST(TreasureHunt, WhatIsNoCommandGoesToTheHandler) {
  const Command nameless = join("", "1");
  const Command codeless{CommandKind::Scan, "ada", "park", "1"};
  const Command separated = join("a|b", "1");
  const Command treasureless{CommandKind::Claim, "ada", "park", "1"};
  for (const Command& command : {nameless, codeless, separated, treasureless}) {
    HuntDriver hunt;
    EXPECT_THROW(hunt.send(command), millrace::StreamsFailed);
    HuntDriver tolerant(1, small_book(), continuing());
    tolerant.send(command);
    EXPECT_TRUE(tolerant.outcomes.empty());
  }
  HuntDriver tolerant(1, small_book(), continuing());
  tolerant.commands.pipe_bytes("park|ada", R"({"kind":"dance"})");
  tolerant.commands.pipe_input("park|bob", join("ada", "1"));
  tolerant.commands.pipe_input("park|ada", std::nullopt);
  EXPECT_TRUE(tolerant.outcomes.empty());
}

TEST(Command, SaysWhichKindsThereAre) {
  auto command =
      millrace::SerdeFor<Command>::deserialize(R"({"kind":"dance","player":"ada","hunt":"park","command_id":"1"})");
  ASSERT_FALSE(command);
  EXPECT_THAT(command.error().message(), HasSubstr("join, scan, claim"));
}

}  // namespace
}  // namespace hunt
