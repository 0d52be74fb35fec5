// The limit for the embedded engine: RocksDB alone reads a topic's record batches and writes the same bytes to another
// topic, in one write per commit, write-ahead log on, not synced. No topology, no offsets, no checks.
//
//   raw_rocksdb [--records N] [--keys N] [--value-bytes N] [--seed N] [--passes N]
//               [--commit-ms 100] [--commit-bytes 16777216]   a write when either is reached; 0 bytes: no such limit
//               [--batch-bytes 262144] [--recode | --per-record] [--profile] [--directory DIR] and RawOptions' flags
//
// --recode      decodes every record and encodes it anew: what any engine does at least
// --per-record  one RocksDB entry per record: what record batches save
// --profile     adds where the loop's own thread spends its time (costs some itself)
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include <rocksdb/perf_context.h>

#include "measure.hpp"
#include "raw_database.hpp"
#include "stored_batch.hpp"
#include "workload.hpp"

namespace millrace::bench {
namespace {

using Clock = std::chrono::steady_clock;

enum class Mode { Batches, Recode, PerRecord };

struct LoopOptions {
  Mode mode = Mode::Batches;
  std::size_t batch_bytes = 0;
  std::size_t commit_bytes = 0;
  std::chrono::milliseconds commit_interval{};
  bool profile = false;
};

/// Seconds of the loop's thread by what it did. Inactive, it costs a branch.
struct Split {
  bool active = false;
  double read = 0;
  double append = 0;
  double write = 0;

  template <class Work>
  void time(double& into, Work work) const {
    if (!active) return work();
    const auto begin = Clock::now();
    work();
    into += std::chrono::duration<double>(Clock::now() - begin).count();
  }
};

/// One RocksDB write per commit interval, as the engine's committer does.
class Transaction {
 public:
  Transaction(rocksdb::DB& database, const LoopOptions& options, Split& split)
      : database_(database), options_(options), split_(split), due_(Clock::now() + options.commit_interval) {}

  void put(const std::string& key, std::string_view value) {
    split_.time(split_.append, [&] { check(batch_.Put(key, rocksdb::Slice(value.data(), value.size()))); });
  }

  void commit_if_due() {
    const bool full = options_.commit_bytes > 0 && batch_.GetDataSize() >= options_.commit_bytes;
    if (full || Clock::now() >= due_) commit();
  }

  void commit() {
    split_.time(split_.write, [&] { check(database_.Write(rocksdb::WriteOptions(), &batch_)); });
    batch_.Clear();
    ++commits_;
    due_ = Clock::now() + options_.commit_interval;
  }

  std::uint64_t commits() const { return commits_; }

 private:
  rocksdb::DB& database_;
  const LoopOptions& options_;
  Split& split_;
  rocksdb::WriteBatch batch_;
  Clock::time_point due_;
  std::uint64_t commits_ = 0;
};

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

class RawLoop {
 public:
  RawLoop(const RawOptions& options, const LoopOptions& loop, const std::string& directory)
      : options_(options), loop_(loop), directory_(directory) {}

  /// The source topic, settled on disk as after a restart.
  void seed(const Workload& workload) {
    std::filesystem::remove_all(directory_);
    auto database = options_.open(directory_);
    StoredBatch batch;
    std::uint64_t base = 0;
    for (std::size_t i = 0; i < workload.size(); ++i) {
      batch.add(workload.key(i), workload.value(i), batch.count() / kRecordsPerMillisecond);
      const bool full = loop_.mode == Mode::PerRecord || batch.size_bytes() >= loop_.batch_bytes;
      if (!full && i + 1 < workload.size()) continue;
      const std::string_view bytes = batch.finish(kBaseTimestampMs);
      check(database->Put({}, batch_key(Topic::Source, base), rocksdb::Slice(bytes.data(), bytes.size())));
      batch.clear();
      base = i + 1;
    }
    check(database->Flush({}));
    check(database->Close());
  }

  PassResult run(unsigned pass, std::uint64_t records) {
    auto database = options_.open(directory_);
    Split split{loop_.profile};
    rocksdb::SetPerfLevel(loop_.profile ? rocksdb::kEnableTime : rocksdb::kDisable);
    rocksdb::get_perf_context()->Reset();
    Stopwatch watch;
    watch.start();
    const std::uint64_t commits = copy(*database, split);
    watch.stop();
    rocksdb::SetPerfLevel(rocksdb::kDisable);
    const std::string details = ",\"commits\":" + std::to_string(commits) + profile(split);
    verify(*database, records);
    return {"raw-rocksdb", "pass-through", mode_name(), pass, records, watch.seconds(), watch.cpu_seconds(), details};
  }

 private:
  static constexpr std::uint64_t kBaseTimestampMs = 1'700'000'000'000;
  static constexpr std::uint32_t kRecordsPerMillisecond = 64;

