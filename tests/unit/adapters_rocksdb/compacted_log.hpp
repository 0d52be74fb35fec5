// A log that is compacted and purged all the time, of which the number of transactions tells everything.
#pragma once

#include <map>

#include "numbered_log.hpp"

namespace millrace::rocksdb_test {

inline const TopicPartition kChanges{"changes", Partition(0)};
inline const TopicPartition kPassing{"passing", Partition(0)};

inline EmbeddedLogOptions small_compacted_log() {
  EmbeddedLogOptions options = small_log();
  options.housekeeping.min_dirty_bytes = 20'000;
  options.housekeeping.delete_retention = {};
  return options;
}

/// Of the n-th transaction.
inline Bytes changed_key(std::int64_t n) { return "key " + std::to_string(n * 31 % 97); }
inline std::optional<Bytes> changed_value(std::int64_t n) {
  if (n % 11 == 0) return std::nullopt;
  return std::to_string(n) + Bytes(n % 13 == 0 ? 5000 : 20, 'v');
}
inline std::map<Bytes, Bytes> changes_after(std::int64_t n) {
  std::map<Bytes, Bytes> fold;
  for (std::int64_t i = 1; i <= n; ++i) {
    if (auto value = changed_value(i)) fold[changed_key(i)] = *value;
    else fold.erase(changed_key(i));
  }
  return fold;
}

inline Result<void> create_compacted(Log& log) {
  return await(log.admin().ensure_topics({{"changes", 1, CleanupPolicy::Compact}, {"passing", 1}}));
}

inline Transaction compacted_transaction(std::int64_t n) {
  RecordBatchBuilder change;
  change.add(changed_key(n), changed_value(n), Timestamp(milliseconds(n)), "");
  Transaction transaction;
  transaction.appends.push_back({kChanges, {}});
  transaction.appends.back().batches.push_back(change.finish());
  transaction.appends.push_back(append_of(kPassing, {std::to_string(n)}));
  transaction.group = kGroup;
  transaction.offsets[kPassing] = {Offset(n), ""};
  return transaction;
}

}  // namespace millrace::rocksdb_test
