// Committer: one commit of one thread, from the frozen transaction to the stores.
//
// Exactly once: records and offsets in one transaction, then the stores. At least once: records, then the stores,
// then the offsets. Nothing waits: begin() starts, poll() asks for the end. Thread: the stream thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <millrace/log/log.hpp>
#include <millrace/runtime/stream_task.hpp>

namespace millrace {

/// Commits what a thread's tasks did, as one transaction. Thread: the stream thread.
class Committer {
 public:
  /// Borrows everything. `run_id` is unique per run of the process: it makes commit ids unique.
  Committer(TaskEnvironment& environment, LogWriter& writer, const LogMembership& membership, std::string writer_id,
            std::string run_id);

  [[nodiscard]] bool in_flight() const { return stage_ != Stage::Idle; }  ///< True while the log has not answered.
  /// Freezes the tasks and the outbox and starts the commit. REQUIRES: !in_flight().
  void begin(const std::vector<StreamTask*>& tasks);
  /// nullopt while the commit goes on; then its end. After an error the tasks are to be aborted.
  /// Errors: those of LogWriter::commit, StateFull, StateWriteFailed.
  [[nodiscard]] std::optional<Result<void>> poll();
  /// Waits no longer for the commit in flight; whether it was written only the log knows.
  void abandon();
  /// When the commit in flight began.
  [[nodiscard]] SteadyTime began() const { return began_; }

 private:
  enum class Stage : std::uint8_t { Idle, Transaction, Records, Offsets };
  [[nodiscard]] Result<void> apply(const CommitReceipt& receipt);
  std::optional<Result<void>> put_off_offsets(const Error& error);
  std::optional<Result<void>> finish(Result<void> result);

  TaskEnvironment& environment_;
  LogWriter& writer_;
  const LogMembership& membership_;
  const std::string writer_id_;
  const std::string run_id_;
  std::uint64_t commits_ = 0;
  Stage stage_ = Stage::Idle;
  std::vector<StreamTask*> tasks_;
  Transaction offsets_;
  Pending<CommitReceipt> pending_;
  SteadyTime began_{};
  CounterHandle committed_;
  CounterHandle aborted_;
  CounterHandle failed_;
  HistogramHandle duration_;
};

}  // namespace millrace
