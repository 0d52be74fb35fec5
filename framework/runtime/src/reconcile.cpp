#include <millrace/runtime/reconcile.hpp>

namespace millrace {

std::vector<TaskAction> reconcile(const std::set<TaskId>& owned, const std::set<TaskId>& assigned) {
  std::vector<TaskAction> actions;
  for (TaskId task : owned) {
    if (!assigned.contains(task)) actions.push_back({TaskAction::Kind::Close, task});
  }
  for (TaskId task : assigned) {
    if (!owned.contains(task)) actions.push_back({TaskAction::Kind::Restore, task});
  }
  return actions;
}

}  // namespace millrace
