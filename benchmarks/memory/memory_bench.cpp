// How much memory the embedded engine takes with many keys under memory.budget.bytes: each key is counted `--rounds`
// times, in a scattered order. Another process writes the input, so that this one shows the engine's memory.
//
//   memory_bench [--keys 10000000] [--rounds 2] [--partitions 4] [--budget-mib 512] [--limit-mib 700] [--directory DIR]
//
// Prints the most that each owner held, the resident memory by kind, and where the rest lies. Exit codes: 0 within the
// limit and every count right, 1 not, 2 wrong usage.
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/app/streams.hpp>
#include <millrace/app/wait.hpp>
#include <millrace/config/memory_shares.hpp>

#include "flags.hpp"
#include "run_directory.hpp"
#include "topologies.hpp"

namespace millrace::bench {
namespace {

constexpr double kMiB = 1024 * 1024;
constexpr std::uint64_t kScatter = 7919;

struct Options {
  std::uint64_t keys = 0;
  std::uint64_t rounds = 0;
  int partitions = 0;
  std::int64_t budget_mib = 0;
  std::int64_t limit_mib = 0;
  std::string directory;
};

template <class T>
T require(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().to_string());
  return std::move(*result);
}
void require(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().to_string());
}

StreamsConfig config_of(const Options& options) {
  StreamsConfig config;
  config.application_id = "memory-bench";
  config.state_dir = options.directory;
  config.memory_budget_bytes = options.budget_mib << 20;
  config.default_partitions = options.partitions;
  config.metrics_enabled = false;
  config.log_level = LogLevel::Warn;
  return config;
}

std::string key_of(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return "key-" + std::string(10 - digits.size(), '0') + digits;
}

/// The whole input, in transactions of some megabytes.
void write_input(const Options& options) {
  const StreamsConfig config = config_of(options);
  const auto directory = require(StateDirectory::open(config.state_dir, config.application_id));
  const auto embedded = require(open_embedded_log(directory->log_path()));
  Log& log = embedded->log();
  require(wait(log.admin().ensure_topics({{kInput, options.partitions, CleanupPolicy::Delete}})));
  const auto writer = log.open_writer("seed", {});
  constexpr std::uint64_t kTransactionRecords = 100'000;
  const std::uint64_t records = options.keys * options.rounds;
  for (std::uint64_t done = 0; done < records;) {
    std::vector<RecordBatchBuilder> batches(static_cast<std::size_t>(options.partitions));
    for (std::uint64_t end = std::min(records, done + kTransactionRecords); done < end; ++done) {
      const std::uint64_t number = done * kScatter % options.keys;
      batches[number % batches.size()].add(key_of(number), "v", Timestamp(milliseconds(1'700'000'000'000)), {});
    }
    Transaction transaction;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      if (batches[i].empty()) continue;
      transaction.appends.push_back({{kInput, Partition(static_cast<std::int32_t>(i))}, {}});
      transaction.appends.back().batches.push_back(batches[i].finish());
    }
    static_cast<void>(require(wait(writer->commit(std::move(transaction)))));
  }
}

void write_input_elsewhere(const Options& options) {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    int code = 0;
    try {
      write_input(options);
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "memory_bench: %s\n", failure.what());
      code = 1;
    }
    ::_exit(code);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || status != 0) throw std::runtime_error("the input was not written");
}

/// "VmRSS", "RssAnon", ... of this process, in bytes.
std::map<std::string, double> process_memory() {
  std::map<std::string, double> values;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.find(" kB") == std::string::npos) continue;
    const auto colon = line.find(':');
    values[line.substr(0, colon)] = std::stod(line.substr(colon + 1)) * 1024;
  }
  return values;
}

std::map<std::string, double> gauges(Streams& streams, const std::string& metric) {
  std::map<std::string, double> values;
  for (const FamilySnapshot& family : streams.metrics().snapshot()) {
    if (family.info.name != metric) continue;
    for (const SeriesSnapshot& series : family.series) values[series.label_values.at(0)] = series.value;
  }
  return values;
}

void keep_most(std::map<std::string, double>& most, const std::map<std::string, double>& now) {
  for (const auto& [name, value] : now) most[name] = std::max(most[name], value);
}

