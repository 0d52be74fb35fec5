// Our side of the driver benchmark: TopologyTestDriver, record by record, each committed before the next is piped.
// peers/java-driver does the same with Kafka Streams' driver of that name, and prints the same JSON lines.
//
//   driver_bench [--topology pass-through|count] [--store memory|rocksdb] [--records N] [--keys N] [--value-bytes N]
//                [--seed N] [--passes N] [--pipe one|list]
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>

#include <millrace/adapters/rocksdb/rocksdb_state.hpp>
#include <millrace/testing/topology_test_driver.hpp>

#include "flags.hpp"
#include "measure.hpp"
#include "run_directory.hpp"
#include "topologies.hpp"
#include "workload.hpp"

namespace millrace::bench {
namespace {

// Records between two drains of the output; the Java peer drains as often.
constexpr std::size_t kDrainEvery = 10'000;

struct DriverOptions {
  bool count = false;
  bool rocksdb = false;
  bool list = false;
};

template <class V>
void drive(TopologyTestDriver& driver, const Workload& workload, bool list, Stopwatch& watch) {
  auto input = driver.create_input_topic<std::string, std::string>(kInput);
  auto output = driver.create_output_topic<std::string, V>(kOutput);
  std::vector<std::pair<std::optional<std::string>, std::optional<std::string>>> records;
  std::size_t read = 0;
  watch.start();
  for (std::size_t begin = 0; begin < workload.size(); begin += kDrainEvery) {
    const std::size_t end = std::min(begin + kDrainEvery, workload.size());
    if (list) {
      records.clear();
      for (std::size_t i = begin; i < end; ++i) records.emplace_back(workload.key(i), workload.value(i));
      input.pipe_key_value_list(records);
    } else {
      for (std::size_t i = begin; i < end; ++i) input.pipe_input(workload.key(i), workload.value(i));
    }
    for (; !output.empty(); ++read) static_cast<void>(output.read_value());
  }
  watch.stop();
  if (read == workload.size()) return;
  throw std::runtime_error("piped " + std::to_string(workload.size()) + " records, read " + std::to_string(read) +
                           " from the output");
}

PassResult run_pass(const DriverOptions& options, const Workload& workload, unsigned pass) {
  const RunDirectory directory(std::filesystem::temp_directory_path().string(), "driver-bench");
  RocksDbTaskBackendFactory backends;
  TestDriverOptions driver_options;
  driver_options.config.application_id = "driver-bench";
  if (options.rocksdb) {
    driver_options.config.state_dir = directory.path();
    driver_options.persistent_stores = &backends;
  }
  TopologyTestDriver driver(options.count ? count(options.rocksdb) : pass_through(), driver_options);
  Stopwatch watch;
  if (options.count) drive<std::int64_t>(driver, workload, options.list, watch);
  else drive<std::string>(driver, workload, options.list, watch);
  return {"millrace",
          options.count ? "count" : "pass-through",
          std::string(options.count ? (options.rocksdb ? "rocksdb" : "memory") : "") +
              (options.list ? (options.count ? " list" : "list") : ""),
          pass,
          workload.size(),
          watch.seconds(),
          watch.cpu_seconds(),
          ""};
}

void run(Flags& flags) {
  DriverOptions options;
  options.count = flags.choice("topology", {"pass-through", "count"}) == "count";
  options.rocksdb = flags.choice("store", {"memory", "rocksdb"}) == "rocksdb";
  options.list = flags.choice("pipe", {"one", "list"}) == "list";
  WorkloadOptions records;
  records.records = flags.number("records", records.records);
  records.keys = static_cast<std::uint32_t>(flags.number("keys", records.keys));
  records.value_bytes = static_cast<std::uint32_t>(flags.number("value-bytes", records.value_bytes));
  records.seed = flags.number("seed", records.seed);
  const std::uint64_t passes = flags.number("passes", 2);
  flags.reject_unknown();
  const Workload workload(records);
  for (unsigned pass = 1; pass <= passes; ++pass) print_json_line(run_pass(options, workload, pass));
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  return millrace::bench::run_with_flags("driver_bench", argc, argv, millrace::bench::run);
}
