// What is simulated: topologies, their input, and what must come out of it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <millrace/testing/simulated_application.hpp>

namespace millrace::simulation {

using Text = std::string;
using Number = std::int64_t;

struct InputRecord {
  std::string topic;
  Bytes key;
  Bytes value;
  Timestamp timestamp{};
};

/// What was written and what came out, read from the log itself.
class Outcome {
 public:
  /// `at_least_once`: records may come again.
  explicit Outcome(SimulatedApplication& app, bool at_least_once = false) : app_(app), at_least_once_(at_least_once) {}
  /// All records of a topic, partition by partition: in order for each key.
  [[nodiscard]] const std::vector<SimulatedApplication::ReadRecord>& records(const std::string& topic);
  /// The values of each key, in order.
  [[nodiscard]] std::map<Bytes, std::vector<Bytes>> by_key(const std::string& topic);
  /// The last value of each key of a store's changelog.
  [[nodiscard]] std::map<Bytes, Bytes> table(const std::string& store);

  /// Notes a finding if the two differ.
  void expect_equal(const std::string& what, const std::map<Bytes, std::vector<Bytes>>& expected,
                    const std::map<Bytes, std::vector<Bytes>>& found);
  void finding(std::string text) { findings_.push_back(std::move(text)); }
  [[nodiscard]] const std::vector<std::string>& findings() const { return findings_; }

 private:
  SimulatedApplication& app_;
  const bool at_least_once_;
  std::map<std::string, std::vector<SimulatedApplication::ReadRecord>> read_;
  std::vector<std::string> findings_;
};

/// One topology with its oracle. The reference is computed from what the input topics hold, by folds that know nothing
/// of the engine.
struct Case {
  std::string name;
  std::function<Topology()> topology;
  std::function<void(StreamsConfig&)> configure;
  /// The `number`-th record of all. Its value names producer and sequence number, so that each is recognised.
  std::function<InputRecord(SeededRandom& luck, int number)> make;
  std::function<void(Outcome&)> check;
};

/// All of them.
const std::vector<Case>& cases();

/// Those of cases_stateful.cpp.
Case reducing();
Case punctuating();
Case sequencing();
/// Those of cases_deferred.cpp.
Case caching();
Case windowing();
Case joining();

/// "p<producer>:<number>": what producers write where the value does not matter.
Bytes value_of(SeededRandom& luck, int number);
/// One of a few.
Bytes key_of(SeededRandom& luck);
/// Mostly later than those before.
Timestamp time_of(SeededRandom& luck, int number);

}  // namespace millrace::simulation
