#include <millrace/runtime/lifecycle.hpp>

#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>

namespace millrace {

namespace {

template <class State>
struct Transition {
  State from;
  State to;
};

using enum ThreadState;

constexpr Transition<ThreadState> kThreadTransitions[] = {
    {Created, Starting},
    {Created, PendingShutdown},
    {Starting, PartitionsRevoked},
    {Starting, PartitionsAssigned},
    {Starting, Running},  // a member without tasks
    {Starting, PendingShutdown},
    {PartitionsRevoked, PartitionsAssigned},
    {PartitionsRevoked, Running},
    {PartitionsRevoked, PendingShutdown},
    {PartitionsAssigned, PartitionsRevoked},
    {PartitionsAssigned, Running},
    {PartitionsAssigned, PendingShutdown},
    {Running, PartitionsRevoked},
    {Running, PartitionsAssigned},
    {Running, PendingShutdown},
    {PendingShutdown, Dead},
};

constexpr Transition<TaskState> kTaskTransitions[] = {
    {TaskState::Created, TaskState::Restoring}, {TaskState::Created, TaskState::Suspended},
    {TaskState::Restoring, TaskState::Running}, {TaskState::Restoring, TaskState::Suspended},
    {TaskState::Running, TaskState::Suspended}, {TaskState::Suspended, TaskState::Closed},
    {TaskState::Closed, TaskState::Created},
};

template <class State, std::size_t count>
bool contains(const Transition<State> (&table)[count], State from, State to) {
  return std::any_of(std::begin(table), std::end(table), [&](const auto& t) { return t.from == from && t.to == to; });
}

}  // namespace

std::string_view to_string(ThreadState state) {
  switch (state) {
    case Created: return "created";
    case Starting: return "starting";
    case PartitionsRevoked: return "partitions_revoked";
    case PartitionsAssigned: return "partitions_assigned";
    case Running: return "running";
    case PendingShutdown: return "pending_shutdown";
    case Dead: return "dead";
  }
  return "?";
}

std::string_view to_string(TaskState state) {
  switch (state) {
    case TaskState::Created: return "created";
    case TaskState::Restoring: return "restoring";
    case TaskState::Running: return "running";
    case TaskState::Suspended: return "suspended";
    case TaskState::Closed: return "closed";
  }
  return "?";
}

bool may_follow(ThreadState from, ThreadState to) { return contains(kThreadTransitions, from, to); }
bool may_follow(TaskState from, TaskState to) { return contains(kTaskTransitions, from, to); }

void tell_listener(Logger& logger, std::string_view what, const std::function<void()>& listener) {
  try {
    listener();
  } catch (const std::exception& thrown) {
    logger.warn("listener", fmt::format("the {} listener threw: {}; that has no effect", what, thrown.what()));
  } catch (...) {
    logger.warn("listener", fmt::format("the {} listener threw something; that has no effect", what));
  }
}

void ThreadLifecycle::enter(ThreadState to) {
  ThreadState before = state_.load();
  if (before == to) return;
  MILLRACE_ASSERT(may_follow(before, to),
                  fmt::format("{}: {} cannot follow {}", thread_, to_string(to), to_string(before)));
  state_.store(to);
  if (listeners_ == nullptr || !listeners_->thread_state) return;
  tell_listener(logger_, "thread state", [&] { listeners_->thread_state(thread_, to, before); });
}

void TaskLifecycles::enter(TaskId task, TaskState to) {
  auto [at, fresh] = states_.try_emplace(task, TaskState::Closed);
  TaskState before = at->second;
  if (before == to) return;
  MILLRACE_ASSERT(may_follow(before, to),
                  fmt::format("task {}: {} cannot follow {}", to_string(task), to_string(to), to_string(before)));
  at->second = to;
  if (to == TaskState::Closed) states_.erase(at);
  if (listeners_ == nullptr || !listeners_->task_state) return;
  tell_listener(logger_, "task state", [&] { listeners_->task_state(thread_, task, to, before); });
}

void TaskLifecycles::restoring(TaskId task) {
  close(task);
  enter(task, TaskState::Created);
  enter(task, TaskState::Restoring);
}

void TaskLifecycles::close(TaskId task) {
  if (!states_.contains(task)) return;
  enter(task, TaskState::Suspended);
  enter(task, TaskState::Closed);
}

void TaskLifecycles::close_all() {
  while (!states_.empty()) close(states_.begin()->first);
}

}  // namespace millrace
