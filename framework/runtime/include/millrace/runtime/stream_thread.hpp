// StreamThread: the step machine that runs tasks.
//
// step() never blocks and never waits: it takes what has come, does a bounded piece of work and says when it wants to
// be called again; a wake-up may ask for it earlier. Who calls it, and whether a thread, a test or a simulator, is
// not its business. It holds only the loop; tasks, commits, restoring and the states (lifecycle.hpp) have classes of
// their own.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <millrace/runtime/committer.hpp>
#include <millrace/runtime/lifecycle.hpp>
#include <millrace/runtime/reconcile.hpp>
#include <millrace/runtime/repartition_purger.hpp>
#include <millrace/runtime/restorer.hpp>

namespace millrace {

/// What others may know of a thread: as of its last step that had nothing to do, at most a quarter of a second of work
/// ago; the state is that of now.
struct ThreadStatus {
  std::string name;                          ///< "<application.id>-<number>"
  ThreadState state = ThreadState::Created;  ///< what it is doing
  std::vector<TaskId> running;               ///< tasks that process
  std::vector<RestoreProgress> restoring;    ///< stores that are being restored
  std::size_t waiting_tasks = 0;             ///< given, not yet running
  std::uint64_t processed_records = 0;       ///< since its start
  std::uint64_t commits = 0;                 ///< that succeeded, since its start
  std::int64_t lag_records = 0;              ///< not yet processed, over its partitions
  MemoryUse memory{};                        ///< what its tasks hold, by owner
  std::optional<Error> failure;              ///< why it died
  std::optional<Error> retrying;             ///< what it met, and tries again
};

/// Borrowed; everything outlives the thread.
struct StreamThreadPorts {
  const StreamsConfig& config;                  ///< of the application
  const Topology& topology;                     ///< of the application
  const TopicCatalog& catalog;                  ///< topics as the log has them
  const Clock& clock;                           ///< what time it is
  Logger& logger;                               ///< where lines go
  Metrics& metrics;                             ///< where numbers go
  Log& log;                                     ///< records and positions
  TaskBackendFactory& backends;                 ///< opens stores
  const StateDirectory* directory;              ///< nullptr: no files (tests); "0_3" names a task
  CacheBudget& clean_budget;                    ///< shared by all threads
  StoreRegistry* stores = nullptr;              ///< where running tasks publish their stores; nullptr: nowhere
  const RuntimeListeners* listeners = nullptr;  ///< nullptr: nobody is told
};

/// A stream thread without the thread: step() does what can be done and returns. Thread: one owner.
class StreamThread {
 public:
  /// `run_id` is unique per run of the process. `wake_up` is called from any thread when step() should be called soon.
  StreamThread(StreamThreadPorts ports, int index, const std::string& run_id, WakeUp wake_up);
  ~StreamThread();
  StreamThread(const StreamThread&) = delete;
  StreamThread& operator=(const StreamThread&) = delete;

  /// One bounded piece of work. Returns when it wants to be called next: now if there is more to do.
  SteadyTime step();
  /// Asks for an orderly end: commit, close, leave. A commit that waits, for space on a full disk, is given up when
  /// most of shutdown.timeout.ms is over: then it ends with that failure. Thread-safe.
  void request_stop() { stop_requested_.store(true); }
  /// Asks for a commit at the next step. Thread-safe.
  void request_commit() { commit_requested_.store(true); }

  /// A paused thread restores, processes and punctuates nothing; it commits what it has done, and keeps its place in
  /// the group. May come before the first step. Thread-safe.
  void pause() { paused_.store(true); }
  void resume() { paused_.store(false); }  ///< Goes on after pause().

  [[nodiscard]] const std::string& name() const { return name_; }  ///< As messages name it.
  /// Thread-safe.
  [[nodiscard]] ThreadState state() const { return lifecycle_.state(); }
  [[nodiscard]] bool dead() const { return state() == ThreadState::Dead; }  ///< True after the last step.
  /// True if all tasks run and nothing is left to process at the moment.
  [[nodiscard]] bool caught_up() const;
  /// caught_up(), and everything is committed.
  [[nodiscard]] bool quiescent() const;
  /// Thread-safe.
  [[nodiscard]] ThreadStatus status() const;
  /// The store of a running task, for tests; nullptr if there is none. Thread: the one that calls step().
  [[nodiscard]] KeyValueBytesStore* find_store(TaskId task, std::string_view name);
  /// How far event time has come for a window store (or windowed operator) of a running task, for tests.
  [[nodiscard]] Timestamp observed_time(TaskId task, std::string_view name) const;
  /// Why it died. Thread: the one that calls step().
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  enum class Work : std::uint8_t { None, Some };

