// Streams: an application running: its threads, its log, its state, its metrics. Its states: streams_lifecycle.hpp.
//
// This version runs on the embedded engine: a durable log in the state directory, in this process.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/app/read_only_stores.hpp>
#include <millrace/app/read_only_window_store.hpp>
#include <millrace/app/stream_threads.hpp>
#include <millrace/app/streams_lifecycle.hpp>
#include <millrace/config/streams_config.hpp>
#include <millrace/log/log.hpp>
#include <millrace/metrics/metrics.hpp>
#include <millrace/runtime/stream_thread.hpp>
#include <millrace/topology/topology.hpp>

namespace millrace {

/// Thread-safe, except that start() is called once, and the listeners are set before it by the same thread. Destroying
/// it closes it, and then waits for all its threads, however long user code keeps one: who cannot wait looks at what
/// close() returns, and ends the process. Not to be destroyed on a thread of its own: listeners run on those.
class Streams {
 public:
  /// Nothing happens before start(). `logger` may be null (standard error, at log.level); otherwise it outlives this.
  Streams(Topology topology, StreamsConfig config, Logger* logger = nullptr);
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  // --- before start(); they throw std::logic_error after it ---

  /// Told of each state, in order, with no lock held, on whatever thread made the change.
  void set_state_listener(StreamsStateListener listener);
  /// Told of each state of a stream thread and of a task, on that stream thread.
  void set_thread_state_listener(
      std::function<void(const std::string& thread, ThreadState now, ThreadState before)> listener);
  /// Called when a task changes its state, on its thread. Before start().
  void set_task_state_listener(
      std::function<void(const std::string& thread, TaskId task, TaskState now, TaskState before)> listener);
  /// Told how each store is restored.
  void set_restore_listener(std::shared_ptr<StateRestoreListener> listener);
  /// Asked what to do when a thread dies. Default: StopApplication. A replacement waits 100 ms, twice as long with each
  /// further death up to ten seconds, and 100 ms again after a minute without one: what fails again and again, as a bad
  /// record does, costs that much each time and is never passed over.
  void set_uncaught_exception_handler(UncaughtExceptionHandler handler);

  /// Opens state and log, creates the topics that are missing, starts the HTTP port and the stream threads. Returns
  /// when the threads run; tasks may still restore. Errors: StateDirectoryLocked, StateDirectoryUnusable, LogCorrupted,
  /// NotCopartitioned, TopicMismatch, PortUnavailable, ...; StreamsNotRunning if close() was called. In that case
  /// nothing runs.
  [[nodiscard]] Result<void> start();
  /// Stops in order: last commit, close processors, leave. True if the threads ended within `timeout`, and the state
  /// listener has returned; those that did not are logged with their tasks, and go on in vain until they end or the
  /// process does. Log and stores stay open for reading until the destructor.
  /// May be called again, and by several threads, each of which waits. On a thread of this application, in a listener
  /// or in user code, it only asks the threads to end, and returns at once: false, since that thread is not at its end.
  bool close(std::chrono::milliseconds timeout);

  /// Starts one more stream thread; tasks move to it. Its name. Errors: StreamsNotRunning.
  [[nodiscard]] Result<std::string> add_stream_thread();
  /// Ends the stream thread of that name in order, or the one that was added last; its tasks move to the others, or to
  /// nobody if there are none. Its name, when it has ended; on a thread of this application at once.
  /// Errors: StreamsNotRunning, ThreadUnknown, ThreadNotEnded (it ends later).
  [[nodiscard]] Result<std::string> remove_stream_thread(const std::optional<std::string>& name = std::nullopt,
                                                         std::chrono::milliseconds timeout = std::chrono::seconds(60));

  /// Paused threads process, punctuate and restore nothing; they commit what they have done, and keep their tasks. They
  /// finish the step they are at: up to max.poll.records of each task. May precede start().
  void pause();
  void resume();                         ///< Goes on after pause().
  [[nodiscard]] bool is_paused() const;  ///< True between pause() and resume().

  [[nodiscard]] StreamsState state() const;  ///< Where the application stands now.
  /// Why it died, if it did: what the first thread died of that was not replaced.
  [[nodiscard]] std::optional<Error> failure() const;
  /// Of all stream threads but those that were removed or replaced.
  [[nodiscard]] std::vector<ThreadStatus> thread_status() const;  ///< Every stream thread, as of its last report.
  /// Waits until `condition` holds or `timeout` is over; looks again at each change and at least every 50 ms.
  bool wait_for(const std::function<bool()>& condition, std::chrono::milliseconds timeout);

  /// True if every record that is in a source or repartition topic is processed and committed, and every store is
  /// restored: after close() read_store() has all of it.
  [[nodiscard]] Result<bool> drained() const;
  /// Commits soon, before the interval is over.
  void request_commit();

  /// A store, for reading from any thread while processing goes on. `Store` says what it is read as:
  ///   streams.store<ReadOnlyKeyValueStore<std::string, std::int64_t>>("word-counts")
  /// Ask once and keep the handle. Tasks may still restore, or move: each read answers for itself.
  /// Errors: StoreUnknown, which names the stores there are; StoreTypeMismatch; StreamsNotRunning before start().
  template <class Store>
  [[nodiscard]] Result<Store> store(const std::string& name, const StoreQueryOptions& options = {}) const {
    auto query = find_store(name, options);
    if (!query) return query.error();
    return Store::open(std::move(*query));
  }

  /// REQUIRES (all three): start() succeeded.
  [[nodiscard]] Log& log();
  [[nodiscard]] const TopicCatalog& catalog() const;  ///< The topics that the application reads and writes.
  [[nodiscard]] std::uint16_t http_port() const;      ///< 0 if metrics.enabled is false
  [[nodiscard]] Metrics& metrics();                   ///< For metrics of your own.
  [[nodiscard]] const Clock& clock() const;           ///< The clock that the application runs by.
  [[nodiscard]] const StreamsConfig& config() const;  ///< As given to the constructor.
  [[nodiscard]] const Topology& topology() const;     ///< As given to the constructor.

  /// The entries of a persistent store over all tasks, as stored bytes, in order of task and key. A task's state that
  /// turns out to be damaged is deleted, so that the next start restores it: StateCorrupted. One that is behind its
  /// changelog, because the application ended while it was restored, is not shown at all: StateBehind.
  /// REQUIRES: start() succeeded, and close() returned true.
  [[nodiscard]] Result<void> read_store(const std::string& store,
                                        const std::function<void(TaskId, BytesView, BytesView)>& visit);

 private:
  [[nodiscard]] Result<StoreQuery> find_store(const std::string& name, const StoreQueryOptions& options) const;

  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
