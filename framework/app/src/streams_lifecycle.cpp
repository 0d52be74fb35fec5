#include <millrace/app/streams_lifecycle.hpp>

#include <algorithm>
#include <optional>

#include <millrace/runtime/listeners.hpp>

namespace millrace {

namespace {

using S = StreamsState;

struct Transition {
  StreamsState from;
  StreamsState to;
};

constexpr Transition kTransitions[] = {
    {S::Created, S::Rebalancing},          {S::Created, S::PendingShutdown},  {S::Rebalancing, S::Running},
    {S::Rebalancing, S::PendingShutdown},  {S::Rebalancing, S::PendingError}, {S::Running, S::Rebalancing},
    {S::Running, S::PendingShutdown},      {S::Running, S::PendingError},     {S::PendingShutdown, S::NotRunning},
    {S::PendingShutdown, S::PendingError}, {S::PendingError, S::Error},
};

/// What comes next on the way to `to`; nullopt if there is no way.
std::optional<StreamsState> next_towards(StreamsState from, StreamsState to) {
  if (may_follow(from, to)) return to;
  for (const Transition& first : kTransitions) {
    if (first.from == from && may_follow(first.to, to)) return first.to;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(StreamsState state) {
  switch (state) {
    case StreamsState::Created: return "created";
    case StreamsState::Rebalancing: return "rebalancing";
    case StreamsState::Running: return "running";
    case StreamsState::PendingShutdown: return "pending_shutdown";
    case StreamsState::NotRunning: return "not_running";
    case StreamsState::PendingError: return "pending_error";
    case StreamsState::Error: return "error";
  }
  return "?";
}

bool may_follow(StreamsState from, StreamsState to) {
  return std::any_of(std::begin(kTransitions), std::end(kTransitions),
                     [&](const Transition& t) { return t.from == from && t.to == to; });
}

StreamsState StreamsLifecycle::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

bool StreamsLifecycle::told() const {
  std::lock_guard lock(mutex_);
  return untold_.empty() && !telling_;
}

void StreamsLifecycle::update(const std::function<StreamsState()>& wanted, Logger& logger) {
  {
    std::lock_guard lock(mutex_);
    const StreamsState target = wanted();
    while (state_ != target) {
      auto next = next_towards(state_, target);
      if (!next) break;
      untold_.push_back({*next, state_});
      state_ = *next;
    }
    if (telling_ || untold_.empty()) return;
    telling_ = true;
  }
  tell(logger);
}

void StreamsLifecycle::tell(Logger& logger) {
  std::unique_lock lock(mutex_);
  while (!untold_.empty()) {
    const Change change = untold_.front();
    untold_.pop_front();
    lock.unlock();
    if (listener_) tell_listener(logger, "state", [&] { listener_(change.now, change.before); });
    lock.lock();
  }
  telling_ = false;
  lock.unlock();
  on_told_();
}

}  // namespace millrace
