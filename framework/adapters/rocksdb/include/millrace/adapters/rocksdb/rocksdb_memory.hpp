// RocksDbMemory: the memory that the databases of one process share: one cache of blocks, one limit for memtables.
#pragma once

#include <cstddef>
#include <memory>

namespace millrace {

/// A cheap handle; copies are the same memory. It lives as long as a database that uses it. Thread-safe.
class RocksDbMemory {
 public:
  /// How large the shared parts are, in bytes.
  struct Sizes {
    /// Blocks, indexes and filters read from disk, of all databases.
    std::size_t block_cache_bytes = std::size_t{64} << 20;
    /// Writes not yet in a file, of all databases. When half of it is used by open memtables, the largest of a store is
    /// flushed.
    std::size_t memtable_bytes = std::size_t{64} << 20;
  };
  /// Makes new memory of these sizes; it is filled only as databases use it.
  explicit RocksDbMemory(const Sizes& sizes);

  /// What is in the cache; what readers hold of it now is included and may exceed its size.
  [[nodiscard]] std::size_t block_cache_used_bytes() const;
  /// Of open memtables and of those that are being written.
  [[nodiscard]] std::size_t memtable_used_bytes() const;
  [[nodiscard]] const Sizes& sizes() const;  ///< As given.

  /// For the sources of this adapter.
  struct Parts;
  [[nodiscard]] const std::shared_ptr<Parts>& parts() const { return parts_; }  ///< For the sources of this adapter.

 private:
  std::shared_ptr<Parts> parts_;
};

}  // namespace millrace
