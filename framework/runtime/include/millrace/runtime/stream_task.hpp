// StreamTask: one sub-topology over one partition number, with its state.
//
// The input record, or the call of a punctuator, is the atom: what it sends and writes is kept as a whole or taken back
// as a whole. Thread: the one that owns the task.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <millrace/runtime/processing_context.hpp>
#include <millrace/runtime/record_queues.hpp>

namespace millrace {

class SettledFailures;

/// Where a task begins in one of its partitions.
struct TaskInput {
  TopicPartition partition;                 ///< which one
  Offset from;                              ///< the next offset to process
  Timestamp partition_time = kNoTimestamp;  ///< highest timestamp processed before
  ObservedTimes::Snapshot times{};          ///< committed beside it
};

/// One task: its nodes, its stores, its input. Thread: the stream thread.
class StreamTask {
 public:
  /// Takes restored stores; borrows the rest. Builds the nodes and reads from `inputs` on.
  /// Errors: what a node's init fails with, those of RecordQueues::add.
  [[nodiscard]] static Result<std::unique_ptr<StreamTask>> create(TaskEnvironment& environment, TaskId id,
                                                                  std::unique_ptr<TaskStores> stores, LogReader& reader,
                                                                  const std::vector<TaskInput>& inputs);
  ~StreamTask();
  StreamTask(const StreamTask&) = delete;
  StreamTask& operator=(const StreamTask&) = delete;

  [[nodiscard]] TaskId id() const { return id_; }  ///< Which one.

  /// Processes up to `max` records, fewer if there are no more or a commit should come first (wants_commit()).
  /// Errors: those which the exception handlers do not settle; the failed record is not processed then.
  [[nodiscard]] Result<std::size_t> process(std::size_t max);
  /// Calls the wall-clock punctuators that are due.
  [[nodiscard]] Result<void> punctuate();
  /// SteadyTime::max() if none is scheduled.
  [[nodiscard]] SteadyTime next_punctuation() const;
  /// When process() will no longer wait for an empty partition; SteadyTime::max() if it does not.
  [[nodiscard]] SteadyTime idle_until() const { return queues_.idle_until(); }

  /// True if there is anything to commit.
  [[nodiscard]] bool dirty() const { return dirty_ || offsets_owed_; }
  /// A processor asked for a commit, or a buffer is full.
  [[nodiscard]] bool wants_commit() const;

  // --- the commit, in this order ---
  /// Logs and forwards what the caches hold, a store's before those below it, until none holds anything. Errors: those
  /// which the exception handlers do not settle, CachesNeverSettle; then there must be no commit.
  [[nodiscard]] Result<void> flush_caches();
  /// REQUIRES: flush_caches() has just ended well.
  void freeze();  ///< Seals what a commit will contain; what comes after belongs to the next one.
  /// Adds all input partitions, changed or not.
  void add_offsets(OffsetMap& offsets, const std::string& writer_id, const std::string& commit_id) const;
  /// The transaction is committed: the frozen writes go to the stores. Errors: StateFull, StateWriteFailed.
  [[nodiscard]] Result<void> commit(const CommitReceipt& receipt);
  /// At least once: what commit() has applied is good, whether the group gets its offsets or not. Until it has them
  /// there is something to commit, also after an abort() of what came later.
  void owe_offsets(bool owed) { offsets_owed_ = owed; }
  /// True after a commit() that failed: the stores lack what is committed, only restoring them helps.
  [[nodiscard]] bool broken() const { return broken_; }
  /// Adds how far the repartition topics that it reads are committed: what is before is of no use any more.
  void add_consumed(std::map<TopicPartition, Offset>& consumed) const;
  /// The transaction is aborted: everything since the last commit is undone, processors are made anew.
  [[nodiscard]] Result<void> abort();

  /// Calls the nodes' close. Not after an error.
  void close();

  [[nodiscard]] TaskStores& stores() { return *stores_; }  ///< Of the task.
  /// How far event time has come for the windowed operator or window store of that name.
  [[nodiscard]] Timestamp observed_time(std::string_view name) const { return context_->observed_times().find(name); }
  /// Bytes that are not committed yet.
  [[nodiscard]] std::int64_t dirty_bytes() const { return stores_->dirty_bytes(); }
  /// Records fetched and not yet processed.
  [[nodiscard]] std::size_t buffered_records() const { return queues_.buffered_records(); }
  /// Records between the position and the end, over all inputs.
  [[nodiscard]] std::int64_t lag() const;
  void report() const { queues_.report(); }  ///< Updates the lag of its partitions.

 private:
  StreamTask(TaskEnvironment& environment, TaskId id, std::unique_ptr<TaskStores> stores, LogReader& reader);
  /// Lets other threads read the stores, until the task goes.
  void publish_stores();
  /// Keeps the thread's sum of uncommitted bytes up to date.
  void note_dirty_bytes(std::int64_t bytes);
  [[nodiscard]] Result<void> build_nodes();
  void wire_nodes();
  [[nodiscard]] Result<void> process_one();
  /// Logs and forwards the change that waits longest in a cache, as an atom of its own.
  [[nodiscard]] Result<void> flush_one(CachingKeyValueBytesStore& cache);
  template <class Log>
  [[nodiscard]] Result<void> keep_row(Log&& log);
  /// Makes room in the caches after a record. Bounded.
  [[nodiscard]] Result<void> evict();
  /// Calls what is due at `reached` of the schedule, with `time`.
  [[nodiscard]] Result<void> punctuate(PunctuationSchedule& schedule, Timestamp reached, Timestamp time,
                                       CounterHandle& counter);
  /// Runs `body` as one atom: seals what it did, or settles its failure by `response`.
  template <class Body>
  [[nodiscard]] Result<void> run_atom(Body&& body);
  [[nodiscard]] Result<void> settle_failure();
  /// What the exception handlers say to a failure whose work was taken back. An error: it is not passed over.
  [[nodiscard]] Result<void> pass_over(const Error& error);
  void accept(SourceNode& source, const RecordQueues::Head& head);
  void refuse_time(SourceNode& source, const RecordQueues::Head& head);
  [[nodiscard]] WallTime processed_at();

  TaskEnvironment& environment_;
  const TaskId id_;
  std::unique_ptr<TaskStores> stores_;
  RecordQueues queues_;
  std::unique_ptr<ProcessingContext> context_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<NodeId, Node*> node_by_id_;
  std::vector<SourceNode*> source_of_partition_;
  std::vector<TaskInput> committed_;
  std::vector<TaskInput> frozen_;
  TaskReads::Publication publication_ = 0;  // none
  ObservedTimes::Snapshot committed_times_;
  ObservedTimes::Snapshot frozen_times_;
  std::int64_t noted_dirty_bytes_ = 0;
  bool dirty_ = false;
  bool offsets_owed_ = false;
  bool broken_ = false;
  bool undecodable_ = false;  // the record being processed was left out before anybody saw it
  CounterHandle processed_;
  CounterHandle stream_punctuations_;
  CounterHandle wall_punctuations_;
  std::unique_ptr<SettledFailures> settled_;
  std::vector<HistogramHandle> latency_of_partition_;
  WallTime latency_clock_{};
  int latency_clock_stride_ = 0;
  int latency_clock_age_ = 0;
};

}  // namespace millrace
