// The embedded engine, whole: Streams, exactly once, over the durable log in one process. The source topic is filled
// before the timing starts; it ends when every record is processed and committed. Start-up counts.
//
//   embedded_bench [--topology pass-through|count] [--store rocksdb|memory] [--records N] [--keys N] [--value-bytes N]
//                  [--seed N] [--passes N] [--commit-ms 100] [--batch-bytes 131072] [--directory DIR]
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <thread>
#include <unordered_map>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/app/streams.hpp>
#include <millrace/app/wait.hpp>
#include <millrace/base/big_endian.hpp>

#include "flags.hpp"
#include "measure.hpp"
#include "run_directory.hpp"
#include "topologies.hpp"
#include "workload.hpp"

namespace millrace::bench {
namespace {

struct EngineOptions {
  bool count = false;
  bool rocksdb = true;
  std::chrono::milliseconds commit_interval{};
  std::size_t batch_bytes = 0;
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
    Streams streams(options_.count ? count(options_.rocksdb) : pass_through(), config_);
    Stopwatch watch;
    watch.start();
    require(streams.start());
    wait_until_committed(streams);
    watch.stop();
    const std::string details = ",\"commits\":" + std::to_string(streams.thread_status().front().commits);
    verify(streams.log());
    if (!streams.close(config_.shutdown_timeout)) throw std::runtime_error("the engine did not stop");
    return {"millrace",
            options_.count ? "count" : "pass-through",
            options_.count ? (options_.rocksdb ? "rocksdb" : "memory") : "",
            pass,
            workload_.size(),
            watch.seconds(),
            watch.cpu_seconds(),
            details};
  }

 private:
  static constexpr std::size_t kSeedTransactionBytes = 16 << 20;
  static constexpr std::uint32_t kRecordsPerMillisecond = 64;

  /// The source topic, settled on disk as after a restart.
  void seed() const {
    const auto directory = require(StateDirectory::open(config_.state_dir, config_.application_id));
    const auto embedded = require(open_embedded_log(directory->log_path()));
    Log& log = embedded->log();
    require(wait(log.admin().ensure_topics({{kInput, 1, CleanupPolicy::Delete}})));
    const auto writer = log.open_writer("seed", {});
    RecordBatchBuilder batch;
    PartitionAppend append{{kInput, Partition(0)}, {}};
    std::size_t pending_bytes = 0;
    for (std::size_t i = 0; i < workload_.size(); ++i) {
      const Timestamp time(milliseconds(1'700'000'000'000 + static_cast<std::int64_t>(i / kRecordsPerMillisecond)));
      batch.add(workload_.key(i), workload_.value(i), time, {});
      const bool last = i + 1 == workload_.size();
      if (batch.size_bytes() < options_.batch_bytes && !last) continue;
      append.batches.push_back(batch.finish());
      pending_bytes += append.batches.back().bytes.size();
      if (pending_bytes < kSeedTransactionBytes && !last) continue;
      Transaction transaction;
      transaction.appends.push_back(std::exchange(append, {{kInput, Partition(0)}, {}}));
      static_cast<void>(require(wait(writer->commit(std::move(transaction)))));
      pending_bytes = 0;
    }
  }

  void wait_until_committed(Streams& streams) const {
    const auto position = [&] {
      const auto committed = require(wait(streams.log().admin().committed_offsets(config_.application_id)));
      const auto found = committed.find({kInput, Partition(0)});
      return found == committed.end() ? 0 : static_cast<std::size_t>(found->second.offset.value());
    };
    while (position() < workload_.size()) {
      if (const auto failure = streams.failure()) throw std::runtime_error(failure->to_string());
      // The last commit need not wait for its interval: the peer's does not either.
      if (streams.thread_status().front().processed_records == workload_.size()) streams.request_commit();
      static_cast<void>(streams.wait_for([] { return false; }, std::chrono::milliseconds(2)));
    }
  }

  /// Every record arrived, once, in order, with the right bytes: a fast engine that loses some is none.
  void verify(Log& log) const {
    const auto reader = log.open_reader({});
    const auto slot = require(reader->assign({kOutput, Partition(0)}, Offset(0)));
    std::unordered_map<std::string, std::int64_t> counts;
    std::size_t found = 0;
    while (const auto batch = require(reader->poll(slot, 1 << 20))) {
      for (const RecordView& record : batch->records) {
        if (found == workload_.size()) throw std::runtime_error("the output has records that were not sent");
        const bool right =
            record.key == workload_.key(found) && record.value &&
            (options_.count ? read_big_endian<std::int64_t>(*record.value) == ++counts[Bytes(*record.key)]
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
  options.count = flags.choice("topology", {"pass-through", "count"}) == "count";
  options.rocksdb = flags.choice("store", {"rocksdb", "memory"}) == "rocksdb";
  options.commit_interval = std::chrono::milliseconds(flags.number("commit-ms", 100));
  options.batch_bytes = flags.number("batch-bytes", 128 << 10);
  WorkloadOptions records;
  records.records = flags.number("records", 5'000'000);
  records.keys = static_cast<std::uint32_t>(flags.number("keys", records.keys));
  records.value_bytes = static_cast<std::uint32_t>(flags.number("value-bytes", records.value_bytes));
  records.seed = flags.number("seed", records.seed);
  const std::uint64_t passes = flags.number("passes", 2);
  const std::string parent = flags.text("directory", std::filesystem::temp_directory_path().string());
  flags.reject_unknown();
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
