// RocksDbTaskBackend: the stores of one task and how far each has come, in one database.
//
// Column families:
//   default         stamps: key = id of the store's column family (4 bytes, big-endian),
//                   value = next offset (8 bytes, big-endian), topic id
//   store:<name>    the store's entries
//
// Ids of column families are never used twice. So dropping one takes its stamp out of use at the same moment, and a
// wiped store, which gets a new column family, is unstamped without a second write that a crash could come before.
#pragma once

#include <map>
#include <optional>
#include <string>

#include <rocksdb/write_batch.h>

#include "rocksdb_store_backend.hpp"

namespace millrace {

class RocksDbTaskBackend final : public TaskBackend {
 public:
  /// Opens the database of a claimed directory. Errors: see RocksDbTaskBackendFactory::open.
  [[nodiscard]] static Result<std::unique_ptr<TaskBackend>> open(const std::filesystem::path& directory,
                                                                 const std::vector<std::string>& stores,
                                                                 const std::shared_ptr<rocksdb::Cache>& block_cache,
                                                                 const std::shared_ptr<MemtableBudget>& budget);

  StoreBackend& store(const std::string& name) override { return find(name).backend; }
  Result<ChangelogStamp> stamp(const std::string& store) override { return find(store).stamp; }
  Result<void> apply(const TaskChanges& changes) override;
  Result<void> wipe(const std::string& store) override;

 private:
  struct Store {
    explicit Store(std::shared_ptr<StoreColumn> column) : backend(std::move(column)) {}
    RocksDbStoreBackend backend;
    ChangelogStamp stamp;
  };

  explicit RocksDbTaskBackend(std::shared_ptr<TaskDatabase> database) : database_(std::move(database)) {}
  Store& find(const std::string& name);
  /// Takes the handles over: drops the families of `handles` that are not in `stores`.
  Result<void> adopt(std::vector<rocksdb::ColumnFamilyHandle*> handles, const std::vector<std::string>& stores);
  Result<void> load_stamps();
  void collect(const TaskChanges::Store& change, rocksdb::ColumnFamilyHandle* column);
  Error fail(const rocksdb::Status& status);
  Error fail(Error why);

  std::shared_ptr<TaskDatabase> database_;
  std::map<std::string, Store, std::less<>> stores_;
  rocksdb::WriteBatch batch_;
  std::vector<const StateChange*> sorted_;
  /// After one failed write none is tried again: what the file then holds is known only after opening it anew.
  std::optional<Error> failed_;
};

}  // namespace millrace
