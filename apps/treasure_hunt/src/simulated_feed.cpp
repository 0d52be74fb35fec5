#include "simulated_feed.hpp"

#include <algorithm>

#include <millrace/model/partitioner.hpp>

#include "topics.hpp"

namespace hunt {

using namespace millrace;
using std::chrono::microseconds;

namespace {

// After a pause of the machine there may be many due at once: they go out in several transactions.
constexpr int kMaxCommandsPerTransaction = 10'000;

}  // namespace

SimulatedFeed::SimulatedFeed(Log& log, const Clock& clock, std::int32_t partitions, Simulation simulation,
                             milliseconds duration)
    : clock_(clock),
      simulation_(std::move(simulation)),
      duration_(duration),
      began_(clock.steady_now()),
      began_wall_(clock.wall_now()),
      writer_(log.open_writer("treasure-hunt-players", {})),
      batches_(static_cast<std::size_t>(partitions)) {}

Result<void> SimulatedFeed::tick() {
  MILLRACE_TRY(settle());
  if (stopped_ || committing_.active()) return {};
  auto elapsed = std::chrono::duration_cast<microseconds>(clock_.steady_now() - began_);
  collect(std::min(elapsed, duration_));
  begin_commit();
  stopped_ = elapsed >= duration_ && simulation_.due() >= duration_;
  return {};
}

Result<void> SimulatedFeed::settle() {
  if (!committing_.active() || !committing_.ready()) return {};
  auto committed = committing_.take();
  if (!committed) return committed.error();
  return {};
}

void SimulatedFeed::collect(microseconds until) {
  Bytes value;
  for (int i = 0; i < kMaxCommandsPerTransaction && simulation_.due() < until; ++i) {
    PlannedCommand planned = simulation_.next();
    std::string key = player_key(planned.command.hunt, planned.command.player);
    value.clear();
    SerdeFor<Command>::serialize(planned.command, value);
    Timestamp at = began_wall_ + std::chrono::floor<milliseconds>(planned.at);
    auto partition = partition_for_key(key, static_cast<std::int32_t>(batches_.size()));
    batches_[static_cast<std::size_t>(partition.value())].add(OptionalBytesView(key), OptionalBytesView(value), at, {});
  }
}

void SimulatedFeed::begin_commit() {
  Transaction transaction;
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    if (batches_[i].empty()) continue;
    transaction.appends.push_back({{kCommandsTopic, Partition(static_cast<std::int32_t>(i))}, {}});
    transaction.appends.back().batches.push_back(batches_[i].finish());
  }
  if (!transaction.appends.empty()) committing_ = writer_->commit(std::move(transaction));
}

}  // namespace hunt
