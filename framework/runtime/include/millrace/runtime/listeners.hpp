// Listeners: what an application may be told of its threads, its tasks and their restoring.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <millrace/base/logger.hpp>
#include <millrace/model/ids.hpp>

namespace millrace {

/// Kafka Streams' states of a stream thread.
enum class ThreadState : std::uint8_t {
  Created,             ///< not yet stepped, or its start is put off
  Starting,            ///< a member of the group, without an assignment so far
  PartitionsRevoked,   ///< tasks are to be let go; a commit may come before that
  PartitionsAssigned,  ///< tasks restore; those that have run before go on
  Running,             ///< all its tasks run; it may have none
  PendingShutdown,     ///< a stop was asked for, or an error met: last commit, close, leave
  Dead,                ///< will not be stepped again
};
[[nodiscard]] std::string_view to_string(ThreadState state);      ///< "pending_shutdown".
[[nodiscard]] bool may_follow(ThreadState from, ThreadState to);  ///< True if the picture above has that arrow.

/// Kafka Streams' states of a task.
enum class TaskState : std::uint8_t {
  Created,    ///< given to a thread
  Restoring,  ///< its state is opened, and read from the changelogs up to their end
  Running,    ///< processes
  Suspended,  ///< is to be let go, as soon as a commit has ended
  Closed,     ///< its state is closed, and free for another thread
};
[[nodiscard]] std::string_view to_string(TaskState state);    ///< "restoring".
[[nodiscard]] bool may_follow(TaskState from, TaskState to);  ///< True if the picture above has that arrow.

/// Told how stores are restored from their changelogs. Each store that begins ends or is suspended.
/// Thread: that of the task, so several at once; no lock of the library is held. What is thrown is logged and has no
/// other effect. A listener holds up the thread that calls it.
class StateRestoreListener {
 public:
  StateRestoreListener() = default;
  StateRestoreListener(const StateRestoreListener&) = delete;
  StateRestoreListener& operator=(const StateRestoreListener&) = delete;
  virtual ~StateRestoreListener() = default;

  /// `end` is the offset up to which it will be restored; equal to `start` if there is nothing to do.
  virtual void on_restore_start(const TopicPartition& changelog, const std::string& store, Offset start,
                                Offset end) = 0;
  /// `count` records were written to the store, up to but without the offset `next`.
  virtual void on_batch_restored(const TopicPartition& changelog, const std::string& store, Offset next,
                                 std::int64_t count) = 0;
  /// The store is complete; `total` records were restored.
  virtual void on_restore_end(const TopicPartition& changelog, const std::string& store, std::int64_t total) = 0;
  /// The task goes to another thread, or begins anew, before the store was complete.
  virtual void on_restore_suspended(const TopicPartition& changelog, const std::string& store, std::int64_t total) {
    static_cast<void>(changelog);
    static_cast<void>(store);
    static_cast<void>(total);
  }
};

/// All may be empty. Called on the stream thread they tell of, one after the other, with no lock held.
struct RuntimeListeners {
  /// called when a thread changes its state, on that thread
  std::function<void(const std::string& thread, ThreadState now, ThreadState before)> thread_state;
  /// called when a task changes its state, on its thread
  std::function<void(const std::string& thread, TaskId task, TaskState now, TaskState before)> task_state;
  std::shared_ptr<StateRestoreListener> restore;  ///< told about restoring; may be null
};

/// Calls `listener`, which is the application's code: what it throws is logged.
void tell_listener(Logger& logger, std::string_view what, const std::function<void()>& listener);

}  // namespace millrace
