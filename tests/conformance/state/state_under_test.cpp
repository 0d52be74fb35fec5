#include "state_under_test.hpp"

#include <unistd.h>

#include <algorithm>

#include <millrace/adapters/rocksdb/rocksdb_state.hpp>
#include <millrace/state/memory_task_backend.hpp>

namespace millrace::state_conformance {

namespace {

std::unique_ptr<TaskBackendFactory> make_memory() { return std::make_unique<MemoryTaskBackendFactory>(); }

// As little memory as it takes, so that the suite also reads from table files.
std::unique_ptr<TaskBackendFactory> make_rocksdb() {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  return std::make_unique<RocksDbTaskBackendFactory>(
      RocksDbMemory({.block_cache_bytes = kMiB, .memtable_bytes = kMiB}));
}

// The suite opens a database hundreds of times, and each opening waits for the disk. What it asks is whether a store
// equals its model, not whether it outlives the machine: memory will do, where there is enough of it.
std::filesystem::path root() {
  constexpr std::uintmax_t kEnoughBytes = std::uintmax_t{512} << 20;
  const std::filesystem::path memory = "/dev/shm";
  std::error_code error;
  const auto space = std::filesystem::space(memory, error);
  const bool usable = !error && space.available >= kEnoughBytes && ::access(memory.c_str(), W_OK | X_OK) == 0;
  return usable ? memory : std::filesystem::path(::testing::TempDir());
}

std::filesystem::path fresh_directory() {
  static int count = 0;
  auto name = "millrace-state-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
  auto path = root() / name;
  std::filesystem::remove_all(path);
  return path;
}

}  // namespace

const std::vector<BackendKind> kAllBackends{{"Memory", false, make_memory}, {"RocksDb", true, make_rocksdb}};

TaskState::TaskState(const BackendKind& kind, std::vector<std::string> stores)
    : stores_(std::move(stores)), directory_(fresh_directory()), factory_(kind.make()) {
  open(stores_);
}

TaskState::~TaskState() {
  close();
  std::filesystem::remove_all(directory_);
}

void TaskState::reopen() {
  close();
  open(stores_);
}

Entries drain(KeyValueIterator& iterator) {
  Entries entries;
  for (; iterator.valid(); iterator.next()) entries.emplace_back(Bytes(iterator.key()), Bytes(iterator.value()));
  iterator.status().value();
  return entries;
}

Entries read(StoreBackend& store, const KeyRange& range) { return drain(*store.range(range).value()); }

Entries read(KeyValueBytesStore& store, const KeyRange& range) { return drain(*store.range(range).value()); }

Entries slice(const Map& map, const KeyRange& range) {
  Entries entries;
  for (const auto& [key, value] : map) {
    if ((range.from && key < *range.from) || (range.to && key >= *range.to)) continue;
    entries.emplace_back(key, value);
  }
  if (range.order == KeyOrder::Descending) std::reverse(entries.begin(), entries.end());
  return entries;
}

TaskChanges::Store changes_of(const std::string& store, const std::vector<OwnedChange>& changes,
                              std::optional<ChangelogStamp> stamp) {
  TaskChanges::Store borrowed{store, {}, std::move(stamp)};
  for (const OwnedChange& change : changes) {
    borrowed.changes.push_back({change.key, change.value ? OptionalBytesView(*change.value) : OptionalBytesView()});
  }
  return borrowed;
}

void apply(TaskBackend& backend, const std::string& store, const std::vector<OwnedChange>& changes,
           std::optional<ChangelogStamp> stamp) {
  TaskChanges all;
  all.stores.push_back(changes_of(store, changes, std::move(stamp)));
  backend.apply(all).value();
}

}  // namespace millrace::state_conformance
