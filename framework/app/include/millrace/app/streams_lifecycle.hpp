// StreamsLifecycle: the states of an application, which may follow which, and the one who is told.
//
//   Created --> Rebalancing <--> Running          From each of these three: PendingShutdown, and from the last two
//                                                 PendingError.
//   PendingShutdown --> NotRunning
//   PendingError    --> Error
//
// The names and meanings are Kafka Streams'. Beyond it a failure of the last commit is not swallowed: PendingShutdown
// may become PendingError. The table is in streams_lifecycle.cpp, once.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string_view>

#include <millrace/base/logger.hpp>

namespace millrace {

/// What an application is doing; the picture above has the transitions.
enum class StreamsState : std::uint8_t {
  Created,          ///< start() was not called yet
  Rebalancing,      ///< tasks find their threads, or restore; tasks that are done with that run
  Running,          ///< every task runs
  PendingShutdown,  ///< close() was called; the threads end
  NotRunning,       ///< closed
  PendingError,     ///< a thread died and is not replaced; the others end
  Error,            ///< all threads have ended because one died
};
[[nodiscard]] std::string_view to_string(StreamsState state);       ///< "pending_shutdown".
[[nodiscard]] bool may_follow(StreamsState from, StreamsState to);  ///< True if the picture above has that arrow.

/// Called with the new and the old state.
using StreamsStateListener = std::function<void(StreamsState now, StreamsState before)>;

/// Thread-safe.
class StreamsLifecycle {
 public:
  /// `on_told` is called whenever something has changed and was told, by whatever thread did so.
  explicit StreamsLifecycle(std::function<void()> on_told) : on_told_(std::move(on_told)) {}

  /// REQUIRES: nothing has changed yet.
  void set_listener(StreamsStateListener listener) { listener_ = std::move(listener); }

  [[nodiscard]] StreamsState state() const;  ///< Where the application stands now.
  /// Goes to the state that `wanted` returns, by way of one between if need be; stays if the table knows no way.
  /// `wanted` is called with the lock held, so that of two updates the later one decides; it calls nothing of this.
  /// The listener is told of every state, in order, with no lock held: by this call, or by one that is at it already.
  void update(const std::function<StreamsState()>& wanted, Logger& logger);
  /// True if the listener has been told of everything, and has returned.
  [[nodiscard]] bool told() const;

 private:
  struct Change {
    StreamsState now;
    StreamsState before;
  };
  void tell(Logger& logger);

  const std::function<void()> on_told_;
  StreamsStateListener listener_;
  mutable std::mutex mutex_;
  StreamsState state_ = StreamsState::Created;
  std::deque<Change> untold_;
  bool telling_ = false;
};

}  // namespace millrace
