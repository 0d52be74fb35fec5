#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit.hpp"
#include "hunt_driver.hpp"
#include "simulation.hpp"

namespace hunt {
namespace {

using millrace::Bytes;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <class T>
Bytes bytes_of(const T& value) {
  Bytes bytes;
  millrace::SerdeFor<T>::serialize(value, bytes);
  return bytes;
}

/// A small run with rivals, repeats and rejections: ada 130 points, bob 80.
class Audit : public testing::Test {
 protected:
  Audit() : evidence_(play()) {}

  static std::unique_ptr<KeptEvidence> play() {
    HuntDriver hunt(2);
    for (const char* player : {"ada", "bob"}) hunt.finish_park(player);
    hunt.send(claim("ada", "a", "crown"));
    hunt.send(claim("bob", "b", "crown"));
    hunt.send(claim("bob", "b2", "ring"));
    hunt.send(claim("bob", "b", "crown"));
    hunt.send(scan("ada", "ada-1", 1, "OAK"));
    return std::make_unique<KeptEvidence>(hunt.driver);
  }
  AuditReport report() { return audit(*evidence_, small_book()).value(); }
  std::vector<std::string> differences() { return report().differences; }
  std::vector<KeptEvidence::Record>& topic(const char* name) { return evidence_->topics[name]; }
  std::map<Bytes, Bytes>& store(const char* name) { return evidence_->stores[name]; }
  /// The record of `topic` whose value has `text` in it.
  KeptEvidence::Record& find(const char* name, const std::string& text) {
    for (auto& record : topic(name)) {
      if (record.second->find(text) != Bytes::npos) return record;
    }
    throw std::out_of_range(text);
  }

