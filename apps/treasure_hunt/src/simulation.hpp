// Simulation: players who hunt: the same seed, the same commands at the same moments.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "command.hpp"
#include "hunt_book.hpp"
#include "seeded_random.hpp"

namespace hunt {

struct SimulationOptions {
  std::uint64_t seed = 1;
  int players = 500;   ///< who play at the same time, >= 1
  double rate = 500;   ///< commands per second of all players together, > 0
  std::string prefix;  ///< begins names of players and command ids: runs that share a log need different ones
};

/// A command, and when it is to be sent after the simulation's begin, whether or not earlier ones have been answered:
/// an open loop, so that a slow engine shows as latency and not as a low rate.
struct PlannedCommand {
  std::chrono::microseconds at{};
  Command command;
  friend bool operator==(const PlannedCommand&, const PlannedCommand&) = default;
};

/// One seat at the game. Its player joins hunt after hunt, finds clues, claims treasures, and makes people's mistakes:
/// wrong codes, wrong order, scans before joining, claims before the end, commands sent twice. Who has played all hunts
/// leaves the seat to another player. It does not look at outcomes: a player in a hunt knows what becomes of
/// everything but a claim.
class SimulatedPlayer {
 public:
  /// Borrows the book. REQUIRES: it has hunts, and each has clues.
  SimulatedPlayer(const HuntBook& book, const SimulationOptions& options, int seat);
  /// When the next command is to be sent.
  [[nodiscard]] std::chrono::microseconds due() const { return due_; }
  /// The command due; then there is a next one.
  [[nodiscard]] Command take();

 private:
  [[nodiscard]] const HuntDefinition& hunt() const;
  [[nodiscard]] Command choose();
  [[nodiscard]] Command hunt_on();
  [[nodiscard]] Command new_command(CommandKind kind);
  [[nodiscard]] Command scan(std::size_t clue);
  [[nodiscard]] Command claim();
  void begin_hunt();
  void next_hunt();

  const HuntBook* book_;
  SeededRandom random_;
  double mean_gap_us_;
  std::string prefix_;
  int seat_;
  int generation_ = 1;      // of players in this seat
  std::size_t first_hunt_;  // where the player began
  std::size_t hunts_played_ = 0;
  bool joined_ = false;
  std::size_t found_ = 0;        // clues of this hunt
  std::size_t claims_left_ = 0;  // that the player will make in this hunt
  std::uint64_t commands_ = 0;
  Command last_;
  std::chrono::microseconds due_{};
};

/// All players together, in order of time. Takes memory for the players only, however long it runs.
class Simulation {
 public:
  Simulation(HuntBookPtr book, const SimulationOptions& options);
  /// When the next command is to be sent.
  [[nodiscard]] std::chrono::microseconds due() const { return players_[queue_.top().second].due(); }
  [[nodiscard]] PlannedCommand next();

 private:
  using Entry = std::pair<std::chrono::microseconds, std::size_t>;  // due, seat: ties go by seat

  HuntBookPtr book_;
  std::vector<SimulatedPlayer> players_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

}  // namespace hunt
