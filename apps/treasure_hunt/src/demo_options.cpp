#include "demo_options.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <millrace/adapters/yaml/load_config.hpp>
#include <millrace/app/command_line.hpp>
#include <millrace/config/config_error.hpp>

namespace hunt {

using namespace millrace;

namespace {

constexpr std::int64_t kMaxRate = 1'000'000;

/// What the command line says; what it leaves out comes from the configuration.
struct Arguments {
  std::optional<std::int64_t> seconds;
  std::optional<std::int64_t> players;
  std::optional<std::int64_t> rate;
  std::optional<std::uint64_t> seed;
  std::string input;
  std::string state_dir;
  std::string config_file;
  bool tamper = false;
  bool list_crash_points = false;
};

/// Without a file: quiet, four tasks a sub-topology, results within a blink.
StreamsConfig demo_config() {
  StreamsConfig config = default_config(hunt_properties());
  config.application_id = "treasure-hunt";
  config.state_dir.clear();
  config.commit_interval = std::chrono::milliseconds(50);
  config.default_partitions = 4;
  config.metrics_port = 9401;
  config.log_level = LogLevel::Warn;
  return config;
}

DemoOptions merge(const Arguments& arguments, StreamsConfig config) {
  DemoOptions options;
  auto number = [&](const std::optional<std::int64_t>& given, const char* key) {
    return given.value_or(config.application_value(key).as_int());
  };
  options.duration = std::chrono::seconds(number(arguments.seconds, "hunt.seconds"));
  options.players = static_cast<int>(number(arguments.players, "hunt.players"));
  options.seed = arguments.seed.value_or(static_cast<std::uint64_t>(config.application_value("hunt.seed").as_int()));
  double pause_seconds =
      std::chrono::duration<double>(config.application_value("hunt.pause.ms").as_milliseconds()).count();
  options.rate = arguments.rate ? static_cast<double>(*arguments.rate) : options.players / pause_seconds;
  options.input = arguments.input;
  options.tamper = arguments.tamper;
  options.list_crash_points = arguments.list_crash_points;
  if (!arguments.state_dir.empty()) config.state_dir = arguments.state_dir;
  options.config = std::move(config);
  return options;
}

void declare(CLI::App& app, Arguments& arguments) {
  auto range = [](const char* key) {
    for (const Property& property : hunt_properties()) {
      if (property.name == key) return CLI::Range(property.min, property.max);
    }
    return CLI::Range(std::int64_t{0});
  };
  auto* seconds =
      app.add_option("--seconds", arguments.seconds, "How long to play (20).")->check(range("hunt.seconds"));
  auto* players = app.add_option("--players", arguments.players, "How many players play at the same time (500).")
                      ->check(range("hunt.players"));
  auto* seed = app.add_option("--seed", arguments.seed,
                              "What the players' luck is drawn from (1): the same seed, the same commands.");
  auto* rate = app.add_option("--rate", arguments.rate, "Commands per second of all players together (one per player).")
                   ->check(CLI::Range(std::int64_t{1}, kMaxRate));
  app.add_option("--input", arguments.input,
                 "Take commands from this file of JSON lines instead, until its end; - is standard input.")
      ->excludes(seconds)
      ->excludes(players)
      ->excludes(seed)
      ->excludes(rate);
  app.add_flag("--tamper", arguments.tamper, "Change one stored value after the run; the audit must name it.");
  app.add_option("--state-dir", arguments.state_dir,
                 "Keep log and state here, and go on from what is there. Without it a run is fresh.");
  app.add_option("--config", arguments.config_file, "A YAML file with further settings.");
  app.add_flag("--list-crash-points", arguments.list_crash_points)->group("");
}

std::vector<std::string> known_options(const CLI::App& app) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // not for everybody
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  return known;
}

}  // namespace

const std::vector<Property>& hunt_properties() {
  static const std::vector<Property> properties = {
      {.name = "hunt.seconds",
       .type = PropertyType::Int,
       .default_value = "20",
       .min = 1,
       .max = 86'400 * 7,
       .doc = "How long simulated players play."},
      {.name = "hunt.players",
       .type = PropertyType::Int,
       .default_value = "500",
       .min = 1,
       .max = 1'000'000,
       .doc = "How many simulated players play at the same time."},
      {.name = "hunt.seed",
       .type = PropertyType::Int,
       .default_value = "1",
       .min = 0,
       .doc = "What the players' luck is drawn from. The same seed makes the same commands."},
      {.name = "hunt.pause.ms",
       .type = PropertyType::Duration,
       .default_value = "1s",
       .min = 1,
       .max = 3'600'000,
       .doc = "How long a simulated player waits between two commands, on average."},
  };
  return properties;
}

std::optional<DemoOptions> parse_demo_options(int argc, char** argv, int& exit_code) {
  Arguments arguments;
  CLI::App app(
      "Plays treasure hunts in this process and shows them live; then an audit recomputes everything from the input "
      "log.",
      "treasure_hunt demo");
  declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = error.get_exit_code() == 0
                    ? app.exit(error)
                    : report_misuse("treasure_hunt demo", error.what(), app.remaining(), known_options(app));
    return std::nullopt;
  }
  try {
    return merge(arguments,
                 arguments.config_file.empty() ? demo_config() : load_config(arguments.config_file, hunt_properties()));
  } catch (const ConfigError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    exit_code = kExitMisused;
    return std::nullopt;
  }
}

}  // namespace hunt
