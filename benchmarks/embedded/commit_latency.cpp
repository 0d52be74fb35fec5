// commit_latency [SECONDS] [COMMITS_PER_SECOND]: how long commits of the embedded log take while changelogs are
// compacted and repartition topics purged, against a log that keeps everything. Prints a line for each.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/app/wait.hpp>

namespace {

using namespace millrace;
using Clock = std::chrono::steady_clock;

const TopicPartition kChangelog{"changelog", Partition(0)};
const TopicPartition kRepartition{"repartition", Partition(0)};
constexpr std::int64_t kRecordsPerCommit = 1000;

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
  std::exit(1);
}
void must(const Result<void>& result) {
  if (!result) std::exit(1);
}

Transaction updates(std::int64_t first) {
  Transaction transaction;
  for (const TopicPartition& target : {kChangelog, kRepartition}) {
    RecordBatchBuilder batch;
    for (std::int64_t n = first; n < first + kRecordsPerCommit; ++n) {
      const std::string key = "key " + std::to_string(n * 7919 % 1000);
      const std::string value = std::to_string(n) + std::string(90, 'v');
      batch.add(key, value, Timestamp(milliseconds(n)), {});
    }
    transaction.appends.push_back({target, {}});
    transaction.appends.back().batches.push_back(batch.finish());
  }
  return transaction;
}

std::uintmax_t bytes_in(const std::filesystem::path& directory) {
  std::uintmax_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) bytes += entry.file_size(ignored);
  return bytes;
}

void measure(bool keeps_house, int seconds, int commits_per_second) {
  const auto directory = std::filesystem::temp_directory_path() / "millrace-commit-latency";
  std::filesystem::remove_all(directory);
  EmbeddedLogOptions options;
  if (!keeps_house) options.housekeeping.min_dirty_bytes = std::int64_t{1} << 50;
  std::vector<double> took_ms;
  {
    auto log = must(open_embedded_log(directory, options));
    must(wait(log->log().admin().ensure_topics({{"changelog", 1, CleanupPolicy::Compact}, {"repartition", 1}})));
    auto writer = log->log().open_writer("bench", {});
    auto next = Clock::now();
    for (std::int64_t i = 0; i < std::int64_t{seconds} * commits_per_second; ++i) {
      next += std::chrono::microseconds(1'000'000 / commits_per_second);
      std::this_thread::sleep_until(next);
      Transaction transaction = updates(i * kRecordsPerCommit);
      const auto began = Clock::now();
      auto pending = writer->commit(std::move(transaction));
      while (!pending.ready()) std::this_thread::yield();
      took_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - began).count());
      must(pending.take());
      if (keeps_house && i % 50 == 0)
        must(wait(log->log().admin().delete_records({{kRepartition, Offset((i + 1) * kRecordsPerCommit)}})));
    }
    writer.reset();
  }
  std::sort(took_ms.begin(), took_ms.end());
  const auto last = static_cast<double>(took_ms.size() - 1);
  auto at = [&](double part) { return took_ms[static_cast<std::size_t>(part * last)]; };
  std::printf("%-16s commits %zu  ms: p50 %.3f  p99 %.3f  p99.9 %.3f  most %.3f  directory %.1f MiB\n",
              keeps_house ? "keeps house" : "keeps everything", took_ms.size(), at(0.5), at(0.99), at(0.999), at(1),
              static_cast<double>(bytes_in(directory)) / (1 << 20));
  std::filesystem::remove_all(directory);
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 10;
  const int commits_per_second = argc > 2 ? std::atoi(argv[2]) : 200;
  for (int round = 0; round < 2; ++round) {
    for (bool keeps_house : {false, true}) measure(keeps_house, seconds, commits_per_second);
  }
}
