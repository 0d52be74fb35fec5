// word_count: counts the words of files, exactly once, and prints "word<TAB>count" in byte order.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <millrace/adapters/yaml/load_config.hpp>
#include <millrace/app/command_line.hpp>
#include <millrace/app/line_input.hpp>
#include <millrace/app/progress.hpp>
#include <millrace/app/signals.hpp>
#include <millrace/app/streams.hpp>
#include <millrace/app/version.hpp>
#include <millrace/base/big_endian.hpp>
#include <millrace/base/crash_point.hpp>
#include <millrace/config/config_error.hpp>
#include <millrace/config/parse_config.hpp>
#include <millrace/state/buffered_key_value_bytes_store.hpp>
#include "topology.hpp"

namespace {

namespace fs = std::filesystem;
using namespace millrace;

struct Arguments {
  std::vector<fs::path> files;
  std::string state_dir;
  std::string config_file;
  bool caching = false;
  bool describe = false;
  bool list_crash_points = false;
};

/// A folder of its own for a run without --state-dir; gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code failure;
    std::string pattern = (fs::temp_directory_path(failure) / "word_count-XXXXXX").string();
    if (!failure && ::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TemporaryFolder() { remove(); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }
  void remove() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
    path_.clear();
  }

 private:
  fs::path path_;
};

int fail(const Error& error) {
  std::fprintf(stderr, "word_count: %s\n", error.to_string().c_str());
  return kExitFailed;
}

using Counts = std::vector<std::pair<std::string, std::int64_t>>;

/// In byte order.
Result<Counts> read_counts(Streams& streams) {
  Counts counts;
  MILLRACE_TRY(streams.read_store(word_count::kStore, [&](TaskId, BytesView word, BytesView stored) {
    counts.emplace_back(word, read_big_endian<std::int64_t>(value_of(stored)));
  }));
  std::sort(counts.begin(), counts.end());
  return counts;
}

int print_counts(const Counts& counts) {
  bool written = true;
  for (const auto& [word, count] : counts) {
    written = std::fprintf(stdout, "%s\t%lld\n", word.c_str(), static_cast<long long>(count)) > 0;
    if (!written) break;
  }
  if (written && std::fflush(stdout) == 0) return 0;
  return fail(Error(ErrorCode::OutputFailed, "the counts could not be written to standard output"));
}

