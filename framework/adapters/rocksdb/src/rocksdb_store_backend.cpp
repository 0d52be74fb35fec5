#include "rocksdb_store_backend.hpp"

#include <rocksdb/perf_level.h>

#include "database_error.hpp"
#include "slices.hpp"

namespace millrace {

namespace {

/// RocksDB's iterator is a snapshot by itself.
class RocksDbIterator final : public KeyValueIterator {
 public:
  RocksDbIterator(std::shared_ptr<StoreColumn> column, const KeyRange& range)
      : column_(std::move(column)),
        descending_(range.order == KeyOrder::Descending),
        from_(range.from.value_or(Bytes())),
        to_(range.to.value_or(Bytes())),
        from_slice_(to_slice(from_)),
        to_slice_(to_slice(to_)) {
    rocksdb::ReadOptions options;
    // Also where the walk begins: SeekToFirst() and SeekToLast() keep to them.
    if (range.from) options.iterate_lower_bound = &from_slice_;
    if (range.to) options.iterate_upper_bound = &to_slice_;
    inner_.reset(column_->db().NewIterator(options, column_->handle()));
    if (descending_) inner_->SeekToLast();
    else inner_->SeekToFirst();
  }
  bool valid() const override { return inner_->Valid(); }
  void next() override {
    if (descending_) inner_->Prev();
    else inner_->Next();
  }
  BytesView key() const override { return to_view(inner_->key()); }
  BytesView value() const override { return to_view(inner_->value()); }
  Result<void> status() const override {
    if (inner_->status().ok()) return {};
    return read_error(inner_->status(), column_->database().directory(), kStateErrors);
  }

 private:
  std::shared_ptr<StoreColumn> column_;
  const bool descending_;
  const Bytes from_;
  const Bytes to_;
  const rocksdb::Slice from_slice_;
  const rocksdb::Slice to_slice_;
  std::unique_ptr<rocksdb::Iterator> inner_;
};

class EmptyIterator final : public KeyValueIterator {
 public:
  bool valid() const override { return false; }
  void next() override {}
  BytesView key() const override { return {}; }
  BytesView value() const override { return {}; }
  Result<void> status() const override { return {}; }
};

Result<std::unique_ptr<KeyValueIterator>> open_range(const std::shared_ptr<StoreColumn>& column,
                                                     const KeyRange& range) {
  // RocksDB does not say what it makes of bounds that are the wrong way round.
  if (range.empty()) return std::unique_ptr<KeyValueIterator>(std::make_unique<EmptyIterator>());
  return std::unique_ptr<KeyValueIterator>(std::make_unique<RocksDbIterator>(column, range));
}

}  // namespace

Result<bool> RocksDbStoreBackend::get(BytesView key, Bytes& value) {
  pinned_.Reset();
  auto status = column_->db().Get(read_options_, column_->handle(), to_slice(key), &pinned_);
  if (status.IsNotFound()) return false;
  if (!status.ok()) return read_error(status, column_->database().directory(), kStateErrors);
  value.assign(pinned_.data(), pinned_.size());
  // Lets the cached block go.
  pinned_.Reset();
  return true;
}

Result<std::unique_ptr<KeyValueIterator>> RocksDbStoreBackend::range(const KeyRange& range) {
  return open_range(column_, range);
}

std::uint64_t RocksDbStoreBackend::approximate_entries() const { return committed_.approximate_entries(); }

Result<bool> RocksDbStoreBackend::Committed::get(BytesView key, Bytes& value) const {
  static const rocksdb::ReadOptions options;
  // For each thread that reads: nobody looks at the counters of each comparison.
  static thread_local const bool uncounted = (rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable), true);
  static_cast<void>(uncounted);
  // Into the string itself: one copy, from the memtable as from a cached block.
  auto status = column_->db().Get(options, column_->handle(), to_slice(key), &value);
  if (status.IsNotFound()) return false;
  if (!status.ok()) return read_error(status, column_->database().directory(), kStateErrors);
  return true;
}

Result<std::unique_ptr<KeyValueIterator>> RocksDbStoreBackend::Committed::range(const KeyRange& range) const {
  return open_range(column_, range);
}

std::uint64_t RocksDbStoreBackend::Committed::approximate_entries() const {
  std::uint64_t entries = 0;
  column_->db().GetIntProperty(column_->handle(), rocksdb::DB::Properties::kEstimateNumKeys, &entries);
  return entries;
}

}  // namespace millrace
