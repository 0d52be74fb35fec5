// Restorer: brings assigned tasks to the point where they can process: resolves where their inputs begin, commits that,
// and reads their stores' changelogs up to the committed end.
//
// A step machine with a reader of its own: one step does a bounded piece of work for each task, so that nothing else
// waits. Thread: one owner.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <millrace/log/log.hpp>
#include <millrace/runtime/listeners.hpp>
#include <millrace/runtime/state_directory.hpp>
#include <millrace/runtime/stream_task.hpp>

namespace millrace {

/// A task that is ready to process.
struct RestoredTask {
  TaskId id;                           ///< of the task
  std::unique_ptr<TaskStores> stores;  ///< open, but not restored
  std::vector<TaskInput> inputs;       ///< where its input goes on
};

/// For people and health checks.
struct RestoreProgress {
  TaskId task;                         ///< of the store
  std::string store;                   ///< name of it
  std::int64_t remaining_records = 0;  ///< still to read
};

/// What the restorer works with. Everything is borrowed and outlives it.
struct RestorerPorts {
  Log& log;                                     ///< where changelogs are read
  LogWriter& writer;                            ///< fences an unfinished transaction
  const LogMembership& membership;              ///< who is allowed to write
  TaskBackendFactory& backends;                 ///< opens stores
  const StateDirectory* directory;              ///< nullptr: no files (tests); "0_3" names a task
  CacheBudget& clean_budget;                    ///< shared with the other tasks
  const RuntimeListeners* listeners = nullptr;  ///< nullptr: nobody is told
};

/// Brings the stores of tasks to the committed end of their changelogs. Thread: the stream thread.
class Restorer {
 public:
  Restorer(TaskEnvironment& environment, RestorerPorts ports, WakeUp wake_up);  ///< Borrows what the ports name.
  ~Restorer();
  Restorer(const Restorer&) = delete;
  Restorer& operator=(const Restorer&) = delete;

  /// Takes a task up. `wipe` deletes its local state first: it cannot be trusted.
  void add(TaskId task, bool wipe);
  /// Lets a task go, restored or not.
  void remove(TaskId task);
  /// One bounded piece of work. Tasks that are done come out.
  /// After an error its task begins anew with the next step.
  /// Errors: NoCommittedOffset, ChangelogWithoutOffsets, OffsetOutOfRange, those of log and state.
  [[nodiscard]] Result<std::vector<RestoredTask>> step();

  [[nodiscard]] bool idle() const { return tasks_.empty(); }  ///< True if no task is being restored.
  /// The tasks that are being restored.
  [[nodiscard]] std::vector<TaskId> tasks() const;
  /// True if the next step can do something at once; otherwise a wake-up will come.
  [[nodiscard]] bool busy() const;
  [[nodiscard]] std::vector<RestoreProgress> progress() const;  ///< For status pages.

 private:
  struct Restoring;
  [[nodiscard]] Result<bool> advance(Restoring& task);
  void begin_anew(Restoring& task);
  void let_go(Restoring& task);
  void tell(const std::function<void(StateRestoreListener&)>& what);
  [[nodiscard]] Result<void> open_stores(Restoring& task);
  [[nodiscard]] Result<void> resolve_inputs(Restoring& task);
  /// Asks once more before an error is believed.
  [[nodiscard]] Result<bool> doubt(Restoring& task, const Error& error);
  [[nodiscard]] const NodeSpec* source_of(const Restoring& task, const TopicPartition& partition) const;
  [[nodiscard]] Result<Offset> pass_over_gap(const Restoring& task, const TopicPartition& partition, Offset committed);
  [[nodiscard]] Result<Offset> resolve_start(const Restoring& task, const TopicPartition& partition) const;
  [[nodiscard]] Result<void> begin_stores(Restoring& task);
  [[nodiscard]] Result<void> begin_store(Restoring& task, const StoreSpec& spec);
  /// Clears the store, with a warning, unless it stands where the committed input does.
  [[nodiscard]] Result<void> check_unlogged_store(Restoring& task, const StoreSpec& spec);
  [[nodiscard]] Result<bool> restore_some(Restoring& task);
  [[nodiscard]] std::vector<TopicPartition> inputs_of(TaskId task) const;
  [[nodiscard]] OffsetMap offsets_of(const Restoring& task) const;
  [[nodiscard]] TopicPartition changelog_of(TaskId task, const StoreSpec& store) const;

  TaskEnvironment& environment_;
  RestorerPorts ports_;
  std::unique_ptr<LogReader> reader_;
  std::vector<std::unique_ptr<Restoring>> tasks_;
  std::map<TaskId, CounterHandle> never_processed_;  // kept: a series goes with its last handle
};

}  // namespace millrace
