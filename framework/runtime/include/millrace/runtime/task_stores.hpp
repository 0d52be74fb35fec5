// TaskStores: the stores of one task: backends, transaction buffers and the layers on top.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <millrace/log/types.hpp>
#include <millrace/model/observed_times.hpp>
#include <millrace/state/caching_key_value_bytes_store.hpp>
#include <millrace/state/memory_task_backend.hpp>
#include <millrace/state/window_cleaner.hpp>
#include <millrace/topology/topology.hpp>

namespace millrace {

/// Makes the changelog of one store.
class ChangeLoggerFactory {
 public:
  ChangeLoggerFactory() = default;
  ChangeLoggerFactory(const ChangeLoggerFactory&) = delete;
  ChangeLoggerFactory& operator=(const ChangeLoggerFactory&) = delete;
  virtual ~ChangeLoggerFactory() = default;
  /// Writes the changes of a store to its changelog.
  [[nodiscard]] virtual std::unique_ptr<ChangeLogger> make_logger(const StoreSpec& store) = 0;
};

/// Thread: the one that owns the task.
class TaskStores {
 public:
  /// Opens the state in `directory`. State that cannot be read is wiped, with a warning in `warnings`: it comes back
  /// from the changelog. Borrows the budget. Errors: those of TaskBackendFactory::open but StateCorrupted.
  [[nodiscard]] static Result<std::unique_ptr<TaskStores>> open(const std::vector<StoreSpec>& specs,
                                                                const std::filesystem::path& directory,
                                                                TaskBackendFactory& factory, CacheBudget& clean_budget,
                                                                std::vector<Error>& warnings);

  /// Puts changelogs on top of the logged stores, caches on top of those that cache: what these hold counts in
  /// `cache_budget`. Called before the first get(), and again with the nodes' new beginning after an abort.
  void log_changes_to(ChangeLoggerFactory& factory, const WriteContextSource& source, CacheBudget& cache_budget);

  [[nodiscard]] const std::vector<StoreSpec>& specs() const { return specs_; }  ///< Of all its stores.
  /// nullptr if there is no such store.
  [[nodiscard]] KeyValueBytesStore* find(std::string_view name);

  /// The committed entries of every store, in the order of specs(), for other threads.
  [[nodiscard]] std::vector<const CommittedStore*> committed();

  /// How far the store has come in its changelog.
  [[nodiscard]] Result<ChangelogStamp> stamp(const std::string& store) { return backend_of(store).stamp(store); }
  /// Empties the store: its state does not belong to the changelog that there is.
  [[nodiscard]] Result<void> wipe(const std::string& store);
  /// Applies restored records to one store.
  [[nodiscard]] Result<void> restore(const std::string& store, const std::vector<RecordView>& records,
                                     ChangelogStamp stamp);

  /// Where the current record stands in its writes, for rollback(); good until it ends.
  struct Savepoint {
    std::vector<std::size_t> buffers{};  ///< in the order of specs()
    std::vector<std::size_t> caches{};   ///< in the order of caches()
  };
  [[nodiscard]] Savepoint savepoint() const;  ///< As of now.
  void rollback(const Savepoint& to);         ///< Takes back what the current record wrote since then.
  void seal();                                ///< Keeps what the current record wrote.
  void rollback();                            ///< Takes back what the current record wrote.
  void freeze();                              ///< What was written so far belongs to the commit that begins.
  /// Writes the frozen generation, and each store's stamp, in one batch per backend. `stamps` may lack stores that
  /// logged nothing. Window stores lose entries that are older than their retention, by the `times` that were
  /// committed. Errors: StateFull, StateWriteFailed: the task must be restored.
  [[nodiscard]] Result<void> apply_frozen(const std::map<std::string, ChangelogStamp>& stamps,
                                          const ObservedTimes::Snapshot& times);
  void drop_all();  ///< Drops everything that is not committed.

  /// The caches, a store's before those of the stores below it.
  [[nodiscard]] const std::vector<CachingKeyValueBytesStore*>& caches() const { return caches_; }
  /// The first cache that holds something; nullptr if none does.
  [[nodiscard]] CachingKeyValueBytesStore* pending_cache() const;
  /// The cache that holds most; nullptr if none holds anything.
  [[nodiscard]] CachingKeyValueBytesStore* fullest_cache() const;

  [[nodiscard]] std::int64_t dirty_bytes() const;  ///< Bytes that are not committed.

 private:
  struct Slot {
    StoreSpec spec;
    std::unique_ptr<TransactionBuffer> buffer;
    std::unique_ptr<WindowCleaner> cleaner;  // of a window store
    std::unique_ptr<KeyValueBytesStore> buffered;
    std::unique_ptr<ChangeLogger> logger;
    std::unique_ptr<KeyValueBytesStore> over;  // logging or caching, or both
    [[nodiscard]] KeyValueBytesStore& top() { return over ? *over : *buffered; }
  };
  TaskStores() = default;
  [[nodiscard]] TaskBackend& backend_of(const std::string& store);
  [[nodiscard]] Result<void> apply_to(TaskBackend& backend, bool persistent,
                                      const std::map<std::string, ChangelogStamp>& stamps,
                                      const ObservedTimes::Snapshot& times);

  std::vector<StoreSpec> specs_;
  std::unique_ptr<TaskBackend> persistent_;  // nullptr if no store is
  std::unique_ptr<TaskBackend> memory_;      // nullptr if no store is
  std::vector<Slot> slots_;                  // destroyed before the backends
  std::vector<CachingKeyValueBytesStore*> caches_;
};

}  // namespace millrace
