#include "rocksdb_task_backend.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <rocksdb/perf_level.h>

#include <millrace/base/assert.hpp>
#include <millrace/base/big_endian.hpp>

#include "database_error.hpp"
#include "disk_room.hpp"
#include "record_files.hpp"
#include "slices.hpp"
#include "state_options.hpp"

namespace millrace {

namespace {

constexpr std::size_t kStampKeyBytes = 4;
constexpr std::size_t kStampOffsetBytes = 8;
// A restore makes large batches; their memory is given back.
constexpr std::size_t kKeptBatchBytes = std::size_t{4} << 20;

// So that no store can be named as RocksDB's default column family is.
std::string column_name(const std::string& store) { return "store:" + store; }

Bytes stamp_key(std::uint32_t column_id) {
  Bytes key;
  append_big_endian(key, column_id);
  return key;
}

Bytes encode_stamp(const ChangelogStamp& stamp) {
  Bytes bytes;
  append_big_endian(bytes, stamp.next.value());
  bytes += stamp.topic_id;
  return bytes;
}

std::vector<rocksdb::ColumnFamilyDescriptor> describe_columns(const std::vector<std::string>& found,
                                                              const std::vector<std::string>& stores,
                                                              const std::shared_ptr<rocksdb::Cache>& block_cache,
                                                              const MemtableBudget& budget) {
  std::vector<std::string> names = found;
  for (const std::string& store : stores) names.push_back(column_name(store));
  names.push_back(rocksdb::kDefaultColumnFamilyName);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<rocksdb::ColumnFamilyDescriptor> columns;
  for (const std::string& name : names) columns.emplace_back(name, state_column_options(block_cache, budget.bytes()));
  return columns;
}

}  // namespace

Result<std::unique_ptr<TaskBackend>> RocksDbTaskBackend::open(const std::filesystem::path& directory,
                                                              const std::vector<std::string>& stores,
                                                              const std::shared_ptr<rocksdb::Cache>& block_cache,
                                                              const std::shared_ptr<MemtableBudget>& budget) {
  // For this thread, which reads and writes the task from now on: nobody looks at the counters of each comparison.
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  MILLRACE_TRY(check_record_files(directory, kStateErrors));
  auto options = state_database_options(budget->manager());
  std::vector<std::string> found;
  std::error_code error;
  if (std::filesystem::exists(directory / "CURRENT", error)) {
    auto listed = rocksdb::DB::ListColumnFamilies(options, directory.string(), &found);
    if (!listed.ok()) return open_error(listed, directory, kStateErrors);
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  auto status = rocksdb::DB::Open(options, directory.string(), describe_columns(found, stores, block_cache, *budget),
                                  &handles, &opened);
  if (!status.ok()) return open_error(status, directory, kStateErrors);
  auto database = std::make_shared<TaskDatabase>(std::unique_ptr<rocksdb::DB>(opened), directory, block_cache, budget);
  std::unique_ptr<RocksDbTaskBackend> backend(new RocksDbTaskBackend(std::move(database)));
  MILLRACE_TRY(backend->adopt(std::move(handles), stores));
  MILLRACE_TRY(backend->load_stamps());
  return std::unique_ptr<TaskBackend>(std::move(backend));
}

Result<void> RocksDbTaskBackend::adopt(std::vector<rocksdb::ColumnFamilyHandle*> handles,
                                       const std::vector<std::string>& stores) {
  std::map<std::string, std::string> wanted;
  for (const std::string& store : stores) wanted[column_name(store)] = store;
  Result<void> outcome;
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    const std::string& name = handle->GetName();
    if (name == rocksdb::kDefaultColumnFamilyName) {
      // The database has its own handle of it.
      database_->db().DestroyColumnFamilyHandle(handle).PermitUncheckedError();
      continue;
    }
    auto column = std::make_shared<StoreColumn>(database_, handle);
    if (auto store = wanted.find(name); store != wanted.end()) {
      stores_.try_emplace(store->second, std::move(column));
      continue;
    }
    auto dropped = database_->db().DropColumnFamily(handle);
    if (!dropped.ok() && outcome) outcome = open_error(dropped, database_->directory(), kStateErrors);
  }
  return outcome;
}

Result<void> RocksDbTaskBackend::load_stamps() {
  std::map<std::uint32_t, Store*> by_id;
  for (auto& [name, store] : stores_) by_id[store.backend.column()->handle()->GetID()] = &store;
  rocksdb::WriteBatch stale;
  std::unique_ptr<rocksdb::Iterator> at(database_->db().NewIterator(rocksdb::ReadOptions()));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    if (at->key().size() != kStampKeyBytes || at->value().size() < kStampOffsetBytes) {
      return Error(ErrorCode::StateCorrupted, fmt::format("{}: a stamp is malformed", database_->directory().string()));
    }
    auto store = by_id.find(read_big_endian<std::uint32_t>(to_view(at->key())));
    if (store == by_id.end()) {
      stale.Delete(at->key());
      continue;
    }
    BytesView value = to_view(at->value());
    store->second->stamp.next = Offset(read_big_endian<std::int64_t>(value));
    store->second->stamp.topic_id = Bytes(value.substr(kStampOffsetBytes));
  }
  if (!at->status().ok()) return read_error(at->status(), database_->directory(), kStateErrors);
  if (stale.Count() == 0) return {};
  auto deleted = database_->db().Write(rocksdb::WriteOptions(), &stale);
  if (!deleted.ok()) return open_error(deleted, database_->directory(), kStateErrors);
  return {};
}

