// Plan: everything that a seed decides before the first step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <millrace/testing/simulated_application.hpp>

namespace millrace::simulation {

struct Plan {
  std::uint64_t seed = 0;
  std::size_t case_index = 0;
  SimulationOptions options{};
  int records = 30;
  int most_crashes = 3;
  // Weights of what may happen, against a thread's 10.
  int feed = 6;
  int commit = 1;
  int stop = 0;
  int crash_thread = 0;
  int crash_process = 0;
  int crash_inside = 0;  ///< a step
  int power_cut = 0;     ///< in a thousand crashes of a process
  int expire = 0;
  int pause = 0;
  int set_wall_clock = 0;
  int state_corrupted = 0;  ///< in a thousand reads of a store's disk
  int state_full = 0;       ///< in a thousand writes to it
  // One crash at a place of choice: the n-th decision, or the n-th passage of any crash point. From 1.
  std::optional<std::uint64_t> crash_at_pick;
  std::optional<std::uint64_t> crash_at_passage;

  /// Draws topology, size, faults and their rates.
  [[nodiscard]] static Plan draw(std::uint64_t seed);
  /// The same without faults and crashes, small: for a crash at a place of choice.
  [[nodiscard]] static Plan calm(std::uint64_t seed);
  /// What comes out may be more than the reference then, never less.
  [[nodiscard]] bool at_least_once() const {
    return options.config.processing_guarantee == ProcessingGuarantee::AtLeastOnce;
  }
  /// How to run it alone, and what it is.
  [[nodiscard]] std::string describe() const;
};

}  // namespace millrace::simulation
