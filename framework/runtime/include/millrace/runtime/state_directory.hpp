// StateDirectory: the folder of one application's state, used by one process at a time.
//
//   <state.dir>/<application.id>/lock      held (flock) by the process that uses it; holds its pid
//   <state.dir>/<application.id>/format    version and owner of what lies here
//   <state.dir>/<application.id>/log/      the embedded log
//   <state.dir>/<application.id>/0_3/      state of task 0_3
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <millrace/base/result.hpp>
#include <millrace/model/ids.hpp>

namespace millrace {

/// The folder of one application, locked while the object lives.
class StateDirectory {
 public:
  /// Makes the folder if needed, and locks it until the object goes. Errors: StateDirectoryLocked naming path and pid,
  /// StateDirectoryUnusable naming path and reason, StateFormatUnknown.
  [[nodiscard]] static Result<std::unique_ptr<StateDirectory>> open(const std::filesystem::path& state_dir,
                                                                    const std::string& application_id);
  ~StateDirectory();
  StateDirectory(const StateDirectory&) = delete;
  StateDirectory& operator=(const StateDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }       ///< <state.dir>/<application.id>.
  [[nodiscard]] std::filesystem::path log_path() const { return root_ / "log"; }  ///< Where the embedded log is.
  /// Where a task's state is.
  [[nodiscard]] std::filesystem::path task_path(TaskId task) const { return root_ / to_string(task); }
  /// Deletes everything but the lock. Errors: StateDirectoryUnusable.
  [[nodiscard]] Result<void> erase();

 private:
  StateDirectory(std::filesystem::path root, int lock_fd) : root_(std::move(root)), lock_fd_(lock_fd) {}
  [[nodiscard]] Result<void> check_format(const std::string& application_id) const;

  std::filesystem::path root_;
  int lock_fd_;
};

}  // namespace millrace
