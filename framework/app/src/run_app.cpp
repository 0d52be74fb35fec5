#include <millrace/app/run_app.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <millrace/adapters/yaml/load_config.hpp>
#include <millrace/app/command_line.hpp>
#include <millrace/app/progress.hpp>
#include <millrace/app/signals.hpp>
#include <millrace/app/system_clock.hpp>
#include <millrace/app/version.hpp>
#include <millrace/config/config_error.hpp>
#include <millrace/topology/name_faults.hpp>
#include <millrace/topology/topology_diff.hpp>
#include "reset.hpp"

namespace millrace {

namespace {

/// What comes after the threads have ended, or should have: closing files, saying why.
constexpr std::chrono::milliseconds kLastWords{500};

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

/// Both, or nothing after every finding in either was printed.
struct Application {
  Topology topology;
  StreamsConfig config;
};
std::optional<Application> load_application(const TopologyFactory& factory, const std::string& file,
                                            const AppOptions& options) {
  auto config = load(file, options);
  auto topology = make_topology(factory);
  if (!config || !topology) return std::nullopt;
  if (auto faults = name_faults(*topology, config->application_id); !faults.empty()) {
    print_error(TopologyError(std::move(faults)).what());
    return std::nullopt;
  }
  return Application{std::move(*topology), std::move(*config)};
}

/// Results that nobody could read are a failure.
int flush_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  print_error(Error(ErrorCode::OutputFailed, "standard output cannot be written").to_string());
  return kExitFailed;
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
  // A thread that was removed or replaced takes its number with it.
  const std::uint64_t since = processed > before ? processed - before : 0;
  std::string text = fmt::format("{}: {} records, {:.0f}/s, lag {}", to_string(streams.state()), processed,
                                 static_cast<double>(since) / seconds, lag);
  if (restoring > 0) text += fmt::format(", {} records to restore", restoring);
  return text;
}

std::uint64_t processed_records(const Streams& streams) {
  std::uint64_t processed = 0;
  for (const ThreadStatus& thread : streams.thread_status()) processed += thread.processed_records;
  return processed;
}

int run(const std::string& name, Application application) {
  StopSignals signals;
  const auto patience = application.config.shutdown_timeout;
  signals.end_within(patience + kLastWords);
  Streams streams(std::move(application.topology), std::move(application.config));
  if (auto started = streams.start(); !started) {
    print_error(started.error().to_string());
    return kExitFailed;
  }
  SystemClock clock;
  ProgressLine progress(stderr, clock);
  SteadyTime shown_at = clock.steady_now();
  std::uint64_t shown = 0;
  auto over = [&] { return signals.stop_requested() || streams.failure().has_value(); };
  while (!streams.wait_for(over, std::chrono::milliseconds(250))) {
    if (!progress.due()) continue;
    SteadyTime now = clock.steady_now();
    progress.show(progress_text(streams, shown, std::chrono::duration<double>(now - shown_at).count()));
    shown = processed_records(streams);
    shown_at = now;
  }
  progress.clear();
  bool ended = streams.close(patience);
  auto failure = streams.failure();
  if (failure) print_error(failure->to_string());
  if (!ended) leave_without_threads(name, patience);
  return failure ? kExitFailed : 0;
}

std::string picture(const Topology& topology, const std::string& format) {
  if (format == "mermaid") return topology.mermaid();
  if (format == "graphviz") return topology.graphviz();
  return topology.describe();
}

int describe(const TopologyFactory& factory, const std::string& format) {
  auto topology = make_topology(factory);
  if (!topology) return kExitMisused;
  std::fputs(picture(*topology, format).c_str(), stdout);
  return flush_output();
}

std::optional<std::string> read_text(const std::string& file) {
  std::ifstream from_file;
  if (file != "-") from_file.open(file, std::ios::binary);
  std::istream& in = file == "-" ? std::cin : from_file;
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad() || !in || !(file == "-" || from_file.is_open())) return std::nullopt;
  return text;
}

/// What an upgrade from the topology described in `file` to this one keeps and loses.
int describe_diff(const TopologyFactory& factory, const std::string& file) {
  auto text = read_text(file);
  if (!text) {
    print_error(Error(ErrorCode::InputUnreadable, fmt::format("{} cannot be read", file)).to_string());
    return kExitMisused;
  }
  auto topology = make_topology(factory);
  if (!topology) return kExitMisused;
  auto diff = diff_topology(*text, *topology);
  if (!diff) {
    print_error(fmt::format("{}: {}", file, diff.error().to_string()));
    return kExitMisused;
  }
  for (const std::string& line : diff->lines) std::printf("%s\n", line.c_str());
  int flushed = flush_output();
  return flushed != 0 ? flushed : (diff->loses ? kExitFailed : 0);
}

