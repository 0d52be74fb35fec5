// The states of stream threads and of tasks: which may follow which, and who is told.
//
//   thread  Created -> Starting -> PartitionsRevoked <-> PartitionsAssigned <-> Running -> PendingShutdown -> Dead
//           From each but the last two a thread may go to PendingShutdown; nothing comes back from there.
//   task    Created -> Restoring -> Running -> Suspended -> Closed
//           Each may be suspended early; a task that is to be restored anew is closed and created again.
//
// The names and meanings are Kafka Streams'. The tables are in lifecycle.cpp, once.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <millrace/base/logger.hpp>
#include <millrace/model/ids.hpp>
#include <millrace/runtime/listeners.hpp>

namespace millrace {

/// The state of one stream thread. Enters only what the table allows.
class ThreadLifecycle {
 public:
  /// Borrows all but the name; `listeners` may be null.
  ThreadLifecycle(std::string thread, const RuntimeListeners* listeners, Logger& logger)
      : thread_(std::move(thread)), listeners_(listeners), logger_(logger) {}

  /// Thread-safe.
  [[nodiscard]] ThreadState state() const { return state_.load(); }
  /// Tells the listener; nothing happens if the thread is in that state. Thread: the stream thread.
  /// REQUIRES: may_follow(state(), to).
  void enter(ThreadState to);

 private:
  const std::string thread_;
  const RuntimeListeners* listeners_;
  Logger& logger_;
  std::atomic<ThreadState> state_{ThreadState::Created};
};

/// The states of the tasks that one stream thread has. Thread: the stream thread.
class TaskLifecycles {
 public:
  /// Borrows all but the name; `listeners` may be null.
  TaskLifecycles(std::string thread, const RuntimeListeners* listeners, Logger& logger)
      : thread_(std::move(thread)), listeners_(listeners), logger_(logger) {}

  /// The task is this thread's, and restores from now on.
  void restoring(TaskId task);
  /// REQUIRES: it was restoring.
  void running(TaskId task) { enter(task, TaskState::Running); }
  /// It is to be let go: nothing more is processed. Nothing happens if it is suspended.
  void suspend(TaskId task) { enter(task, TaskState::Suspended); }
  /// Suspends it if need be; then it is nobody's. Nothing happens to a task that is not this thread's.
  void close(TaskId task);
  void close_all();  ///< Every task is closed.

  /// Of every task of the thread.
  [[nodiscard]] const std::map<TaskId, TaskState>& states() const { return states_; }

 private:
  void enter(TaskId task, TaskState to);

  const std::string thread_;
  const RuntimeListeners* listeners_;
  Logger& logger_;
  std::map<TaskId, TaskState> states_;
};

}  // namespace millrace
