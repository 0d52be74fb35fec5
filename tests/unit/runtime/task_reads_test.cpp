// TaskReads under threads: owners come and go, apply and close, while others read.
#include <millrace/runtime/task_reads.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/base/big_endian.hpp>
#include <millrace/state/memory_task_backend.hpp>

namespace millrace {
namespace {

constexpr int kKeys = 600;  // more than a walk copies at once
constexpr int kOwners = 20;
constexpr int kCommits = 5;  // of each owner

std::string key_of(int i) { return "k" + std::to_string(i); }

/// One number under all keys.
void commit(TaskBackend& backend, std::int64_t number) {
  Bytes value;
  append_big_endian(value, number);
  std::vector<std::string> keys;
  for (int i = 0; i < kKeys; ++i) keys.push_back(key_of(i));
  TaskChanges changes;
  changes.stores.push_back({"s", {}, std::nullopt});
  for (const std::string& key : keys) changes.stores.front().changes.push_back({key, BytesView(value)});
  backend.apply(changes).value();
}

// Each owner opens its state as it was restored, publishes it, commits and goes; what it had is freed at once. Readers
// find one number under all keys, none that is older than one they have seen, and nothing that is freed.
TEST(TaskReads, KeepReadersAndOwnersApart) {
  auto reads = std::make_shared<TaskReads>(TaskId{}, std::vector<std::string>{"s"}, [](TaskId, const std::string&) {
    return Error(ErrorCode::StoreNotReady, "not here");
  });
  std::atomic<bool> over{false};
  std::atomic<int> faults{0};
  std::atomic<int> complete_walks{0};
  std::atomic<int> gets{0};
  const auto walker = [&] {
    std::int64_t newest = 0;
    while (!over) {
      auto walk = reads->range(0, {});
      if (!walk) continue;
      std::int64_t first = -1;
      int count = 0;
      for (; (*walk)->valid(); (*walk)->next(), ++count) {
        auto number = read_big_endian<std::int64_t>((*walk)->value());
        if (first < 0) first = number;
        if (number != first) ++faults;
      }
      if (!(*walk)->status()) continue;  // the owner went
      if (count != kKeys || first < newest) ++faults;
      newest = first;
      ++complete_walks;
    }
  };
  const auto getter = [&] {
    std::int64_t newest = 0;
    Bytes value;
    while (!over) {
      auto found = reads->get(0, key_of(17), value);
      if (!found) continue;
      auto number = *found ? read_big_endian<std::int64_t>(value) : -1;
      if (number < newest) ++faults;
      newest = number;
      ++gets;
    }
  };
  std::thread readers[] = {std::thread(walker), std::thread(walker), std::thread(getter), std::thread(getter)};
  std::int64_t number = 0;
  // On until the readers have had their part: who is slow may need more owners.
  for (int owner = 0; owner < kOwners || complete_walks < 2 || gets < 2; ++owner) {
    auto backend = std::make_unique<MemoryTaskBackend>(std::vector<std::string>{"s"});
    commit(*backend, number);
    auto publication = reads->publish({&backend->store("s").committed()});
    for (int i = 0; i < kCommits; ++i) commit(*backend, ++number);
    reads->withdraw(publication);
    backend.reset();
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(faults, 0);
}

}  // namespace
}  // namespace millrace