RocksDbTaskBackend::Store& RocksDbTaskBackend::find(const std::string& name) {
  auto found = stores_.find(name);
  MILLRACE_ASSERT(found != stores_.end(), "the backend was not opened with store " + name);
  return found->second;
}

Error RocksDbTaskBackend::fail(const rocksdb::Status& status) {
  const auto& directory = database_->directory();
  if (finds_no_space(status)) return fail(no_room(directory, kReservedBytes, kStateErrors.full, status.ToString()));
  return fail(write_error(status, directory, kStateErrors));
}

Error RocksDbTaskBackend::fail(Error why) {
  failed_ = std::move(why);
  return *failed_;
}

/// In the order of keys, in which the memtable takes them up several times as fast, and a replay of the WAL too.
/// Adding to a batch fails only where a size limit is set, and none is.
void RocksDbTaskBackend::collect(const TaskChanges::Store& change, rocksdb::ColumnFamilyHandle* column) {
  sorted_.clear();
  for (const StateChange& entry : change.changes) sorted_.push_back(&entry);
  // Stable: of several changes of a key, the last one counts.
  std::stable_sort(sorted_.begin(), sorted_.end(),
                   [](const StateChange* left, const StateChange* right) { return left->key < right->key; });
  for (const StateChange* entry : sorted_) {
    if (entry->value) batch_.Put(column, to_slice(entry->key), to_slice(*entry->value)).PermitUncheckedError();
    else batch_.Delete(column, to_slice(entry->key)).PermitUncheckedError();
  }
  if (change.stamp) batch_.Put(stamp_key(column->GetID()), encode_stamp(*change.stamp)).PermitUncheckedError();
}

Result<void> RocksDbTaskBackend::apply(const TaskChanges& changes) {
  if (failed_) return *failed_;
  batch_.Clear();
  for (const TaskChanges::Store& change : changes.stores) {
    collect(change, find(change.name).backend.column()->handle());
  }
  // Twice: in the WAL, and in a table.
  const std::uint64_t needed = kStateReservedBytes + 2 * batch_.GetDataSize();
  auto room = check_room(database_->directory(), needed, std::max(needed, kReservedBytes), kStateErrors.full);
  if (!room) return fail(room.error());
  // Not synced: a killed process loses nothing, since the bytes are with the system when this returns.
  auto written = database_->db().Write(rocksdb::WriteOptions(), &batch_);
  if (!written.ok()) return fail(written);
  if (batch_.GetDataSize() > kKeptBatchBytes) batch_ = rocksdb::WriteBatch();
  for (const TaskChanges::Store& change : changes.stores) {
    if (change.stamp) find(change.name).stamp = *change.stamp;
  }
  database_->budget().relieve();
  return {};
}

Result<void> RocksDbTaskBackend::wipe(const std::string& name) {
  if (failed_) return *failed_;
  Store& store = find(name);
  // A column that has stopped writes, for its memtables, holds up the whole database until it is gone, and while an
  // iterator lives it is not: nobody flushes a dropped column.
  rocksdb::FlushOptions at_once;
  at_once.allow_write_stall = true;
  auto flushed = database_->db().Flush(at_once, store.backend.column()->handle());
  if (!flushed.ok()) return fail(flushed);
  auto dropped = database_->db().DropColumnFamily(store.backend.column()->handle());
  if (!dropped.ok()) return fail(dropped);
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  auto created = database_->db().CreateColumnFamily(
      state_column_options(database_->block_cache(), database_->budget().bytes()), column_name(name), &handle);
  if (!created.ok()) return fail(created);
  store.backend.replace(std::make_shared<StoreColumn>(database_, handle));
  store.stamp = {};
  return {};
}

}  // namespace millrace
