// The embedded engine, whole: Streams, exactly once, over the durable log in one process. The source topic is filled
// before the timing starts; it ends when every record is processed and committed. Start-up counts, and so does reading
// the table of a join.
//
//   embedded_bench [--topology NAME (topologies.hpp)] [--store rocksdb|memory] [--records N] [--keys N]
//                  [--value-bytes N] [--seed N] [--passes N] [--commit-ms 100] [--batch-bytes 131072] [--directory DIR]
//                  [--fsync] [--waiting] [--readers N] [--reads-per-second N]
//
// --waiting: nothing is processed while a commit is in flight. With readers, so many threads ask the store of the
// counts by key at the same time, at that rate (0: as fast as they can); the line then has "reads_per_second", and a
// count that goes down fails the run.
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/app/streams.hpp>
#include <millrace/app/wait.hpp>
#include <millrace/base/big_endian.hpp>

#include "feed.hpp"
#include "flags.hpp"
#include "measure.hpp"
#include "run_directory.hpp"
#include "store_readers.hpp"
#include "topologies.hpp"
#include "workload.hpp"

namespace millrace::bench {
namespace {

struct EngineOptions {
  Shape shape = Shape::PassThrough;
  bool rocksdb = true;
  std::chrono::milliseconds commit_interval{};
  std::size_t batch_bytes = 0;
  bool fsync = false;
  bool waiting = false;
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
      : options_(options), workload_(workload), feed_(options.shape, workload) {
    config_.application_id = "embedded-bench";
    config_.state_dir = directory;
    config_.commit_interval = options.commit_interval;
    config_.metrics_enabled = false;
    config_.log_fsync = options.fsync;
    config_.process_ahead = !options.waiting;
    config_.log_level = LogLevel::Warn;
  }

  PassResult run(unsigned pass) {
    seed();
    Streams streams(make_topology(options_.shape, options_.rocksdb), config_);
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
            name_of(options_.shape),
            options_.shape == Shape::PassThrough ? "" : (options_.rocksdb ? "rocksdb" : "memory"),
            pass,
            workload_.size(),
            watch.seconds(),
            watch.cpu_seconds(),
            details};
  }

 private:
  static constexpr std::size_t kSeedTransactionBytes = 16 << 20;

  /// The source topics, settled on disk as after a restart.
  void seed() const {
    const auto directory = require(StateDirectory::open(config_.state_dir, config_.application_id));
    const auto embedded = require(open_embedded_log(directory->log_path()));
    Log& log = embedded->log();
    Seeder seeder(log, options_.batch_bytes);
    for (const std::string& topic : feed_.topics()) {
      require(wait(log.admin().ensure_topics({{topic, 1, CleanupPolicy::Delete}})));
    }
    for (std::size_t i = 0; i < feed_.rows(); ++i) seeder.add(feed_.row(i));
    for (std::size_t i = 0; i < feed_.size(); ++i) seeder.add(feed_.at(i));
    seeder.flush();
  }

  /// Writes records in batches and transactions of a size.
  class Seeder {
   public:
    Seeder(Log& log, std::size_t batch_bytes) : batch_bytes_(batch_bytes), writer_(log.open_writer("seed", {})) {}

    void add(const FeedRecord& record) {
      Topic& topic = topics_[record.topic];
      topic.open.add(BytesView(record.key), BytesView(record.value), record.time, {});
      if (topic.open.size_bytes() < batch_bytes_) return;
      finish(topic);
      if (pending_bytes_ >= kSeedTransactionBytes) commit();
    }
    void flush() {
      for (auto& [name, topic] : topics_) {
        if (!topic.open.empty()) finish(topic);
      }
      commit();
    }

   private:
    struct Topic {
      RecordBatchBuilder open;
      std::vector<EncodedBatch> full;
    };
    void finish(Topic& topic) {
      topic.full.push_back(topic.open.finish());
      pending_bytes_ += topic.full.back().bytes.size();
    }
    void commit() {
      Transaction transaction;
      for (auto& [name, topic] : topics_) {
        if (!topic.full.empty()) transaction.appends.push_back({{name, Partition(0)}, std::exchange(topic.full, {})});
      }
      pending_bytes_ = 0;
      if (!transaction.appends.empty()) static_cast<void>(require(wait(writer_->commit(std::move(transaction)))));
    }

    const std::size_t batch_bytes_;
    std::unique_ptr<LogWriter> writer_;
    std::map<std::string, Topic> topics_;
    std::size_t pending_bytes_ = 0;
  };

  void wait_until_committed(Streams& streams) const {
    const std::size_t all = feed_.rows() + feed_.size();
    while (!require(streams.drained())) {
      if (const auto failure = streams.failure()) throw std::runtime_error(failure->to_string());
      // The last commit need not wait for its interval: the peer's does not either.
      if (streams.thread_status().front().processed_records >= all) streams.request_commit();
      static_cast<void>(streams.wait_for([] { return false; }, std::chrono::milliseconds(2)));
    }
  }

  /// Every record arrived, once, in order, with the right bytes: a fast engine that loses some is none.
  void verify(Log& log) const {
    const auto reader = log.open_reader({});
    const auto slot = require(reader->assign({kOutput, Partition(0)}, Offset(0)));
    OutputCheck check(feed_, workload_);
    while (const auto batch = require(reader->poll(slot, 1 << 20))) {
      for (const RecordView& record : batch->records) {
        if (!check.take(record)) {
          throw std::runtime_error("record " + std::to_string(check.found()) + " of the output is wrong");
        }
      }
    }
    if (check.complete()) return;
    throw std::runtime_error("expected " + std::to_string(feed_.expected_outputs()) + " records, found " +
                             std::to_string(check.found()));
  }

  const EngineOptions& options_;
  const Workload& workload_;
  const Feed feed_;
  StreamsConfig config_;
};

void run(Flags& flags) {
  EngineOptions options;
  options.shape = shape_of(flags.choice("topology", shape_names()));
  options.rocksdb = flags.choice("store", {"rocksdb", "memory"}) == "rocksdb";
  options.commit_interval = std::chrono::milliseconds(flags.number("commit-ms", 100));
  options.batch_bytes = flags.number("batch-bytes", 128 << 10);
  options.fsync = flags.enabled("fsync");
  options.waiting = flags.enabled("waiting");
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
  if (options.readers > 0 && options.shape != Shape::Count)
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
