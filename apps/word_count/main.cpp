// word_count: counts the words of files, exactly once, and prints "word<TAB>count" in byte order.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <millrace/adapters/yaml/load_config.hpp>
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

constexpr int kFailed = 1;
constexpr int kMisused = 2;

struct Arguments {
  std::vector<fs::path> files;
  std::string state_dir;
  std::string config_file;
  bool describe = false;
  bool list_crash_points = false;
};

/// A folder of its own for a run without --state-dir; gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "word_count-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

int fail(const Error& error) {
  std::fprintf(stderr, "word_count: %s\n", error.to_string().c_str());
  return kFailed;
}

/// Waits until everything is counted. False if a signal or a failure came first.
Result<bool> wait_until_counted(Streams& streams, const StopSignals& signals, const LineInput& input,
                                const std::atomic<bool>& read_all, const std::atomic<bool>& input_failed) {
  ProgressLine progress(stderr);
  while (true) {
    if (auto failure = streams.failure()) return *failure;
    if (signals.stop_requested() || input_failed) return false;
    if (read_all) {
      streams.request_commit();
      auto drained = streams.drained();
      if (!drained) return drained.error();
      if (*drained) return true;
    }
    if (progress.due()) {
      std::uint64_t records = 0;
      for (const ThreadStatus& thread : streams.thread_status()) records += thread.processed_records;
      progress.show(fmt::format("word_count: {:.1f} MB read, {} records processed",
                                static_cast<double>(input.appended_bytes()) / 1e6, records));
    }
    (void)streams.wait_for([&] { return streams.failure().has_value() || signals.stop_requested(); },
                           std::chrono::milliseconds(5));
  }
}

Result<void> print_counts(Streams& streams) {
  std::vector<std::pair<std::string, std::int64_t>> counts;
  MILLRACE_TRY(streams.read_store(word_count::kStore, [&](TaskId, BytesView word, BytesView stored) {
    counts.emplace_back(word, read_big_endian<std::int64_t>(value_of(stored)));
  }));
  std::sort(counts.begin(), counts.end());
  bool written = true;
  for (const auto& [word, count] : counts)
    written &= std::fprintf(stdout, "%s\t%lld\n", word.c_str(), static_cast<long long>(count)) > 0;
  if (!written || std::fflush(stdout) != 0)
    return Error(ErrorCode::OutputFailed, "the counts could not be written to standard output");
  return {};
}

int count_words(const Arguments& arguments, const StreamsConfig& config, const StopSignals& signals) {
  Streams streams(word_count::topology(), config);
  if (auto started = streams.start(); !started) return fail(started.error());
  LineInput input(streams.log(), streams.clock(),
                  {config.application_id, word_count::kLinesTopic,
                   streams.catalog().find(word_count::kLinesTopic)->partitions, arguments.files});
  std::atomic<bool> read_all{false};
  std::atomic<bool> stop_reading{false};
  Result<bool> input_result = true;
  std::thread reader([&] {
    // Not far ahead of the counting: what is read lies in the log twice.
    auto paced = [&] {
      (void)streams.wait_for(
          [&] { return stop_reading || streams.failure() || streams.thread_status().front().lag_records < 200'000; },
          std::chrono::seconds(1));
      return !stop_reading && !signals.stop_requested() && !streams.failure();
    };
    input_result = input.run(paced);
    if (input_result && *input_result) read_all = true;
    else stop_reading = true;
  });
  Result<bool> counted = wait_until_counted(streams, signals, input, read_all, stop_reading);
  stop_reading = true;
  reader.join();
  bool ended = streams.close(config.shutdown_timeout);
  if (!input_result) return fail(input_result.error());
  if (!counted) return fail(counted.error());
  if (auto failure = streams.failure()) return fail(*failure);
  if (!*counted) {
    std::fprintf(
        stderr, "word_count: stopped; %s\n",
        arguments.state_dir.empty() ? "nothing was kept" : "run it again with the same --state-dir and files to go on");
    return 128 + signals.signal();
  }
  if (!ended) return kFailed;
  if (auto printed = print_counts(streams); !printed) return fail(printed.error());
  return 0;
}

int list_crash_points() {
#ifdef MILLRACE_CRASH_POINTS
  for (std::string_view name : detail::crash_point_names()) std::printf("%s\n", std::string(name).c_str());
  return 0;
#else
  std::fprintf(stderr, "word_count: this build has no crash points; the test build of it has\n");
  return kMisused;
#endif
}

int run(const Arguments& arguments) {
  if (arguments.list_crash_points) return list_crash_points();
  if (arguments.describe) {
    std::fputs(word_count::topology().describe().c_str(), stdout);
    return 0;
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
      return kMisused;
    }
  }
  StopSignals signals;
  TemporaryFolder fresh;
  config.state_dir = arguments.state_dir.empty() ? fresh.path() : fs::path(arguments.state_dir);
  if (config.state_dir.empty())
    return fail(Error(ErrorCode::StateDirectoryUnusable, "no temporary folder can be made; set TMPDIR"));
  return count_words(arguments, config, signals);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Counts words: maximal runs of ASCII letters, lower-cased. Prints word<TAB>count in byte order.",
               "word_count");
  app.set_version_flag("--version", "word_count " + std::string(kVersion));
  app.add_option("FILE", arguments.files, "Files to read; - or none is standard input.");
  app.add_option(
      "--state-dir", arguments.state_dir,
      "Keep log and state here: a run that was stopped or killed goes on where it was. Without it a run is fresh.");
  app.add_option("--config", arguments.config_file, "A YAML file with further settings.");
  app.add_flag("--describe", arguments.describe, "Print the topology and end.");
  app.add_flag("--list-crash-points", arguments.list_crash_points)->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kMisused;
  }
  if (arguments.files.empty()) arguments.files = {"-"};
  return run(arguments);
}
