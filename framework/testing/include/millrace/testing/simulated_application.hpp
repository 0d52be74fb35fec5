// SimulatedApplication: a topology in several threads, or processes, that die and come back when a seed says so.
//
//   millrace::SimulatedApplication app(word_count(), {.seed = seed, .threads = 2});
//   app.write("lines", key, value, timestamp);
//   for (int i = 0; i < 500; ++i) app.pick();   // threads and commits in an order that the seed decides
//   app.crash_thread(app.threads().front());
//   app.start_missing_threads();
//   app.run_until_caught_up();                  // and now look at what the topics hold
//
// It runs the very stream threads, tasks, commits and restoring of production, over a log in memory behind a simulated
// network (SimLog). The same seed gives the same run: app.scheduler().trace().hash() says so.
//
//   processes = 1   the log is in the process, as the embedded log is: it dies with it, and comes back from its storage
//   processes > 1   each has its own disk, and the log is a server that lives on
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <millrace/config/streams_config.hpp>
#include <millrace/log/in_process_log.hpp>
#include <millrace/metrics/metrics.hpp>
#include <millrace/testing/durable_memory_state.hpp>
#include <millrace/testing/memory_batch_storage.hpp>
#include <millrace/testing/seeded_scheduler.hpp>
#include <millrace/testing/sim_log.hpp>
#include <millrace/topology/topology.hpp>

namespace millrace {

/// What is simulated.
struct SimulationOptions {
  std::uint64_t seed = 1;  ///< repeats the run
  /// application_id defaults to "sim"; num_stream_threads is not looked at.
  StreamsConfig config{};
  int partitions = 2;         ///< of every source and output topic
  int processes = 1;          ///< each with its disk
  int threads = 2;            ///< of each process
  WallTime start{};           ///< the wall clock at the start
  milliseconds session{200};  ///< after which a killed process is taken for dead, where the log is a server
  SimLogFaults faults{};      ///< of the network

  /// For tests that watch or break a port: what they return is put in front of the one given, and is destroyed first.
  /// The log is given anew at each start of its process: as the threads see it, and as the network does.
  std::function<std::unique_ptr<Log>(Log& log)> wrap_log{};  ///< between the threads and the network
  /// between the network and the log
  std::function<std::unique_ptr<Log>(Log& log)> wrap_server{};
  /// between the log and its storage
  std::function<std::unique_ptr<BatchStorage>(BatchStorage& storage)> wrap_storage{};
  /// between a process and its disk
  std::function<std::unique_ptr<TaskBackendFactory>(int process, DurableMemoryState& disk)> wrap_state{};
};

/// Thread: one.
class SimulatedApplication {
 public:
  /// Creates the topics and starts all threads. Throws StreamsFailed if the topology does not fit its topics.
  SimulatedApplication(Topology topology, SimulationOptions options);
  ~SimulatedApplication();
  SimulatedApplication(const SimulatedApplication&) = delete;
  SimulatedApplication& operator=(const SimulatedApplication&) = delete;

  [[nodiscard]] SeededScheduler& scheduler() { return scheduler_; }            ///< Decides who runs next.
  [[nodiscard]] const SimulationOptions& options() const { return options_; }  ///< As given.
  [[nodiscard]] const Topology& topology() const { return topology_; }         ///< As given.
  [[nodiscard]] const TopicCatalog& catalog() const { return catalog_; }       ///< The topics of the application.
  /// The log as it is, without the network.
  [[nodiscard]] InProcessLog& log() { return *log_; }
  [[nodiscard]] SimLog& network() { return *network_; }  ///< The log as the processes see it.
  /// What a process keeps over its crashes.
  [[nodiscard]] DurableMemoryState& disk(int process) { return *processes_.at(process).disk; }