/// Reads the files on a thread of its own.
class Reader {
 public:
  Reader(Streams& streams, const StopSignals& signals, LineInputOptions options)
      : streams_(streams), signals_(signals), input_(streams.log(), streams.clock(), std::move(options)) {
    thread_ = std::thread([this] {
      result_ = input_.run([this] { return paced(); });
      ended_ = true;
    });
  }
  ~Reader() { thread_.join(); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void request_stop() { stopped_ = true; }
  [[nodiscard]] bool ended() const { return ended_; }
  /// False if it was stopped. REQUIRES: ended().
  [[nodiscard]] const Result<bool>& result() const { return result_; }
  [[nodiscard]] std::uint64_t read_bytes() const { return input_.appended_bytes(); }

 private:
  bool paced() {
    // Not far ahead of the counting: what is read lies in the log twice.
    auto go_on = [this] {
      std::int64_t lag = 0;
      for (const ThreadStatus& thread : streams_.thread_status()) lag += thread.lag_records;
      return stopped_ || streams_.failure() || lag < 200'000;
    };
    (void)streams_.wait_for(go_on, std::chrono::seconds(1));
    return !stopped_ && !signals_.stop_requested() && !streams_.failure();
  }

  Streams& streams_;
  const StopSignals& signals_;
  LineInput input_;
  Result<bool> result_ = false;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

/// Waits until everything is counted. False if a signal or a failure of the reader came first.
Result<bool> wait_until_counted(Streams& streams, const StopSignals& signals, const Reader& reader) {
  ProgressLine progress(stderr, streams.clock());
  while (true) {
    if (auto failure = streams.failure()) return *failure;
    if (signals.stop_requested()) return false;
    if (reader.ended()) {
      if (!reader.result()) return reader.result().error();
      streams.request_commit();
      auto drained = *reader.result() ? streams.drained() : Result<bool>(false);
      if (!drained) return drained.error();
      if (*drained) return true;
    }
    if (progress.due()) {
      std::uint64_t records = 0;
      for (const ThreadStatus& thread : streams.thread_status()) records += thread.processed_records;
      progress.show(fmt::format("word_count: {:.1f} MB read, {} records processed",
                                static_cast<double>(reader.read_bytes()) / 1e6, records));
    }
    (void)streams.wait_for([&] { return streams.failure().has_value() || signals.stop_requested(); },
                           std::chrono::milliseconds(5));
  }
}

/// The counts, or an exit code after it was said why there are none.
std::variant<Counts, int> count_words(const Arguments& arguments, const StreamsConfig& config,
                                      const StopSignals& signals, TemporaryFolder& fresh) {
  Streams streams(word_count::topology(arguments.caching), config);
  if (auto started = streams.start(); !started) return fail(started.error());
  Reader reader(streams, signals,
                {config.application_id, word_count::kLinesTopic,
                 streams.catalog().find(word_count::kLinesTopic)->partitions, arguments.files});
  Result<bool> counted = wait_until_counted(streams, signals, reader);
  reader.request_stop();
  SteadyTime deadline = streams.clock().steady_now() + config.shutdown_timeout;
  bool closed = streams.close(config.shutdown_timeout);
  auto left = std::chrono::ceil<milliseconds>(deadline - streams.clock().steady_now());
  bool ended = streams.wait_for([&] { return reader.ended(); }, std::max(left, milliseconds(0))) && closed;
  std::optional<Error> failure = counted ? streams.failure() : counted.error();
  int exit_code = kExitFailed;
  if (failure) {
    exit_code = fail(*failure);
  } else if (signals.stop_requested()) {
    std::fprintf(
        stderr, "word_count: stopped; %s\n",
        arguments.state_dir.empty() ? "nothing was kept" : "run it again with the same --state-dir and files to go on");
    exit_code = 128 + signals.signal();
  } else if (ended) {
    auto counts = read_counts(streams);
    if (counts) return std::move(*counts);
    exit_code = fail(counts.error());
  }
  if (ended) return exit_code;
  fresh.remove();
  leave_without_threads("word_count", config.shutdown_timeout);
}

int list_crash_points() {
#ifdef MILLRACE_CRASH_POINTS
  for (std::string_view name : detail::crash_point_names()) std::printf("%s\n", std::string(name).c_str());
  return 0;
#else
  std::fprintf(stderr, "word_count: this build has no crash points; the test build of it has\n");
  return kExitMisused;
#endif
}

int run(const Arguments& arguments) {
  if (arguments.list_crash_points) return list_crash_points();
  if (arguments.describe) {
    std::fputs(word_count::topology(arguments.caching).describe().c_str(), stdout);
    if (std::fflush(stdout) == 0) return 0;
    return fail(Error(ErrorCode::OutputFailed, "the topology could not be written to standard output"));
  }
  StreamsConfig config = default_config();
  config.application_id = "word-count";
  config.metrics_enabled = false;
  config.log_level = LogLevel::Warn;
  if (!arguments.config_file.empty()) {
    try {
      config = load_config(arguments.config_file);
    } catch (const ConfigError& error) {
      std::fprintf(stderr, "%s\n", error.what());
      return kExitMisused;
    }
  }
  StopSignals signals;
  signals.end_within(config.shutdown_timeout + milliseconds(500));
  TemporaryFolder fresh;
  config.state_dir = arguments.state_dir.empty() ? fresh.path() : fs::path(arguments.state_dir);
  if (config.state_dir.empty())
    return fail(Error(ErrorCode::StateDirectoryUnusable, "no temporary folder can be made; set TMPDIR"));
  auto counted = count_words(arguments, config, signals, fresh);
  if (int* exit_code = std::get_if<int>(&counted)) return *exit_code;
  // From here on there is nothing to finish but the reader of a pipe, who may take hours.
  fresh.remove();
  signals.end_at_once();
  return print_counts(std::get<Counts>(counted));
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

int main(int argc, char** argv) {
  keep_standard_streams();
  Arguments arguments;
  CLI::App app("Counts words: maximal runs of ASCII letters, lower-cased. Prints word<TAB>count in byte order.",
               "word_count");
  app.set_version_flag("--version", "word_count " + std::string(kVersion));
  app.footer(
      "Exit codes: 0 counted, 1 failed, 2 command line or configuration at fault, 130 and 143 stopped by SIGINT or "
      "SIGTERM; a second signal ends it at once.\n");
  app.add_option("FILE", arguments.files, "Files to read; - or none is standard input.");
  app.add_option(
      "--state-dir", arguments.state_dir,
      "Keep log and state here: a run that was stopped or killed goes on where it was. Without it a run is fresh.");
  app.add_option("--config", arguments.config_file, "A YAML file with further settings; its state.dir is not used.");
  app.add_flag("--caching", arguments.caching,
               "Write to changelog and output topic once per commit the last count of a word, not each.");
  app.add_flag("--describe", arguments.describe, "Print the topology and end.");
  app.add_flag("--list-crash-points", arguments.list_crash_points)->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return report_misuse("word_count", error.what(), app.remaining(), known_options(app));
  }
  if (arguments.files.empty()) arguments.files = {"-"};
  return run(arguments);
}
