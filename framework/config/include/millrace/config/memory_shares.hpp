// MemoryShares: memory.budget.bytes cut into the parts that hold memory, in this one place.
//
//   owner                 share   set by                             what it is
//   block_cache           25 %    rocksdb.block.cache.max.bytes      blocks, indexes and filters read from disk
//   memtables             25 %    rocksdb.memtables.max.bytes        writes of stores and of the embedded log, not yet
//                                                                    in a file; the log has three eighths of it
//   transaction_buffers   12.5 %  statestore.uncommitted.max.bytes   changes of stores that are not yet committed
//   record_caches         12.5 %  statestore.cache.max.bytes         entries of stores as they are committed
//   fetched_records       12.5 %  input.buffer.max.bytes             input read and not yet processed
//   outbox                12.5 %  producer.buffer.max.bytes          results that are not in the log yet: half of it is
//                                                                    collected, half may be in a commit under way
//
// A part that is set has what it is set to; the others share what is left, in these proportions. Not counted: stores in
// memory, which hold what their entries need, the program itself, and what the allocator cannot give back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/config/streams_config.hpp>

namespace millrace {

/// Enumerators stand in the order of MemoryShares::bytes.
enum class MemoryOwner : std::uint8_t {
  BlockCache,
  Memtables,
  TransactionBuffers,
  RecordCaches,
  FetchedRecords,
  Outbox,
};
/// How many owners there are.
inline constexpr std::size_t kMemoryOwners = 6;

/// "block_cache": the label of streams_memory_bytes.
[[nodiscard]] std::string_view to_string(MemoryOwner owner);

/// What each owner may hold, in bytes, in the whole process.
struct MemoryShares {
  std::array<std::int64_t, kMemoryOwners> bytes{};  ///< in the order of MemoryOwner

  /// What `owner` may hold.
  [[nodiscard]] std::int64_t of(MemoryOwner owner) const { return bytes[static_cast<std::size_t>(owner)]; }
  /// What all owners together may hold: at most memory.budget.bytes, if memory_fault() has nothing to say.
  [[nodiscard]] std::int64_t total() const;
};

/// The shares of a configuration. Where memory_fault() has something to say, each part has its least.
[[nodiscard]] MemoryShares memory_shares(const StreamsConfig& config);

/// Parts of the budget that do not fit into it.
struct MemoryFault {
  std::string message;  ///< how much was set, and how much there is
  std::string remedy;   ///< what to raise or lower
};
/// Why the parts that are set do not fit the budget, and what to do; nullopt if they do.
[[nodiscard]] std::optional<MemoryFault> memory_fault(const StreamsConfig& config);

}  // namespace millrace
