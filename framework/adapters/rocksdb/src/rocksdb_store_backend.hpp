// RocksDbStoreBackend: reads of one column family.
#pragma once

#include <memory>

#include <millrace/state/task_backend.hpp>

#include "task_database.hpp"

namespace millrace {

class RocksDbStoreBackend final : public StoreBackend {
 public:
  explicit RocksDbStoreBackend(std::shared_ptr<StoreColumn> column) : column_(std::move(column)) {}

  Result<bool> get(BytesView key, Bytes& value) override;
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) override;
  std::uint64_t approximate_entries() const override;
  const CommittedStore& committed() const override { return committed_; }

  [[nodiscard]] const std::shared_ptr<StoreColumn>& column() const { return column_; }
  /// Goes on with another, empty column family.
  void replace(std::shared_ptr<StoreColumn> column) { column_ = std::move(column); }

 private:
  /// RocksDB's reads are thread-safe: they only must not share a buffer.
  class Committed final : public CommittedStore {
   public:
    explicit Committed(const std::shared_ptr<StoreColumn>& column) : column_(column) {}
    Result<bool> get(BytesView key, Bytes& value) const override;
    Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) const override;
    std::uint64_t approximate_entries() const override;

   private:
    const std::shared_ptr<StoreColumn>& column_;
  };

  std::shared_ptr<StoreColumn> column_;
  Committed committed_{column_};
  rocksdb::ReadOptions read_options_;
  rocksdb::PinnableSlice pinned_;
};

}  // namespace millrace
