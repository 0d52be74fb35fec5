#include <millrace/app/run_app.hpp>

#include <cstdio>
#include <filesystem>
#include <optional>

#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <millrace/adapters/yaml/load_config.hpp>
#include <millrace/app/progress.hpp>
#include <millrace/app/signals.hpp>
#include <millrace/app/version.hpp>
#include <millrace/config/config_error.hpp>
#include "reset.hpp"

namespace millrace {

namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;

void print_error(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

/// Loads the configuration, or prints every finding.
std::optional<StreamsConfig> load(const std::string& file, const AppOptions& options) {
  try {
    return load_config(file, options.properties);
  } catch (const ConfigError& error) {
    print_error(error.what());
    return std::nullopt;
  }
}

std::optional<Topology> make_topology(const TopologyFactory& factory) {
  try {
    return factory();
  } catch (const TopologyError& error) {
    print_error(error.what());
    return std::nullopt;
  }
}

std::string progress_text(const Streams& streams, std::uint64_t before, double seconds) {
  std::uint64_t processed = 0;
  std::int64_t lag = 0;
  std::int64_t restoring = 0;
  for (const ThreadStatus& thread : streams.thread_status()) {
    processed += thread.processed_records;
    lag += thread.lag_records;
    for (const RestoreProgress& store : thread.restoring) restoring += store.remaining_records;
  }
  std::string text = fmt::format("{}: {} records, {:.0f}/s, lag {}", to_string(streams.state()), processed,
                                 static_cast<double>(processed - before) / seconds, lag);
  if (restoring > 0) text += fmt::format(", {} records to restore", restoring);
  return text;
}

std::uint64_t processed_records(const Streams& streams) {
  std::uint64_t processed = 0;
  for (const ThreadStatus& thread : streams.thread_status()) processed += thread.processed_records;
  return processed;
}

int run(Topology topology, const StreamsConfig& config) {
  StopSignals signals;
  Streams streams(std::move(topology), config);
  if (auto started = streams.start(); !started) {
    print_error(started.error().to_string());
    return kFailed;
  }
  ProgressLine progress(stderr);
  auto shown_at = std::chrono::steady_clock::now();
  std::uint64_t shown = 0;
  while (!signals.stop_requested() && !streams.failure()) {
    (void)streams.wait_for([&] { return signals.stop_requested() || streams.failure().has_value(); },
                           std::chrono::milliseconds(250));
    if (!progress.due()) continue;
    auto now = std::chrono::steady_clock::now();
    progress.show(progress_text(streams, shown, std::chrono::duration<double>(now - shown_at).count()));
    shown = processed_records(streams);
    shown_at = now;
  }
  progress.clear();
  bool ended = streams.close(config.shutdown_timeout);
  if (auto failure = streams.failure()) {
    print_error(failure->to_string());
    return kFailed;
  }
  if (ended) return 0;
  // A thread that does not end holds what the destructors want: leave without them.
  std::fflush(nullptr);
  ::_exit(kFailed);
}

int describe(const TopologyFactory& factory, const std::string& format) {
  auto topology = make_topology(factory);
  if (!topology) return kMisused;
  std::string text = format == "mermaid" ? topology->mermaid() : topology->describe();
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : kFailed;
}

int check(const TopologyFactory& factory, const std::string& file, const AppOptions& options) {
  auto config = load(file, options);
  auto topology = make_topology(factory);
  if (!config || !topology) return kMisused;
  std::printf("%s: ok\n", file.c_str());
  return 0;
}

int reset(const TopologyFactory& factory, const std::string& file, bool yes, const AppOptions& options) {
  auto config = load(file, options);
  auto topology = make_topology(factory);
  if (!config || !topology) return kMisused;
  auto plan = reset_application(*topology, *config, yes);
  if (!plan) {
    print_error(plan.error().to_string());
    return kFailed;
  }
  for (const std::string& line : *plan) std::printf("%s\n", line.c_str());
  if (!yes) std::printf("nothing was changed: say --yes to do it\n");
  return 0;
}

}  // namespace

int run_app(int argc, char** argv, const TopologyFactory& topology, const AppOptions& options) {
  std::string name = options.name.empty() ? std::filesystem::path(argv[0]).filename().string() : options.name;
  std::string version = options.version.empty() ? std::string(kVersion) : options.version;
  // Further commands parse their own arguments.
  for (const AppOptions::Command& command : options.commands) {
    if (argc > 1 && command.name == argv[1]) return command.run(argc - 1, argv + 1);
  }
  CLI::App app(options.description.empty() ? "A millrace application." : options.description, name);
  app.set_version_flag("--version", name + " " + version);
  app.require_subcommand(1);
  std::string file;
  std::string format = "text";
  bool yes = false;
  auto* run_command = app.add_subcommand("run", "Run until SIGTERM or SIGINT; a second signal ends it at once.");
  run_command->add_option("--config", file, "The YAML file of this deployment.")->required();
  auto* describe_command = app.add_subcommand("describe", "Print the topology.");
  describe_command->add_option("--format", format, "text or mermaid.")->check(CLI::IsMember({"text", "mermaid"}));
  auto* check_command = app.add_subcommand("check", "Check a configuration file and the topology.");
  check_command->add_option("--config", file, "The YAML file to check.")->required();
  auto* reset_command =
      app.add_subcommand("reset", "Forget offsets, internal topics and local state; keep the other topics.");
  reset_command->add_option("--config", file, "The YAML file of the deployment to reset.")->required();
  reset_command->add_flag("--yes", yes, "Do it; otherwise only say what would be done.");
  for (const AppOptions::Command& command : options.commands) app.add_subcommand(command.name, command.description);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kMisused;
  }
  if (describe_command->parsed()) return describe(topology, format);
  if (check_command->parsed()) return check(topology, file, options);
  if (reset_command->parsed()) return reset(topology, file, yes, options);
  auto config = load(file, options);
  auto graph = make_topology(topology);
  if (!config || !graph) return kMisused;
  return run(std::move(*graph), *config);
}

}  // namespace millrace
