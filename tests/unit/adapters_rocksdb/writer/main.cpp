// adapters_rocksdb_writer state|log|compacted DIRECTORY [--fsync|--as-nobody]: writes numbered commits until it is
// killed, and prints the number of each when it is acknowledged; or prints the error that ended it.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <deque>
#include <string>

#include "unit/adapters_rocksdb/compacted_log.hpp"
#include "unit/adapters_rocksdb/numbered_log.hpp"
#include "unit/adapters_rocksdb/numbered_state.hpp"

namespace {

using namespace millrace;
using namespace millrace::rocksdb_test;

constexpr std::size_t kInFlight = 4;
constexpr uid_t kNobody = 65534;

int fail(const Error& error) {
  std::printf("%s\n", error.to_string().c_str());
  return 1;
}

/// One system call, so that a number is in the pipe whole or not at all.
void acknowledge(std::int64_t n) {
  std::string line = std::to_string(n) + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) ::_exit(0);
}

int write_state(const std::string& directory) {
  RocksDbTaskBackendFactory factory(small_state());
  auto backend = factory.open(directory, kStores);
  if (!backend) return fail(backend.error());
  for (std::int64_t n = (*backend)->stamp("left").value().next.value() + 1;; ++n) {
    if (auto applied = apply_numbered(**backend, n); !applied) return fail(applied.error());
    acknowledge(n);
  }
}

int write_log(const std::string& directory, bool fsync) {
  auto opened = open_embedded_log(directory, small_log(fsync));
  if (!opened) return fail(opened.error());
  Log& log = (*opened)->log();
  if (auto created = create_numbered(log); !created) return fail(created.error());
  auto end = await(log.admin().offset_ranges({kSmall}));
  if (!end) return fail(end.error());
  auto writer = log.open_writer("numbered", {});
  std::deque<Pending<CommitReceipt>> in_flight;
  std::int64_t acknowledged = end->at(kSmall).end.value();
  for (std::int64_t n = acknowledged + 1;; ++n) {
    in_flight.push_back(writer->commit(numbered_transaction(n)));
    if (in_flight.size() < kInFlight) continue;
    auto receipt = await(std::move(in_flight.front()));
    in_flight.pop_front();
    if (!receipt) return fail(receipt.error());
    acknowledge(++acknowledged);
  }
}

/// Like the above; what it writes is compacted, and what has passed is deleted.
int write_compacted(const std::string& directory) {
  auto opened = open_embedded_log(directory, small_compacted_log());
  if (!opened) return fail(opened.error());
  Log& log = (*opened)->log();
  if (auto created = create_compacted(log); !created) return fail(created.error());
  auto end = await(log.admin().offset_ranges({kPassing}));
  if (!end) return fail(end.error());
  auto writer = log.open_writer("compacted", {});
  for (std::int64_t n = end->at(kPassing).end.value() + 1;; ++n) {
    auto receipt = await(writer->commit(compacted_transaction(n)));
    if (!receipt) return fail(receipt.error());
    acknowledge(n);
    if (n % 50 != 0) continue;
    auto deleted = await(log.admin().delete_records({{kPassing, Offset(n)}}));
    if (!deleted) return fail(deleted.error());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string option = argc > 3 ? argv[3] : "";
  // Root may write anywhere.
  if (option == "--as-nobody" && ::getuid() == 0 && ::setuid(kNobody) != 0) return 2;
  if (std::strcmp(argv[1], "state") == 0) return write_state(argv[2]);
  if (std::strcmp(argv[1], "compacted") == 0) return write_compacted(argv[2]);
  return write_log(argv[2], option == "--fsync");
}