  std::uint64_t copy(rocksdb::DB& database, Split& split) const {
    Transaction transaction(database, loop_, split);
    const std::string begin = batch_key(Topic::Source, 0);
    const std::string end = batch_key(Topic::Output, 0);
    const rocksdb::Slice bound(end);
    rocksdb::ReadOptions read = options_.read;
    read.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> source(database.NewIterator(read));
    StoredBatch recoded;
    std::uint64_t written = 0;
    const auto flush_recoded = [&] {
      transaction.put(batch_key(Topic::Output, written), recoded.finish(kBaseTimestampMs));
      written += recoded.count();
      recoded.clear();
    };
    split.time(split.read, [&] { source->Seek(begin); });
    while (source->Valid()) {
      const std::string_view bytes = view(source->value());
      if (loop_.mode == Mode::Recode) {
        StoredBatch::for_each(bytes, [&](std::string_view key, std::string_view value, std::uint64_t delta_ms) {
          recoded.add(key, value, delta_ms);
          if (recoded.size_bytes() >= loop_.batch_bytes) flush_recoded();
        });
        // A batch ends with its transaction, here with its input: deltas stand against one base.
        if (recoded.count() > 0) flush_recoded();
      } else {
        transaction.put(batch_key(Topic::Output, written), bytes);
        written += StoredBatch::count_of(bytes);
      }
      transaction.commit_if_due();
      split.time(split.read, [&] { source->Next(); });
    }
    check(source->status());
    transaction.commit();
    return transaction.commits();
  }

  std::string profile(const Split& split) const {
    if (!loop_.profile) return {};
    const rocksdb::PerfContext& inside = *rocksdb::get_perf_context();
    char text[512];
    std::snprintf(text, sizeof text,
                  ",\"thread_seconds\":{\"read\":%.4f,\"append\":%.4f,\"write\":%.4f},"
                  "\"within\":{\"read_blocks\":%.4f,\"read_checksums\":%.4f,\"write_ahead_log\":%.4f,"
                  "\"memtable\":%.4f,\"write_delay\":%.4f,\"write_scheduling\":%.4f}",
                  split.read, split.append, split.write, seconds(inside.block_read_time + inside.blob_read_time),
                  seconds(inside.block_checksum_time + inside.blob_checksum_time), seconds(inside.write_wal_time),
                  seconds(inside.write_memtable_time), seconds(inside.write_delay_time),
                  seconds(inside.write_scheduling_flushes_compactions_time));
    return text;
  }

  static double seconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) * 1e-9; }

  /// Every record arrived: a limit that loses some is none.
  void verify(rocksdb::DB& database, std::uint64_t records) const {
    const std::unique_ptr<rocksdb::Iterator> output(database.NewIterator(options_.read));
    std::uint64_t found = 0;
    for (output->Seek(batch_key(Topic::Output, 0)); output->Valid(); output->Next()) {
      found += StoredBatch::count_of(view(output->value()));
    }
    check(output->status());
    if (found == records) return;
    throw std::runtime_error("wrote " + std::to_string(records) + " records, found " + std::to_string(found));
  }

  std::string mode_name() const {
    if (loop_.mode == Mode::Recode) return "recode";
    return loop_.mode == Mode::PerRecord ? "per-record" : "batches";
  }

  const RawOptions& options_;
  const LoopOptions& loop_;
  const std::string directory_;
};

LoopOptions loop_options(Flags& flags) {
  LoopOptions loop;
  const bool recode = flags.enabled("recode");
  const bool per_record = flags.enabled("per-record");
  if (recode && per_record) throw std::invalid_argument("--recode and --per-record exclude each other");
  loop.mode = recode ? Mode::Recode : per_record ? Mode::PerRecord : Mode::Batches;
  loop.batch_bytes = flags.number("batch-bytes", 256 << 10);
  loop.commit_bytes = flags.number("commit-bytes", 16 << 20);
  loop.commit_interval = std::chrono::milliseconds(flags.number("commit-ms", 100));
  loop.profile = flags.enabled("profile");
  return loop;
}

void run(Flags& flags) {
  WorkloadOptions workload;
  workload.records = flags.number("records", 5'000'000);
  workload.keys = static_cast<std::uint32_t>(flags.number("keys", workload.keys));
  workload.value_bytes = static_cast<std::uint32_t>(flags.number("value-bytes", workload.value_bytes));
  workload.seed = flags.number("seed", workload.seed);
  const std::uint64_t passes = flags.number("passes", 2);
  const LoopOptions loop = loop_options(flags);
  const RawOptions options(flags);
  const std::string parent = flags.text("directory", std::filesystem::temp_directory_path().string());
  flags.reject_unknown();
  if (workload.records == 0) throw std::invalid_argument("--records must be at least 1");

  std::string directory = parent + "/raw-rocksdb-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) throw std::runtime_error("cannot create a directory in " + parent);
  try {
    RawLoop raw(options, loop, directory);
    const Workload records(workload);
    for (unsigned pass = 1; pass <= passes; ++pass) {
      raw.seed(records);
      print_json_line(raw.run(pass, workload.records));
    }
  } catch (...) {
    std::filesystem::remove_all(directory);
    throw;
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  return millrace::bench::run_with_flags("raw_rocksdb", argc, argv, millrace::bench::run);
}
