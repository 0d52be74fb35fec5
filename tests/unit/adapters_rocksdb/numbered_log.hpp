// A log of which the n-th transaction tells everything: which records and offsets there were before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conformance/log/await.hpp"

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/log/log.hpp>

namespace millrace::rocksdb_test {

using log_conformance::await;

inline const TopicPartition kSmall{"numbers", Partition(0)};
inline const TopicPartition kLarge{"numbers", Partition(1)};
inline const std::string kGroup = "group";

/// As little memory as it takes, so that tables come about too.
inline EmbeddedLogOptions small_log(bool fsync = false) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  return {.fsync = fsync, .write_buffer_bytes = kMiB, .memory = RocksDbMemory({kMiB, 4 * kMiB})};
}

/// The value of the n-th record of each partition.
inline Bytes numbered_record(const TopicPartition& partition, std::int64_t n) {
  std::size_t padding = partition == kLarge ? 5000 + static_cast<std::size_t>(n * 131 % 9000) : 0;
  return std::to_string(n) + Bytes(padding, static_cast<char>(n));
}

inline PartitionAppend append_of(const TopicPartition& partition, const std::vector<Bytes>& values) {
  RecordBatchBuilder builder;
  for (const Bytes& value : values) builder.add(std::nullopt, BytesView(value), Timestamp(), "");
  PartitionAppend append{partition, {}};
  append.batches.push_back(builder.finish());
  return append;
}

/// A record for each partition, the one within the index, the other beside it, and the group's offset.
inline Transaction numbered_transaction(std::int64_t n) {
  Transaction transaction;
  for (const TopicPartition& partition : {kSmall, kLarge}) {
    transaction.appends.push_back(append_of(partition, {numbered_record(partition, n)}));
  }
  transaction.group = kGroup;
  transaction.offsets[kSmall] = {Offset(n), "metadata " + std::to_string(n)};
  return transaction;
}

inline Result<void> create_numbered(Log& log) { return await(log.admin().ensure_topics({{"numbers", 2}})); }

/// Commits the transactions `first` to `last`, one after the other.
inline Result<void> commit_numbered(Log& log, std::int64_t first, std::int64_t last) {
  auto writer = log.open_writer("numbered", {});
  for (std::int64_t n = first; n <= last; ++n) {
    if (auto committed = await(writer->commit(numbered_transaction(n))); !committed) return committed.error();
  }
  return {};
}

/// The values of a partition from its first offset on.
inline Result<std::vector<Bytes>> read_all(Log& log, const TopicPartition& partition) {
  auto reader = log.open_reader({});
  auto slot = reader->assign(partition, Offset(0));
  if (!slot) return slot.error();
  std::vector<Bytes> values;
  while (true) {
    auto fetched = reader->poll(*slot, std::size_t{1} << 16);
    if (!fetched) return fetched.error();
    if (!*fetched) return values;
    for (const RecordView& record : (*fetched)->records) values.emplace_back(record.value.value_or("(null)"));
  }
}

}  // namespace millrace::rocksdb_test