/// Every key has every round, also those that are read from the disk by now.
std::uint64_t wrong_counts(const Streams& streams, const Options& options) {
  const auto store =
      require(streams.store<ReadOnlyKeyValueStore<std::string, std::int64_t>>(kStore, {.ask_every_partition = true}));
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const auto count = require(store.get(key_of(i * 7'907 % options.keys)));
    if (count != static_cast<std::int64_t>(options.rounds)) ++wrong;
  }
  return wrong;
}

int measure(const Options& options) {
  write_input_elsewhere(options);
  Streams streams(make_topology(Shape::Count, true), config_of(options));
  const auto begin = std::chrono::steady_clock::now();
  require(streams.start());
  std::map<std::string, double> most_held;
  std::map<std::string, double> most_resident;
  const auto sample = [&] {
    keep_most(most_held, gauges(streams, "streams_memory_bytes"));
    keep_most(most_resident, process_memory());
  };
  while (!require(streams.drained())) {
    if (const auto failure = streams.failure()) throw std::runtime_error(failure->to_string());
    sample();
    static_cast<void>(streams.wait_for([] { return false; }, std::chrono::milliseconds(200)));
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const std::uint64_t wrong = wrong_counts(streams, options);
  sample();
  const auto held = gauges(streams, "streams_memory_bytes");
  const auto budgets = gauges(streams, "streams_memory_budget_bytes");
  const auto allocator = mallinfo2();
  std::printf(
      "%llu keys x %llu, %d partitions, budget %lld MiB: %.0f s, %.0f records/s, %llu of 100000 counts wrong\n\n",
      static_cast<unsigned long long>(options.keys), static_cast<unsigned long long>(options.rounds),
      options.partitions, static_cast<long long>(options.budget_mib), seconds,
      static_cast<double>(options.keys * options.rounds) / seconds, static_cast<unsigned long long>(wrong));
  std::printf("%-22s %10s %10s %10s   MiB\n", "owner", "most", "at end", "share");
  double total = 0;
  for (const auto& [owner, budget] : budgets) {
    std::printf("%-22s %10.1f %10.1f %10.1f\n", owner.c_str(), most_held[owner] / kMiB, held.at(owner) / kMiB,
                budget / kMiB);
    total += held.at(owner);
  }
  std::printf("%-22s %10s %10.1f %10lld\n\n", "all owners", "", total / kMiB,
              static_cast<long long>(options.budget_mib));
  const auto now = process_memory();
  for (const char* kind : {"VmRSS", "RssAnon", "RssFile", "VmHWM"})
    std::printf("%-22s %10.1f %10.1f\n", kind, most_resident[kind] / kMiB, now.at(kind) / kMiB);
  std::printf("%-22s %10s %10.1f\n", "allocated", "",
              static_cast<double>(allocator.uordblks + allocator.hblkhd) / kMiB);
  std::printf("%-22s %10s %10.1f\n", "kept by malloc", "", static_cast<double>(allocator.fordblks) / kMiB);
  const double peak = now.at("VmHWM");
  const bool within = peak <= static_cast<double>(options.limit_mib) * kMiB;
  std::printf("\npeak resident %.0f MiB, limit %lld MiB: %s\n", peak / kMiB, static_cast<long long>(options.limit_mib),
              within ? "met" : "MISSED");
  if (!streams.close(std::chrono::seconds(60))) throw std::runtime_error("the engine did not stop");
  return within && wrong == 0 ? 0 : 1;
}

int run(Flags& flags) {
  Options options;
  options.keys = flags.number("keys", 10'000'000);
  options.rounds = flags.number("rounds", 2);
  options.partitions = static_cast<int>(flags.number("partitions", 4));
  options.budget_mib = static_cast<std::int64_t>(flags.number("budget-mib", 512));
  options.limit_mib = static_cast<std::int64_t>(flags.number("limit-mib", 700));
  const std::string parent = flags.text("directory", std::filesystem::temp_directory_path().string());
  flags.reject_unknown();
  if (options.keys == 0 || options.keys % kScatter == 0) throw std::invalid_argument("--keys: no multiple of 7919");
  const RunDirectory directory(parent, "memory-bench");
  options.directory = directory.path();
  return measure(options);
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  int code = 1;
  const int refused = millrace::bench::run_with_flags("memory_bench", argc, argv,
                                                      [&](auto& flags) { code = millrace::bench::run(flags); });
  return refused != 0 ? refused : code;
}
