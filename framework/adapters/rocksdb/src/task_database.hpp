// TaskDatabase and StoreColumn: RocksDB's handles, closed in the right order by whoever lets go last.
#pragma once

#include <filesystem>
#include <memory>

#include <rocksdb/db.h>

#include "memtable_budget.hpp"

namespace millrace {

/// An open database. Closing it, in the destructor, gives up its place in the budget.
class TaskDatabase {
 public:
  TaskDatabase(std::unique_ptr<rocksdb::DB> db, std::filesystem::path directory,
               std::shared_ptr<rocksdb::Cache> block_cache, std::shared_ptr<MemtableBudget> budget)
      : block_cache_(std::move(block_cache)),
        budget_(std::move(budget)),
        db_(std::move(db)),
        directory_(std::move(directory)) {}
  TaskDatabase(const TaskDatabase&) = delete;
  TaskDatabase& operator=(const TaskDatabase&) = delete;

  [[nodiscard]] rocksdb::DB& db() { return *db_; }
  [[nodiscard]] MemtableBudget& budget() { return *budget_; }
  [[nodiscard]] const std::shared_ptr<rocksdb::Cache>& block_cache() const { return block_cache_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  std::shared_ptr<rocksdb::Cache> block_cache_;
  std::shared_ptr<MemtableBudget> budget_;
  std::unique_ptr<rocksdb::DB> db_;
  std::filesystem::path directory_;
};

/// A column family of it. Iterators hold one, so that neither it nor the database goes before them.
class StoreColumn {
 public:
  StoreColumn(std::shared_ptr<TaskDatabase> database, rocksdb::ColumnFamilyHandle* handle)
      : database_(std::move(database)), handle_(handle) {
    database_->budget().enter(database_->db(), *handle_);
  }
  ~StoreColumn() {
    database_->budget().leave(*handle_);
    // Fails only for the default column family, which is not given to it.
    database_->db().DestroyColumnFamilyHandle(handle_).PermitUncheckedError();
  }
  StoreColumn(const StoreColumn&) = delete;
  StoreColumn& operator=(const StoreColumn&) = delete;

  [[nodiscard]] TaskDatabase& database() { return *database_; }
  [[nodiscard]] const std::shared_ptr<TaskDatabase>& shared_database() const { return database_; }
  [[nodiscard]] rocksdb::DB& db() { return database_->db(); }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* handle() { return handle_; }

 private:
  std::shared_ptr<TaskDatabase> database_;
  rocksdb::ColumnFamilyHandle* handle_;
};

}  // namespace millrace
