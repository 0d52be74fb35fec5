// Game: one run of the demo, from the first command to the last committed outcome.
#pragma once

#include <memory>
#include <optional>

#include <millrace/app/signals.hpp>
#include <millrace/app/streams.hpp>

#include "demo_options.hpp"
#include "doorbell.hpp"
#include "feed.hpp"
#include "hunt_book.hpp"
#include "live_view.hpp"
#include "monitor.hpp"

namespace hunt {

class Game {
 public:
  /// Borrows all but the book. REQUIRES: `streams` was started. Errors: those of the log.
  [[nodiscard]] static millrace::Result<std::unique_ptr<Game>> begin(millrace::Streams& streams,
                                                                     const millrace::StopSignals& signals,
                                                                     const DemoOptions& options,
                                                                     const HuntBookPtr& book);

  /// Plays until the time is over, the input ends or a signal comes; then until everything is answered and committed.
  /// Shows it all, and sums it up in one line. Errors: why the engine or the input failed.
  [[nodiscard]] millrace::Result<void> play();
  /// False if its destructor would wait for input that may never come.
  [[nodiscard]] bool can_be_left() const { return feed_->can_be_left(); }

 private:
  Game(millrace::Streams& streams, const millrace::StopSignals& signals, const DemoOptions& options);
  millrace::Result<void> open(const HuntBookPtr& book);
  [[nodiscard]] millrace::Result<void> wait_for_tasks();
  /// One round: look after feed, monitor and view, then wait for the next.
  [[nodiscard]] millrace::Result<void> round();
  [[nodiscard]] millrace::Result<bool> drained();
  [[nodiscard]] millrace::Result<LiveStats> stats();
  void sum_up(const LiveStats& stats) const;

  millrace::Streams& streams_;
  const millrace::StopSignals& signals_;
  const DemoOptions& options_;
  Doorbell bell_;  // rung by readers' threads: it outlives them
  std::unique_ptr<Monitor> monitor_;
  std::unique_ptr<Feed> feed_;
  LiveView view_;
  millrace::SteadyTime began_;
  millrace::SteadyTime next_drain_check_{};
  std::optional<millrace::SteadyTime> stopped_at_;  // by a signal
  std::int64_t commands_before_ = 0;                // that earlier runs have left in the log
  bool draining_ = false;
};

}  // namespace hunt