int check(const TopologyFactory& factory, const std::string& file, const AppOptions& options) {
  if (!load_application(factory, file, options)) return kExitMisused;
  std::printf("%s: ok\n", file.c_str());
  return flush_output();
}

int reset(const TopologyFactory& factory, const std::string& file, bool yes, const AppOptions& options) {
  auto application = load_application(factory, file, options);
  if (!application) return kExitMisused;
  auto plan = reset_application(application->topology, application->config, yes);
  if (!plan) {
    print_error(plan.error().to_string());
    return kExitFailed;
  }
  for (const std::string& line : *plan) std::printf("%s\n", line.c_str());
  if (!yes) std::printf("nothing was changed: say --yes to do it\n");
  return flush_output();
}

/// The words that are understood where parsing ended: commands, or options of the command given.
std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  auto parsed = app.get_subcommands();
  if (parsed.empty()) {
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
      words.push_back(command->get_name());
  }
  for (const CLI::Option* option : (parsed.empty() ? app : *parsed.front()).get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

}  // namespace

int run_app(int argc, char** argv, const TopologyFactory& topology, const AppOptions& options) {
  keep_standard_streams();
  std::string name = options.name.empty() ? std::filesystem::path(argv[0]).filename().string() : options.name;
  std::string version = options.version.empty() ? std::string(kVersion) : options.version;
  // Further commands parse their own arguments.
  for (const AppOptions::Command& command : options.commands) {
    if (argc > 1 && command.name == argv[1]) return command.run(argc - 1, argv + 1);
  }
  CLI::App app(options.description.empty() ? "A millrace application." : options.description, name);
  app.set_version_flag("--version", name + " " + version);
  app.footer("Exit codes: 0 done, 1 failed while running, 2 command line, configuration or topology at fault.\n");
  app.require_subcommand(1);
  std::string file;
  std::string format = "text";
  std::string old_description;
  bool yes = false;
  auto* run_command = app.add_subcommand("run", "Run until SIGTERM or SIGINT; a second signal ends it at once.");
  run_command->add_option("--config", file, "The YAML file of this deployment.")->required();
  auto* describe_command = app.add_subcommand("describe", "Print the topology.");
  auto* format_option = describe_command->add_option("--format", format, "text, mermaid or graphviz.")
                            ->check(CLI::IsMember({"text", "mermaid", "graphviz"}));
  describe_command
      ->add_option("--diff", old_description,
                   "A file with what `describe` of an older version printed (-: standard input): says which stores and "
                   "topics an upgrade keeps, renames and leaves behind; exit code 1 if state or records would be lost.")
      ->excludes(format_option);
  auto* check_command =
      app.add_subcommand("check", "Check a configuration file and the topology; name all that is wrong.");
  check_command->add_option("--config", file, "The YAML file to check.")->required();
  auto* reset_command =
      app.add_subcommand("reset", "Forget offsets, internal topics and local state; keep the other topics.");
  reset_command->add_option("--config", file, "The YAML file of the deployment to reset.")->required();
  reset_command->add_flag("--yes", yes, "Do it; otherwise only say what would be done.");
  for (const AppOptions::Command& command : options.commands) app.add_subcommand(command.name, command.description);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    auto known = known_words(app);
    auto unexpected = app.remaining(true);
    std::string message = error.what();
    if (app.get_subcommands().empty()) {
      message = fmt::format("a command is missing: {}", fmt::join(known, ", "));
      // What follows a word that is no command belongs to the command meant.
      if (!unexpected.empty()) unexpected.resize(1);
    }
    return report_misuse(name, message, unexpected, known);
  }
  if (describe_command->parsed()) {
    return old_description.empty() ? describe(topology, format) : describe_diff(topology, old_description);
  }
  if (check_command->parsed()) return check(topology, file, options);
  if (reset_command->parsed()) return reset(topology, file, yes, options);
  auto application = load_application(topology, file, options);
  if (!application) return kExitMisused;
  return run(name, std::move(*application));
}

}  // namespace millrace
