// State of which the n-th commit tells everything: what was applied before, and how far the stamps are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <millrace/adapters/rocksdb/rocksdb_state.hpp>

namespace millrace::rocksdb_test {

inline const std::vector<std::string> kStores{"left", "right"};

/// Little memory, so that tables come about after some hundred commits.
inline RocksDbMemory small_state() {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  return RocksDbMemory({.block_cache_bytes = kMiB, .memtable_bytes = 3 * kMiB});
}

using Map = std::map<Bytes, Bytes>;

/// What the n-th commit puts, and the key that it deletes.
inline Bytes numbered_key(std::int64_t n) { return "key " + std::to_string(n % 61); }
inline Bytes numbered_value(std::int64_t n, const std::string& store) {
  return store + std::to_string(n) + Bytes(static_cast<std::size_t>(n * 137 % 9000), static_cast<char>(n));
}
inline Bytes deleted_key(std::int64_t n) { return "key " + std::to_string(n * 7 % 61); }

/// Both stores and both stamps at once.
inline Result<void> apply_numbered(TaskBackend& backend, std::int64_t n) {
  const Bytes key = numbered_key(n);
  const Bytes gone = deleted_key(n);
  std::vector<Bytes> values;
  for (const std::string& store : kStores) values.push_back(numbered_value(n, store));
  TaskChanges changes;
  for (std::size_t i = 0; i < kStores.size(); ++i) {
    changes.stores.push_back(
        {kStores[i], {{gone, std::nullopt}, {key, BytesView(values[i])}}, ChangelogStamp{"id", Offset(n)}});
  }
  return backend.apply(changes);
}

/// What a store has after the commits 1 to n.
inline Map expected_after(std::int64_t n, const std::string& store) {
  std::map<Bytes, std::int64_t> last_put;
  for (std::int64_t i = 1; i <= n; ++i) {
    last_put.erase(deleted_key(i));
    last_put[numbered_key(i)] = i;
  }
  Map map;
  for (const auto& [key, i] : last_put) map[key] = numbered_value(i, store);
  return map;
}

/// Everything the store has.
inline Result<Map> read_all(StoreBackend& store) {
  auto iterator = store.range({});
  if (!iterator) return iterator.error();
  Map map;
  for (; (*iterator)->valid(); (*iterator)->next()) map[Bytes((*iterator)->key())] = Bytes((*iterator)->value());
  if (auto status = (*iterator)->status(); !status) return status.error();
  return map;
}

}  // namespace millrace::rocksdb_test
