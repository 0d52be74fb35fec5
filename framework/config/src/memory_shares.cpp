#include <millrace/config/memory_shares.hpp>

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include <millrace/config/units.hpp>

namespace millrace {

namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;

struct Part {
  MemoryOwner owner;
  std::string_view name;
  std::string_view key;
  std::int64_t StreamsConfig::*setting;
  int eighths;  ///< of the budget
  std::int64_t least_bytes;
};

// In the order of MemoryOwner. The least: what makes progress, slowly.
constexpr std::array<Part, kMemoryOwners> kParts = {{
    {MemoryOwner::BlockCache, "block_cache", "rocksdb.block.cache.max.bytes", &StreamsConfig::block_cache_max_bytes, 2,
     2 * kMiB},
    {MemoryOwner::Memtables, "memtables", "rocksdb.memtables.max.bytes", &StreamsConfig::memtables_max_bytes, 2,
     8 * kMiB},
    {MemoryOwner::TransactionBuffers, "transaction_buffers", "statestore.uncommitted.max.bytes",
     &StreamsConfig::transaction_buffer_max_bytes, 1, 64 * kKiB},
    {MemoryOwner::RecordCaches, "record_caches", "statestore.cache.max.bytes", &StreamsConfig::record_cache_max_bytes,
     1, 0},
    {MemoryOwner::FetchedRecords, "fetched_records", "input.buffer.max.bytes", &StreamsConfig::input_buffer_max_bytes,
     1, 64 * kKiB},
    {MemoryOwner::Outbox, "outbox", "producer.buffer.max.bytes", &StreamsConfig::outbox_max_bytes, 1, 64 * kKiB},
}};

bool is_set(const StreamsConfig& config, const Part& part) { return config.*part.setting != kFromMemoryBudget; }

/// What the parts that are set have together.
std::int64_t set_bytes(const StreamsConfig& config) {
  std::int64_t bytes = 0;
  for (const Part& part : kParts) {
    if (is_set(config, part)) bytes += config.*part.setting;
  }
  return bytes;
}

/// What the others need at least.
std::int64_t least_rest(const StreamsConfig& config) {
  std::int64_t bytes = 0;
  for (const Part& part : kParts) {
    if (!is_set(config, part)) bytes += part.least_bytes;
  }
  return bytes;
}

}  // namespace

std::string_view to_string(MemoryOwner owner) { return kParts[static_cast<std::size_t>(owner)].name; }

std::int64_t MemoryShares::total() const { return std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0}); }

MemoryShares memory_shares(const StreamsConfig& config) {
  MemoryShares shares;
  std::int64_t rest = std::max(config.memory_budget_bytes - set_bytes(config), least_rest(config));
  // A part whose proportion is less than its least takes that first; the others share what is left then.
  std::array<bool, kMemoryOwners> settled{};
  int eighths = 0;
  for (std::size_t i = 0; i < kMemoryOwners; ++i) {
    settled[i] = is_set(config, kParts[i]);
    if (settled[i]) shares.bytes[i] = config.*kParts[i].setting;
    else eighths += kParts[i].eighths;
  }
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < kMemoryOwners; ++i) {
      if (settled[i] || rest / eighths * kParts[i].eighths >= kParts[i].least_bytes) continue;
      shares.bytes[i] = kParts[i].least_bytes;
      rest -= kParts[i].least_bytes;
      eighths -= kParts[i].eighths;
      settled[i] = again = true;
    }
  }
  for (std::size_t i = 0; i < kMemoryOwners; ++i) {
    if (!settled[i]) shares.bytes[i] = rest / eighths * kParts[i].eighths;
  }
  return shares;
}

std::optional<MemoryFault> memory_fault(const StreamsConfig& config) {
  std::int64_t set = set_bytes(config);
  std::int64_t rest = least_rest(config);
  if (set + rest <= config.memory_budget_bytes) return std::nullopt;
  std::string parts;
  for (const Part& part : kParts) {
    if (!is_set(config, part)) continue;
    parts += fmt::format("{}{} {}", parts.empty() ? "" : " + ", part.key, format_size(config.*part.setting));
  }
  return MemoryFault{
      fmt::format("memory.budget.bytes is {}, but {} and the least for the other parts ({}) come to {}",
                  format_size(config.memory_budget_bytes), parts, format_size(rest), format_size(set + rest)),
      fmt::format("raise memory.budget.bytes to {} or more, or lower the parts", format_size(set + rest))};
}

}  // namespace millrace
