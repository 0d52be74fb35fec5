// Our side of the driver benchmark: TopologyTestDriver, record by record, each committed before the next is piped.
// peers/java-driver does the same with Kafka Streams' driver of that name, and prints the same JSON lines.
//
//   driver_bench [--topology NAME (topologies.hpp)] [--store memory|rocksdb] [--records N] [--keys N] [--value-bytes N]
//                [--seed N] [--passes N] [--pipe one|list]
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <vector>

#include <millrace/adapters/rocksdb/rocksdb_state.hpp>
#include <millrace/testing/topology_test_driver.hpp>

#include "feed.hpp"
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
  Shape shape = Shape::PassThrough;
  bool rocksdb = false;
  bool list = false;
};

using Input = TestInputTopic<std::string, std::string>;
using InputRecord = Record<std::string, std::string>;

/// The input topics of a feed, and records of each that wait to be piped as a list.
class Inputs {
 public:
  Inputs(TopologyTestDriver& driver, const Feed& feed) {
    for (const std::string& topic : feed.topics()) {
      topics_.emplace(topic, driver.create_input_topic<std::string, std::string>(topic));
    }
  }
  void pipe(const FeedRecord& record) {
    topics_.at(record.topic).pipe_input(InputRecord{record.key, record.value, record.time, {}});
  }
  void add(const FeedRecord& record) {
    waiting_[record.topic].push_back(InputRecord{record.key, record.value, record.time, {}});
  }
  void pipe_waiting() {
    for (auto& [topic, records] : waiting_) {
      topics_.at(topic).pipe_record_list(records);
      records.clear();
    }
  }

 private:
  std::map<std::string, Input, std::less<>> topics_;
  std::map<std::string, std::vector<InputRecord>, std::less<>> waiting_;
};

template <class K, class V>
std::size_t drain(TestOutputTopic<K, V>& output) {
  std::size_t read = 0;
  for (; !output.empty(); ++read) static_cast<void>(output.read_value());
  return read;
}

template <class K, class V>
void drive(TopologyTestDriver& driver, const Feed& feed, bool list, Stopwatch& watch) {
  Inputs inputs(driver, feed);
  auto output = driver.create_output_topic<K, V>(kOutput);
  for (std::size_t i = 0; i < feed.rows(); ++i) inputs.pipe(feed.row(i));
  std::size_t read = 0;
  watch.start();
  for (std::size_t begin = 0; begin < feed.size(); begin += kDrainEvery) {
    const std::size_t end = std::min(begin + kDrainEvery, feed.size());
    for (std::size_t i = begin; i < end; ++i) {
      if (list) inputs.add(feed.at(i));
      else inputs.pipe(feed.at(i));
    }
    if (list) inputs.pipe_waiting();
    read += drain(output);
  }
  watch.stop();
  if (read == feed.expected_outputs()) return;
  throw std::runtime_error("read " + std::to_string(read) + " records from the output, expected " +
                           std::to_string(feed.expected_outputs()));
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
  TopologyTestDriver driver(make_topology(options.shape, options.rocksdb), driver_options);
  const Feed feed(options.shape, workload);
  Stopwatch watch;
  if (options.shape == Shape::TumblingCount) {
    drive<Windowed<std::string>, std::int64_t>(driver, feed, options.list, watch);
  } else if (counts(options.shape)) {
    drive<std::string, std::int64_t>(driver, feed, options.list, watch);
  } else {
    drive<std::string, std::string>(driver, feed, options.list, watch);
  }
  const std::string store = options.shape == Shape::PassThrough ? "" : (options.rocksdb ? "rocksdb" : "memory");
  return {"millrace",
          name_of(options.shape),
          store + (options.list ? (store.empty() ? "list" : " list") : ""),
          pass,
          workload.size(),
          watch.seconds(),
          watch.cpu_seconds(),
          ",\"outputs\":" + std::to_string(feed.expected_outputs())};
}

void run(Flags& flags) {
  DriverOptions options;
  options.shape = shape_of(flags.choice("topology", shape_names()));
  options.rocksdb = flags.choice("store", {"memory", "rocksdb"}) == "rocksdb";
  options.list = flags.choice("pipe", {"one", "list"}) == "list";
  if (options.list && options.shape == Shape::StreamStreamJoin)
    throw std::invalid_argument("--pipe list is for one topic: the sides of stream-stream-join have to come in turn");
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
