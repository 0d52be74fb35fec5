// The embedded engine, whole: Streams, exactly once, over the durable log in one process. The source topic is filled
// before the timing starts; it ends when every record is processed and committed. Start-up counts.
//
//   embedded_bench [--topology pass-through|count|tumbling-count|stream-join] [--store rocksdb|memory] [--records N]
//                  [--keys N] [--value-bytes N] [--seed N] [--passes N] [--commit-ms 100] [--batch-bytes 131072]
//                  [--directory DIR] [--readers N] [--reads-per-second N]
//
// With readers, so many threads ask the store of the counts by key at the same time, at that rate (0: as fast as they
// can); the line then has "reads_per_second", and a count that goes down fails the run.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iterator>
#include <thread>
#include <unordered_map>
#include <vector>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/app/streams.hpp>
#include <millrace/app/wait.hpp>
#include <millrace/base/big_endian.hpp>

#include "flags.hpp"
#include "measure.hpp"
#include "run_directory.hpp"
#include "store_readers.hpp"
#include "topologies.hpp"
#include "workload.hpp"

namespace millrace::bench {
namespace {

// Windows hold 640,000 records; a record joins two others on average.
constexpr std::chrono::milliseconds kWindow{10'000};
constexpr std::chrono::milliseconds kDifference{1};

enum class Kind { PassThrough, Count, TumblingCount, StreamJoin };
constexpr const char* kKindNames[] = {"pass-through", "count", "tumbling-count", "stream-join"};

struct EngineOptions {
  Kind kind = Kind::PassThrough;
  bool rocksdb = true;
  std::chrono::milliseconds commit_interval{};
  std::size_t batch_bytes = 0;
  unsigned readers = 0;
  std::uint64_t reads_per_second = 0;
};

template <class T>
T require(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().to_string());
  return std::move(*result);
}
void require(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().to_string());
}

class EnginePass {
 public:
  EnginePass(const EngineOptions& options, const Workload& workload, const std::string& directory)
      : options_(options), workload_(workload) {
    config_.application_id = "embedded-bench";
    config_.state_dir = directory;
    config_.commit_interval = options.commit_interval;
    config_.metrics_enabled = false;
    config_.log_level = LogLevel::Warn;
  }

  PassResult run(unsigned pass) {
    seed();
    Streams streams(topology(), config_);
    Stopwatch watch;
    watch.start();
    require(streams.start());
    StoreReaders readers(streams, workload_, options_.readers, options_.reads_per_second);
    wait_until_committed(streams);
    watch.stop();
    readers.stop();
    if (readers.wrong() > 0) throw std::runtime_error(std::to_string(readers.wrong()) + " reads were wrong");
    std::string details = ",\"commits\":" + std::to_string(streams.thread_status().front().commits);
    if (options_.readers > 0) {
      const double rate = static_cast<double>(readers.reads()) / watch.seconds();
      details += ",\"reads_per_second\":" + std::to_string(static_cast<std::uint64_t>(rate));
    }
    verify(streams.log());
    if (!streams.close(config_.shutdown_timeout)) throw std::runtime_error("the engine did not stop");
    return {"millrace",
            kKindNames[static_cast<std::size_t>(options_.kind)],
            options_.kind == Kind::PassThrough ? "" : (options_.rocksdb ? "rocksdb" : "memory"),
            pass,
            workload_.size(),
            watch.seconds(),
            watch.cpu_seconds(),
            details};
  }

 private:
  static constexpr std::size_t kSeedTransactionBytes = 16 << 20;
  static constexpr std::uint32_t kRecordsPerMillisecond = 64;

  Topology topology() const {
    switch (options_.kind) {
      case Kind::PassThrough: break;
      case Kind::Count: return count(options_.rocksdb);
      case Kind::TumblingCount: return tumbling_count(options_.rocksdb, kWindow);
      case Kind::StreamJoin: return stream_join(options_.rocksdb, kDifference);
    }
    return pass_through();
  }
  static std::int64_t time_ms(std::size_t record) {
    return 1'700'000'000'000 + static_cast<std::int64_t>(record / kRecordsPerMillisecond);
  }
  /// Records of a join go to its sides in turn.
  [[nodiscard]] std::size_t sides() const { return options_.kind == Kind::StreamJoin ? 2 : 1; }
  static const char* input(std::size_t side) { return side == 0 ? kInput : kOtherInput; }

  void seed() const {
    for (std::size_t side = 0; side < sides(); ++side) seed(side);
  }
  /// A source topic, settled on disk as after a restart.
  void seed(std::size_t side) const {
    const auto directory = require(StateDirectory::open(config_.state_dir, config_.application_id));
    const auto embedded = require(open_embedded_log(directory->log_path()));
    Log& log = embedded->log();
    require(wait(log.admin().ensure_topics({{input(side), 1, CleanupPolicy::Delete}})));
    const auto writer = log.open_writer("seed", {});
    RecordBatchBuilder batch;
    PartitionAppend append{{input(side), Partition(0)}, {}};
    std::size_t pending_bytes = 0;
    for (std::size_t i = side; i < workload_.size(); i += sides()) {
      batch.add(workload_.key(i), workload_.value(i), Timestamp(milliseconds(time_ms(i))), {});
      const bool last = i + sides() >= workload_.size();
      if (batch.size_bytes() < options_.batch_bytes && !last) continue;
      append.batches.push_back(batch.finish());
      pending_bytes += append.batches.back().bytes.size();
      if (pending_bytes < kSeedTransactionBytes && !last) continue;
      Transaction transaction;
      transaction.appends.push_back(std::exchange(append, {{input(side), Partition(0)}, {}}));
      static_cast<void>(require(wait(writer->commit(std::move(transaction)))));
      pending_bytes = 0;
    }
  }

