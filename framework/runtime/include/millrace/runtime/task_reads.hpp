// TaskReads: the stores of one task as other threads read them, while it runs, moves, restores and closes.
//
//   owner       publish() ------ reads go on while it processes and commits ------ withdraw()
//   others                get, range, next...                                      "not here now"
//
// Each read holds a lease for as long as it takes; withdraw() waits for those that are going on, one read each, and
// lets no new one in. An iterator holds a lease only within next(): withdraw() ends it, and it says so.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <millrace/base/read_mostly_mutex.hpp>
#include <millrace/model/ids.hpp>
#include <millrace/state/task_backend.hpp>

namespace millrace {

/// Says, for people, why a task's store cannot be read. Called without a lock held, from any thread.
using ExplainAbsence = std::function<Error(TaskId task, const std::string& store)>;

/// Thread: publish() and withdraw() by the owner of the task; the rest by anybody.
class TaskReads : public std::enable_shared_from_this<TaskReads> {
 public:
  /// Of one task, with the stores that it has.
  TaskReads(TaskId task, std::vector<std::string> stores, ExplainAbsence explain)
      : task_(task), names_(std::move(stores)), explain_(std::move(explain)) {}

  [[nodiscard]] TaskId task() const { return task_; }  ///< Whose stores these are.

  /// One publish(), for its withdraw().
  using Publication = std::uint64_t;
  /// From now on these stores are read, and none that were published before: as many as there are names, in their
  /// order. They live until withdraw().
  [[nodiscard]] Publication publish(std::vector<const CommittedStore*> stores);
  /// From now on nobody reads them. Waits for reads that are going on: each is one get, or one step of an iterator.
  /// Nothing happens if somebody else has published since: a thread that lost the task is late.
  void withdraw(Publication publication);

  /// True if the stores are here now, restored; always for a task without stores.
  [[nodiscard]] bool published() const;

  /// Index of the store, for the calls below. REQUIRES: it is one of the task's.
  [[nodiscard]] std::size_t index_of(const std::string& store) const;
  /// Puts the value into `value` and returns true, or returns false. Errors: StoreNotReady, StateReadFailed,
  /// StateCorrupted.
  [[nodiscard]] Result<bool> get(std::size_t store, BytesView key, Bytes& value) const;
  /// A snapshot as of now. The iterator is used by one thread at a time; its status() may become StoreNotReady.
  /// Errors: as get().
  [[nodiscard]] Result<std::unique_ptr<KeyValueIterator>> range(std::size_t store, const KeyRange& range);
  /// Errors: StoreNotReady.
  [[nodiscard]] Result<std::uint64_t> approximate_entries(std::size_t store) const;

 private:
  class LeasedIterator;

  /// Errors: those of the explanation, with task and store.
  [[nodiscard]] Error absent(std::size_t store) const;
  [[nodiscard]] Error located(const Error& error, std::size_t store) const;
  /// REQUIRES: the leases are held by a writer.
  void end_iterators();
  void enter(LeasedIterator& iterator);
  void leave(LeasedIterator& iterator);

  const TaskId task_;
  const std::vector<std::string> names_;
  const ExplainAbsence explain_;
  mutable ReadMostlyMutex leases_;
  std::vector<const CommittedStore*> stores_;  // guarded by leases_; empty: not here
  Publication publication_ = 0;                // guarded by leases_
  std::mutex iterators_mutex_;
  std::vector<LeasedIterator*> iterators_;  // guarded by iterators_mutex_
};

}  // namespace millrace