  /// Writes one record at once, as a transaction of its own. `partition`: default by the key's hash.
  void write(const std::string& topic, OptionalBytesView key, OptionalBytesView value, Timestamp timestamp,
             std::optional<Partition> partition = {});
  /// A record of a topic, as bytes.
  struct ReadRecord {
    std::optional<Bytes> key;    ///< serialized
    std::optional<Bytes> value;  ///< serialized
    Timestamp timestamp{};       ///< event time
    Headers headers;             ///< decoded
  };
  /// All records of one partition. Throws StreamsFailed.
  [[nodiscard]] std::vector<ReadRecord> read(const TopicPartition& partition);

  /// One decision of the scheduler. What a thread threw, as a crash point of a test does, comes through: crash it then.
  void pick() { scheduler_.pick(); }
  /// Runs until every task runs, all input is processed and committed, and nothing is in flight. False if that did not
  /// happen within `most_picks` decisions and `most_time` of simulated time, or a thread died of an error: see
  /// failure().
  bool run_until_caught_up(std::uint64_t most_picks = 200'000, milliseconds most_time = std::chrono::seconds(120));
  [[nodiscard]] bool caught_up();  ///< True if everything in the source topics is processed and committed.
  /// Why a thread died, if one did. Threads that died stay until start_missing_threads().
  [[nodiscard]] std::optional<Error> failure();

  /// Threads that were started and have not crashed; among them those that have stopped or died.
  [[nodiscard]] std::vector<SimThreadId> threads() const;
  /// In which process a thread runs.
  [[nodiscard]] int process_of(SimThreadId thread) const { return running_.at(thread).process; }
  /// As messages name it.
  [[nodiscard]] const std::string& name_of(SimThreadId thread) const { return running_.at(thread).name; }
  /// Asks for an orderly end.
  void stop_thread(SimThreadId thread);
  void request_commit(SimThreadId thread);  ///< Asks the thread for a commit soon.
  /// The thread is gone at once, without a goodbye.
  void crash_thread(SimThreadId thread);
  /// All threads of the process are gone, and with the only process the log, with everything that was not yet written.
  /// `lost_changes`: so many of the last writes of each task's state are lost as well, as in a power cut.
  void crash_process(int process, std::size_t lost_changes = 0);
  /// Starts what is needed to have `threads` of them in each process again.
  void start_missing_threads();

  /// Numbers of all processes, running or not.
  [[nodiscard]] std::vector<int> processes() const;

 private:
  struct Process {
    std::unique_ptr<DurableMemoryState> disk;
    std::unique_ptr<TaskBackendFactory> state;  // in front of the disk; may be null
    std::unique_ptr<Metrics> metrics;
    std::unique_ptr<CacheBudget> clean_budget;
  };
  struct Running {
    int process = 0;
    int index = 0;
    std::string name;
  };
  class TraceLogger;

  void open_log();
  void create_topics();
  void start_thread(int process, int index);
  [[nodiscard]] Log& log_of_threads() { return wrapped_log_ ? *wrapped_log_ : *network_; }
  [[nodiscard]] std::vector<TopicPartition> inputs() const;
  /// Runs the sequencer until the answer is there.
  template <class T>
  [[nodiscard]] T await(Pending<T> answer);
  void await(Pending<void> answer);

  const Topology topology_;
  SimulationOptions options_;
  SeededScheduler scheduler_;
  std::unique_ptr<TraceLogger> logger_;
  MemoryBatchStorage storage_;
  std::unique_ptr<BatchStorage> wrapped_storage_;
  std::shared_ptr<SimLane> sequencer_;
  std::unique_ptr<InProcessLog> log_;
  std::unique_ptr<Log> wrapped_server_;
  std::unique_ptr<SimLog> network_;
  std::unique_ptr<Log> wrapped_log_;
  std::unique_ptr<LogWriter> input_;
  TopicCatalog catalog_;
  std::map<int, Process> processes_;
  std::map<SimThreadId, Running> running_;
  int runs_ = 0;
};

}  // namespace millrace
