// What the demo is asked for, on the command line and in a configuration file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <millrace/config/property.hpp>
#include <millrace/config/streams_config.hpp>

namespace hunt {

/// The application's configuration keys: hunt.seconds, hunt.players, hunt.seed, hunt.pause.ms.
[[nodiscard]] const std::vector<millrace::Property>& hunt_properties();

struct DemoOptions {
  std::chrono::seconds duration{};
  int players = 0;
  double rate = 0;  ///< commands per second of all players
  std::uint64_t seed = 0;
  std::string input;  ///< a file of JSON lines instead of simulated players; "-" is standard input; empty: none
  bool tamper = false;
  bool list_crash_points = false;
  /// state_dir is empty if the run is to be forgotten.
  millrace::StreamsConfig config;
};

/// argv[0] is the command's name. On nullopt the user has been answered (--help, a mistake) and `exit_code` is set.
[[nodiscard]] std::optional<DemoOptions> parse_demo_options(int argc, char** argv, int& exit_code);

}  // namespace hunt
