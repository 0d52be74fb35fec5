// SimulatedFeed: sends the commands of simulated players when they are due.
#pragma once

#include <cstdint>
#include <vector>

#include <millrace/base/clock.hpp>
#include <millrace/log/log.hpp>

#include "feed.hpp"
#include "simulation.hpp"

namespace hunt {

/// Commands have the time at which they were meant to be sent as their record's timestamp, so that a latency measured
/// from it shows also the waiting of commands that were sent late.
class SimulatedFeed final : public Feed {
 public:
  /// The simulation begins now. Borrows log and clock.
  SimulatedFeed(millrace::Log& log, const millrace::Clock& clock, std::int32_t partitions, Simulation simulation,
                std::chrono::milliseconds duration);

  millrace::Result<void> tick() override;
  void stop() override { stopped_ = true; }
  bool ended() const override { return stopped_ && !committing_.active(); }
  bool can_be_left() const override { return true; }

 private:
  millrace::Result<void> settle();
  void collect(std::chrono::microseconds until);
  void begin_commit();

  const millrace::Clock& clock_;
  Simulation simulation_;
  const std::chrono::microseconds duration_;
  const millrace::SteadyTime began_;
  const millrace::WallTime began_wall_;
  std::unique_ptr<millrace::LogWriter> writer_;
  std::vector<millrace::RecordBatchBuilder> batches_;  // one per partition
  millrace::Pending<millrace::CommitReceipt> committing_;
  bool stopped_ = false;
};

}  // namespace hunt
