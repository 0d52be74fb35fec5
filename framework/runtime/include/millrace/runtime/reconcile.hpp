// reconcile: what to do so that the tasks of a thread become those it was given. A pure function.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include <millrace/model/ids.hpp>

namespace millrace {

/// What a thread must do about a task.
struct TaskAction {
  /// Which way the task goes.
  enum class Kind : std::uint8_t {
    Close,    ///< commit, close, keep the state on disk
    Restore,  ///< bring up
  };
  Kind kind;    ///< which way
  TaskId task;  ///< which task
  friend auto operator<=>(const TaskAction&, const TaskAction&) = default;
};

/// Closes come before restores, each in order of task, so that a task's resources are free before the next one needs
/// them. `owned` are the tasks the thread has, restoring ones included.
[[nodiscard]] std::vector<TaskAction> reconcile(const std::set<TaskId>& owned, const std::set<TaskId>& assigned);

}  // namespace millrace
