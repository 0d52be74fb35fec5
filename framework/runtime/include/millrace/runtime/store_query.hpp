// StoreQuery: one store over all its tasks, as bytes, for threads outside the application.
//
// Sees what is committed. A walk sees each task as of its beginning: a transaction within one task whole or not at all.
// Tasks commit by themselves; there is no common moment of two of them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <millrace/runtime/task_reads.hpp>
#include <millrace/topology/topology.hpp>

namespace millrace {

/// Where a store is asked.
struct StoreQueryOptions {
  /// Ask the task of this partition only, whatever the key.
  std::optional<Partition> partition{};
  /// A get asks one task after the other: for stores whose keys are not those of the records that made them, and for
  /// records that another partitioner than the default has sent. Else the partition is asked that the default
  /// partitioner gives the key.
  bool ask_every_partition = false;
};

/// A cheap handle, good for as long as it lives, over rebalances and after the application has gone. Thread-safe.
class StoreQuery {
 public:
  /// `tasks` in the order of their partitions, at least one; each knows the store.
  StoreQuery(StoreSpec spec, std::vector<std::shared_ptr<TaskReads>> tasks, StoreQueryOptions options);

  [[nodiscard]] const StoreSpec& spec() const { return spec_; }  ///< As the topology declares it.

  /// Puts the value into `value` and returns true, or returns false. `routed_by` decides about the partition: for a
  /// windowed store it is the key without the window.
  /// Errors: StoreNotReady (ask again), StreamsNotRunning, StateReadFailed, StateCorrupted.
  [[nodiscard]] Result<bool> get(BytesView key, BytesView routed_by, Bytes& value) const;
  /// A walk over all tasks that are asked, in the order of the keys; of equal keys that of the lower partition first.
  /// The iterator is used by one thread at a time. Errors: as get(), also as the iterator's status.
  [[nodiscard]] Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) const;
  /// range() in the one task that has the key `routed_by`, unless the options say otherwise.
  [[nodiscard]] Result<std::unique_ptr<KeyValueIterator>> range_of(BytesView routed_by, const KeyRange& range) const;
  /// The sum over the tasks. Errors: as get().
  [[nodiscard]] Result<std::uint64_t> approximate_entries() const;

 private:
  [[nodiscard]] const TaskReads* task_of(BytesView key) const;
  [[nodiscard]] Result<std::unique_ptr<KeyValueIterator>> merge(const std::vector<std::size_t>& tasks,
                                                                const KeyRange& range) const;

  StoreSpec spec_;
  std::vector<std::shared_ptr<TaskReads>> tasks_;  ///< all, by partition
  std::size_t index_;
  StoreQueryOptions options_;
};

/// All tasks' stores, for reading. Shared by the application, its threads and every StoreQuery. Thread-safe.
class StoreRegistry {
 public:
  /// `explain` is called for as long as detach() was not. `tasks`: all of the topology.
  StoreRegistry(const Topology& topology, const std::vector<TaskId>& tasks, ExplainAbsence explain);

  /// Where the owner of the task publishes its stores. REQUIRES: one of the tasks given.
  [[nodiscard]] TaskReads& reads(TaskId task);
  /// Errors: StoreUnknown, which names the stores or partitions there are.
  [[nodiscard]] Result<StoreQuery> query(const std::string& store, const StoreQueryOptions& options) const;
  /// True if every task's stores are restored and read from now. Tasks that move are not there for a moment.
  [[nodiscard]] bool all_published() const;
  /// The application goes: from now on absent stores are explained by StreamsNotRunning.
  void detach();

 private:
  struct Explanation {
    std::mutex mutex;
    ExplainAbsence ask;  // guarded by mutex
  };
  std::shared_ptr<Explanation> explanation_;
  std::map<std::string, StoreSpec> stores_;
  std::map<TaskId, std::shared_ptr<TaskReads>> tasks_;
  std::map<std::string, std::vector<std::shared_ptr<TaskReads>>> tasks_of_store_;
};

}  // namespace millrace