  std::unique_ptr<KeptEvidence> evidence_;
};

TEST_F(Audit, FindsNothingAfterAnHonestRun) {
  AuditReport honest = report();
  EXPECT_THAT(honest.differences, IsEmpty());
  EXPECT_EQ(honest.last_line(), "audit: ok 11 commands, 9 outcomes, 2 players, ledger 210");
}

TEST_F(Audit, NamesAMissingOutcome) {
  std::erase(topic(kOutcomesTopic), find(kOutcomesTopic, R"("command_id":"bob-1")"));
  EXPECT_THAT(differences(), ElementsAre(AllOf(HasSubstr("hunt-outcomes: park|bob, command bob-1"),
                                               HasSubstr("found 0 times, recounted 1"))));
  EXPECT_THAT(report().last_line(), HasSubstr("audit: FAILED, 1 differences in 11 commands, 8 outcomes"));
}

TEST_F(Audit, NamesADoubledOutcome) {
  topic(kOutcomesTopic).push_back(find(kOutcomesTopic, R"("command_id":"a")"));
  EXPECT_THAT(differences(),
              ElementsAre(AllOf(HasSubstr("park|ada, command a"), HasSubstr("found 2 times, recounted 1"))));
}

TEST_F(Audit, NamesAWrongOutcome) {
  Outcome wrong{"bob-2", "bob", "park", CommandKind::Scan, true, {}, 21};
  find(kOutcomesTopic, R"("command_id":"bob-2")").second = bytes_of(wrong);
  EXPECT_THAT(differences(), ElementsAre(AllOf(HasSubstr("park|bob, command bob-2"), HasSubstr("\"points\":21"),
                                               HasSubstr("\"points\":20"))));
}

TEST_F(Audit, NamesAnOutcomeWithoutACommand) {
  topic(kOutcomesTopic).push_back({"park|eve", bytes_of(Outcome{"1", "eve", "park", CommandKind::Join, true})});
  EXPECT_THAT(differences(), ElementsAre(AllOf(HasSubstr("park|eve"), HasSubstr("should not be there"))));
}

TEST_F(Audit, NamesWhatDoesNotDecode) {
  find(kOutcomesTopic, R"("command_id":"a")").second = "{";
  EXPECT_THAT(differences(), Contains(AllOf(HasSubstr("hunt-outcomes"), HasSubstr("should not be there"))));
}

TEST_F(Audit, NamesAMissingRepeat) {
  topic(kRepeatsTopic).erase(topic(kRepeatsTopic).begin());
  EXPECT_THAT(differences(), ElementsAre(HasSubstr("hunt-repeats: park|")));
}

TEST_F(Audit, NamesATreasureThatTheWrongClaimWon) {
  // As if the second claim in the log had been granted.
  std::swap(find(kClaimsTopic, R"("command_id":"a")"), find(kClaimsTopic, R"("command_id":"b")"));
  EXPECT_THAT(differences(), Contains(AllOf(HasSubstr("store treasures: park|crown"), HasSubstr("\"owner\":\"ada\""),
                                            HasSubstr("\"owner\":\"bob\""))));
}

TEST_F(Audit, NamesAMissingAndAnInventedClaim) {
  auto lost = find(kClaimsTopic, "b2");
  std::erase(topic(kClaimsTopic), lost);
  EXPECT_THAT(differences(), Contains(HasSubstr("hunt-claims: park|bob, command b2: 1 claims too few")));
  topic(kClaimsTopic).push_back(lost);
  topic(kClaimsTopic).push_back({"park|crown", bytes_of(Claim{"1", "eve", "park", "crown"})});
  EXPECT_THAT(differences(), ElementsAre(AllOf(HasSubstr("hunt-claims: park|crown"), HasSubstr("eve"))));
}

TEST_F(Audit, NamesWrongPointsOnTheLeaderboard) {
  topic(kLeaderboardTopic).push_back({"bob", bytes_of(Score{81, 2, 1})});
  EXPECT_THAT(differences(), ElementsAre("topic leaderboard: bob: found {\"points\":81,\"clues\":2,\"treasures\":1}, "
                                         "recounted {\"points\":80,\"clues\":2,\"treasures\":1}"));
}

TEST_F(Audit, NamesExactlyTheValueThatWasTamperedWith) {
  struct Change {
    const char* store;
    const char* key;
    Bytes value;
  };
  for (const Change& change : {Change{kLeaderboardStore, "ada", bytes_of(Score{1130, 2, 1})},
                               Change{kProgressStore, "park|bob", bytes_of(Progress{1, 30})},
                               Change{kAnswersStore, "park|bob|bob-1", bytes_of(Answer{})},
                               Change{kTreasuresStore, "park|ring", bytes_of(Treasure{"ada", "b2", 50})},
                               Change{kFailuresStore, "treasure_taken", bytes_of(std::int64_t{2})}}) {
    evidence_ = play();
    ASSERT_TRUE(store(change.store).contains(change.key)) << change.store;
    store(change.store)[change.key] = change.value;
    EXPECT_THAT(differences(),
                ElementsAre(HasSubstr("store " + std::string(change.store) + ": " + change.key + ": found")));
  }
}

TEST_F(Audit, NamesEntriesThatAreMissingOrTooMany) {
  store(kLeaderboardStore).erase("bob");
  store(kProgressStore)["park|eve"] = bytes_of(Progress{});
  EXPECT_THAT(differences(),
              testing::UnorderedElementsAre(AllOf(HasSubstr("store leaderboard: bob: found none")),
                                            AllOf(HasSubstr("store progress: park|eve"), HasSubstr("recounted none"))));
}

TEST_F(Audit, ExpectsNoOutcomeOfWhatIsNoCommand) {
  topic(kCommandsTopic).push_back({"park|eve", R"({"kind":"dance"})"});
  topic(kCommandsTopic).push_back({"park|eve", bytes_of(join("ada", "9"))});
  EXPECT_EQ(report().last_line(), "audit: ok 11 commands (2 more were no commands), 9 outcomes, 2 players, ledger 210");
}

TEST(AuditOfASimulation, FindsNothingOverPartitionsRestartsAndCrashes) {
  HuntBookPtr book = make_hunt_book({.hunts = 3, .clues = 3, .treasures = 4});
  HuntDriver hunt(3, book);
  Simulation simulation(book, {.seed = 3, .players = 25, .rate = 100});
  for (int i = 1; i <= 1500; ++i) {
    if (i % 500 == 200) hunt.driver.hold_commits();
    hunt.send(simulation.next().command);
    if (i % 500 == 220) hunt.driver.crash();
    if (i % 500 == 300) hunt.driver.restart();
  }
  KeptEvidence evidence(hunt.driver);
  AuditReport report = audit(evidence, book).value();
  EXPECT_THAT(report.differences, IsEmpty());
  EXPECT_EQ(report.commands, 1500);
  EXPECT_GE(report.players, 25);
}

}  // namespace
}  // namespace hunt
