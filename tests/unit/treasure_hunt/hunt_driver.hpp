// HuntDriver: the hunt's topology in the test driver, with its topics typed, and as evidence for the audit.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <millrace/serde/basic.hpp>
#include <millrace/testing/topology_test_driver.hpp>

#include "evidence.hpp"
#include "small_hunt.hpp"
#include "state.hpp"
#include "topics.hpp"
#include "topology.hpp"

namespace hunt {

class HuntDriver {
 public:
  using Text = std::string;

  explicit HuntDriver(int partitions = 1, HuntBookPtr book = small_book(), millrace::StreamsConfig config = {})
      : driver(treasure_hunt_topology(std::move(book)), {.config = std::move(config), .partitions = partitions}) {}

  void send(const Command& command) { commands.pipe_input(player_key(command.hunt, command.player), command); }
  /// Joins and finds both clues of the park.
  void finish_park(const Text& player) {
    send(join(player, player + "-join"));
    send(scan(player, player + "-1", 1, "OAK"));
    send(scan(player, player + "-2", 2, "ELM"));
  }
  /// Outcomes since the last call, by command id.
  std::map<Text, Outcome> take_outcomes() {
    std::map<Text, Outcome> found;
    for (auto& record : outcomes.read_records_to_list()) {
      bool fresh = found.emplace(record.value->command_id, *record.value).second;
      if (!fresh) throw std::logic_error("two outcomes of " + record.value->command_id);
    }
    return found;
  }
  /// "accepted 10" or the reason of the rejection.
  Text verdict(const Command& command) {
    send(command);
    Outcome outcome = take_outcomes().at(command.command_id);
    return outcome.accepted ? "accepted " + std::to_string(outcome.points) : outcome.reason.value();
  }

  millrace::TopologyTestDriver driver;
  millrace::TestInputTopic<Text, Command> commands = driver.create_input_topic<Text, Command>(kCommandsTopic);
  millrace::TestOutputTopic<Text, Outcome> outcomes = driver.create_output_topic<Text, Outcome>(kOutcomesTopic);
  millrace::TestOutputTopic<Text, Outcome> repeats = driver.create_output_topic<Text, Outcome>(kRepeatsTopic);
  millrace::TestOutputTopic<Text, Score> leaderboard = driver.create_output_topic<Text, Score>(kLeaderboardTopic);
  millrace::TestOutputTopic<Text, std::int64_t> failures =
      driver.create_output_topic<Text, std::int64_t>(kFailuresTopic);
};

/// Evidence that a test may change before the audit sees it.
class KeptEvidence final : public Evidence {
 public:
  using Record = std::pair<std::optional<millrace::Bytes>, std::optional<millrace::Bytes>>;

  /// Takes everything that the run has written. Reads the driver's topics from where the test has left them.
  explicit KeptEvidence(millrace::TopologyTestDriver& driver) {
    for (const char* topic :
         {kCommandsTopic, kClaimsTopic, kOutcomesTopic, kRepeatsTopic, kLeaderboardTopic, kFailuresTopic}) {
      while (auto raw = driver.read_bytes(topic)) topics[topic].emplace_back(raw->record.key, raw->record.value);
    }
    for (const char* store : {kProgressStore, kAnswersStore, kTreasuresStore, kLeaderboardStore, kFailuresStore}) {
      bool timestamped = driver.store_spec(store).timestamped;
      for (auto& [key, value] : driver.read_store_all(store)) {
        stores[store][key] = timestamped ? millrace::Bytes(millrace::value_of(value)) : value;
      }
    }
  }

  millrace::Result<void> each_record(const std::string& topic, const RecordVisitor& visit) override {
    for (const auto& [key, value] : topics[topic]) visit(key, value);
    return {};
  }
  millrace::Result<void> each_entry(const std::string& store, const EntryVisitor& visit) override {
    for (const auto& [key, value] : stores[store]) visit(key, value);
    return {};
  }

  std::map<std::string, std::vector<Record>> topics;
  std::map<std::string, std::map<millrace::Bytes, millrace::Bytes>> stores;
};

}  // namespace hunt