  [[nodiscard]] Work take_turn();
  [[nodiscard]] Work advance_tasks();
  [[nodiscard]] SteadyTime next_step(Work work, SteadyTime began) const;
  /// True from the moment a stop was asked for or an error met.
  [[nodiscard]] bool ending() const;
  void settle_state();
  void take_membership_events();
  void follow(const std::vector<TaskAction>& actions);
  void close_task(TaskId task);
  void begin_restoring(TaskId task, bool wipe);
  void restore();
  void take_commit_result();
  void settle_failed_commit(const Error& error);
  void purge_repartition_topics();
  [[nodiscard]] Work process_ahead();
  [[nodiscard]] Work process();
  void punctuate();
  [[nodiscard]] bool commit_due();
  void begin_commit();
  void step_shutdown();
  void close_tasks();
  void publish_status();

  /// The one place that decides what an error leads to.
  void react(const Error& error);
  void react_when_committed(const Error& error);
  void retry(const Error& error);
  void end_retrying();
  void tell_end_of_retrying(SteadyTime now);
  void wait_for_commit();
  void give_up_commit(const Error& why);
  void abort_transaction();
  void rebuild_task(const Error& why, bool wipe);
  [[nodiscard]] bool runs(const std::string& name) const;
  void rejoin();
  void die(const Error& error, bool commit_first);

  std::unique_ptr<LogMembership> join();
  std::unique_ptr<Restorer> make_restorer();
  [[nodiscard]] bool dirty() const;

  // Constant after construction.
  StreamThreadPorts ports_;
  const int index_;
  const std::string name_;
  const std::string run_id_;
  WakeUp wake_up_;
  const std::unique_ptr<Logger> logger_;  // with the thread's name

  // Used by the stepping thread only.
  ThreadLifecycle lifecycle_;
  TaskLifecycles task_states_;
  Outbox outbox_;
  CacheBudget cache_budget_;
  ThreadMemory memory_;
  TaskEnvironment environment_;
  std::unique_ptr<LogReader> reader_;
  std::unique_ptr<LogWriter> writer_;
  std::unique_ptr<LogMembership> membership_;
  std::unique_ptr<Restorer> restorer_;
  std::unique_ptr<Committer> committer_;
  RepartitionPurger purger_;
  std::map<TaskId, std::unique_ptr<StreamTask>> tasks_;
  std::set<TaskId> assigned_;
  std::vector<std::uint64_t> unanswered_revocations_;
  bool unsettled_ = true;  // tasks held and tasks assigned may differ
  bool final_commit_ = false;
  bool closing_ = false;  // a commit is to end before tasks are let go: nothing is processed until then
  SteadyTime last_commit_{};
  SteadyTime retry_at_{};
  SteadyTime last_obstacle_{};
  SteadyTime give_up_at_{};        // a commit that waits, once a stop was asked for
  std::optional<Error> retrying_;  // what is being tried again
  std::optional<ErrorCode> told_retrying_;
  std::optional<SteadyTime> retried_well_at_;  // since then it seems to be over
  SteadyTime reported_at_{};
  std::optional<Error> failure_;
  std::optional<Error> put_off_;  // met while a commit was in flight
  std::uint64_t processed_ = 0;
  std::uint64_t commits_ = 0;
  HistogramHandle step_duration_;
  GaugeHandle buffer_bytes_;
  GaugeHandle outbox_bytes_;
  GaugeHandle buffered_records_;

  std::atomic<bool> stop_requested_{false};
  std::atomic<bool> commit_requested_{false};
  std::atomic<bool> paused_{false};
  mutable std::mutex status_mutex_;
  ThreadStatus status_;
};

}  // namespace millrace
