// Streams: an application running: its threads, its log, its state, its metrics.
//
//   Created --start()--> Starting --all tasks restored--> Running --close()--> PendingShutdown --> NotRunning
//                            |                               |
//                            +------------- an error --------+--> PendingError --> Error
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
#include <millrace/config/streams_config.hpp>
#include <millrace/log/log.hpp>
#include <millrace/metrics/metrics.hpp>
#include <millrace/runtime/stream_thread.hpp>
#include <millrace/topology/topology.hpp>

namespace millrace {

enum class StreamsState : std::uint8_t { Created, Starting, Running, PendingShutdown, NotRunning, PendingError, Error };
[[nodiscard]] std::string_view to_string(StreamsState state);

/// Thread-safe, except that start() and close() are called by one thread. Destroying it closes it.
class Streams {
 public:
  /// Nothing happens before start(). `logger` may be null (standard error, at log.level); otherwise it outlives this.
  Streams(Topology topology, StreamsConfig config, Logger* logger = nullptr);
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// Opens state and log, creates the topics that are missing, starts the HTTP port and the stream threads. Returns
  /// when the threads run; tasks may still restore. Errors: StateDirectoryLocked, StateDirectoryUnusable, LogCorrupted,
  /// NotCopartitioned, TopicMismatch, PortUnavailable, ... In that case nothing runs.
  [[nodiscard]] Result<void> start();
  /// Stops in order: last commit, close processors, leave. True if the threads ended within `timeout`; what goes on
  /// after that is abandoned with the process. Log and stores stay open for reading until the destructor.
  bool close(std::chrono::milliseconds timeout);

  [[nodiscard]] StreamsState state() const;
  /// Why it died, if it did.
  [[nodiscard]] std::optional<Error> failure() const;
  [[nodiscard]] std::vector<ThreadStatus> thread_status() const;
  /// Waits until `condition` holds or `timeout` is over; looks again at each change and at least every 50 ms.
  bool wait_for(const std::function<bool()>& condition, std::chrono::milliseconds timeout);

  /// True if every record that is in a source or repartition topic is processed and committed.
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
  [[nodiscard]] const TopicCatalog& catalog() const;
  [[nodiscard]] std::uint16_t http_port() const;  ///< 0 if metrics.enabled is false
  [[nodiscard]] Metrics& metrics();
  [[nodiscard]] const Clock& clock() const;
  [[nodiscard]] const StreamsConfig& config() const;
  [[nodiscard]] const Topology& topology() const;

  /// The entries of a persistent store over all tasks, as stored bytes, in order of task and key. A task's state that
  /// turns out to be damaged is deleted, so that the next start restores it: StateCorrupted. REQUIRES: close() was
  /// called, or start() never.
  [[nodiscard]] Result<void> read_store(const std::string& store,
                                        const std::function<void(TaskId, BytesView, BytesView)>& visit);

 private:
  [[nodiscard]] Result<StoreQuery> find_store(const std::string& name, const StoreQueryOptions& options) const;

  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
