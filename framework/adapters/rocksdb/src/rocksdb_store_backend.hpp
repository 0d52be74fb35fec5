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

  [[nodiscard]] const std::shared_ptr<StoreColumn>& column() const { return column_; }
  /// Goes on with another, empty column family.
  void replace(std::shared_ptr<StoreColumn> column) { column_ = std::move(column); }

 private:
  std::shared_ptr<StoreColumn> column_;
  rocksdb::ReadOptions read_options_;
  rocksdb::PinnableSlice pinned_;
};

}  // namespace millrace