  void wait_until_committed(Streams& streams) const {
    const auto position = [&] {
      const auto committed = require(wait(streams.log().admin().committed_offsets(config_.application_id)));
      std::size_t sum = 0;
      for (std::size_t side = 0; side < sides(); ++side) {
        const auto found = committed.find({input(side), Partition(0)});
        if (found != committed.end()) sum += static_cast<std::size_t>(found->second.offset.value());
      }
      return sum;
    };
    while (position() < workload_.size()) {
      if (const auto failure = streams.failure()) throw std::runtime_error(failure->to_string());
      // The last commit need not wait for its interval: the peer's does not either.
      if (streams.thread_status().front().processed_records == workload_.size()) streams.request_commit();
      static_cast<void>(streams.wait_for([] { return false; }, std::chrono::milliseconds(2)));
    }
  }

  void verify(Log& log) const {
    if (options_.kind == Kind::TumblingCount) return verify_number(log, workload_.size());
    if (options_.kind == Kind::StreamJoin) return verify_number(log, pairs());
    verify_each(log);
  }
  /// How many pairs a join finds.
  [[nodiscard]] std::size_t pairs() const {
    std::unordered_map<std::string, std::vector<std::size_t>> recent;
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < workload_.size(); ++i) {
      auto& others = recent[workload_.key(i)];
      std::erase_if(others, [&](std::size_t other) { return time_ms(other) < time_ms(i) - kDifference.count(); });
      pairs += static_cast<std::size_t>(
          std::count_if(others.begin(), others.end(), [&](std::size_t other) { return other % 2 != i % 2; }));
      others.push_back(i);
    }
    return pairs;
  }
  static void verify_number(Log& log, std::size_t expected) {
    const auto reader = log.open_reader({});
    const auto slot = require(reader->assign({kOutput, Partition(0)}, Offset(0)));
    std::size_t found = 0;
    while (const auto batch = require(reader->poll(slot, 1 << 20))) found += batch->records.size();
    if (found == expected) return;
    throw std::runtime_error("expected " + std::to_string(expected) + " results, found " + std::to_string(found));
  }
  /// Every record arrived, once, in order, with the right bytes: a fast engine that loses some is none.
  void verify_each(Log& log) const {
    const auto reader = log.open_reader({});
    const auto slot = require(reader->assign({kOutput, Partition(0)}, Offset(0)));
    std::unordered_map<std::string, std::int64_t> counts;
    std::size_t found = 0;
    while (const auto batch = require(reader->poll(slot, 1 << 20))) {
      for (const RecordView& record : batch->records) {
        if (found == workload_.size()) throw std::runtime_error("the output has records that were not sent");
        const bool right =
            record.key == workload_.key(found) && record.value &&
            (options_.kind == Kind::Count ? read_big_endian<std::int64_t>(*record.value) == ++counts[Bytes(*record.key)]
                                          : *record.value == workload_.value(found));
        if (!right) throw std::runtime_error("record " + std::to_string(found) + " of the output is wrong");
        ++found;
      }
    }
    if (found == workload_.size()) return;
    throw std::runtime_error("sent " + std::to_string(workload_.size()) + " records, found " + std::to_string(found));
  }

  const EngineOptions& options_;
  const Workload& workload_;
  StreamsConfig config_;
};

void run(Flags& flags) {
  EngineOptions options;
  const std::string kind = flags.choice("topology", {kKindNames[0], kKindNames[1], kKindNames[2], kKindNames[3]});
  options.kind = static_cast<Kind>(std::find(std::begin(kKindNames), std::end(kKindNames), kind) - kKindNames);
  options.rocksdb = flags.choice("store", {"rocksdb", "memory"}) == "rocksdb";
  options.commit_interval = std::chrono::milliseconds(flags.number("commit-ms", 100));
  options.batch_bytes = flags.number("batch-bytes", 128 << 10);
  options.readers = static_cast<unsigned>(flags.number("readers", 0));
  options.reads_per_second = flags.number("reads-per-second", 0);
  WorkloadOptions records;
  records.records = flags.number("records", 5'000'000);
  records.keys = static_cast<std::uint32_t>(flags.number("keys", records.keys));
  records.value_bytes = static_cast<std::uint32_t>(flags.number("value-bytes", records.value_bytes));
  records.seed = flags.number("seed", records.seed);
  const std::uint64_t passes = flags.number("passes", 2);
  const std::string parent = flags.text("directory", std::filesystem::temp_directory_path().string());
  flags.reject_unknown();
  if (options.readers > 0 && options.kind != Kind::Count)
    throw std::invalid_argument("--readers needs --topology count");
  if (records.records == 0) throw std::invalid_argument("--records must be at least 1");
  const Workload workload(records);
  for (unsigned pass = 1; pass <= passes; ++pass) {
    const RunDirectory directory(parent, "embedded-bench");
    print_json_line(EnginePass(options, workload, directory.path()).run(pass));
  }
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  return millrace::bench::run_with_flags("embedded_bench", argc, argv, millrace::bench::run);
}
