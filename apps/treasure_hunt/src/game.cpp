#include "game.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "file_feed.hpp"
#include "simulated_feed.hpp"
#include "topics.hpp"

namespace hunt {

using namespace millrace;

namespace {

// How late a command may leave at most; results ring the bell.
constexpr std::chrono::milliseconds kTick{5};
constexpr std::chrono::milliseconds kDrainCheck{50};
constexpr std::chrono::seconds kPatience{1};

}  // namespace

Game::Game(Streams& streams, const StopSignals& signals, const DemoOptions& options)
    : streams_(streams), signals_(signals), options_(options), view_(stdout) {}

Result<std::unique_ptr<Game>> Game::begin(Streams& streams, const StopSignals& signals, const DemoOptions& options,
                                          const HuntBookPtr& book) {
  std::unique_ptr<Game> game(new Game(streams, signals, options));
  MILLRACE_TRY(game->wait_for_tasks());
  MILLRACE_TRY(game->open(book));
  return game;
}

/// What the engine restores is no latency of a command.
Result<void> Game::wait_for_tasks() {
  auto ready = [this] { return streams_.state() != StreamsState::Rebalancing || signals_.stop_requested(); };
  while (!streams_.wait_for(ready, std::chrono::seconds(1))) {
  }
  if (auto failure = streams_.failure()) return *failure;
  return {};
}

Result<void> Game::open(const HuntBookPtr& book) {
  auto before = record_count(streams_.log(), kCommandsTopic);
  if (!before) return before.error();
  commands_before_ = *before;
  auto monitor = Monitor::open(streams_.log(), streams_.clock(), [this] { bell_.ring(); });
  if (!monitor) return monitor.error();
  monitor_ = std::move(*monitor);
  began_ = streams_.clock().steady_now();
  if (!options_.input.empty()) {
    feed_ = std::make_unique<FileFeed>(streams_, options_.input);
    return {};
  }
  SimulationOptions simulation{.seed = options_.seed, .players = options_.players, .rate = options_.rate};
  if (commands_before_ > 0) simulation.prefix = fmt::format("{}.", commands_before_);
  feed_ = std::make_unique<SimulatedFeed>(streams_.log(), streams_.clock(),
                                          streams_.catalog().find(kCommandsTopic)->partitions,
                                          Simulation(book, simulation), options_.duration);
  return {};
}

Result<void> Game::play() {
  while (true) {
    auto went = round();
    auto done = went ? drained() : Result<bool>(went.error());
    if (!done) {
      feed_->stop();
      return done.error();
    }
    if (*done) break;
  }
  MILLRACE_TRY(monitor_->poll());
  auto last = stats();
  if (!last) return last.error();
  view_.show_final(*last);
  sum_up(*last);
  return {};
}

Result<void> Game::round() {
  if (auto failure = streams_.failure()) return *failure;
  if (signals_.stop_requested() && !stopped_at_) {
    stopped_at_ = streams_.clock().steady_now();
    feed_->stop();
  }
  MILLRACE_TRY(feed_->tick());
  draining_ = draining_ || signals_.stop_requested() || feed_->ended();
  MILLRACE_TRY(monitor_->poll());
  if (view_.due()) {
    auto now = stats();
    if (!now) return now.error();
    view_.show(*now);
  }
  bell_.wait_until(streams_.clock().steady_now() + kTick);
  return {};
}

Result<bool> Game::drained() {
  SteadyTime now = streams_.clock().steady_now();
  // A stopped feed ends at once, unless it waits for a person to type: then nothing more comes from it.
  bool silent = stopped_at_ && !feed_->can_be_left() && now > *stopped_at_ + kPatience;
  if ((!feed_->ended() && !silent) || now < next_drain_check_) return false;
  // It may have failed after this round had asked.
  if (feed_->ended()) MILLRACE_TRY(feed_->tick());
  next_drain_check_ = now + kDrainCheck;
  return streams_.drained();
}

Result<LiveStats> Game::stats() {
  auto commands = record_count(streams_.log(), kCommandsTopic);
  auto outcomes = record_count(streams_.log(), kOutcomesTopic);
  auto repeats = record_count(streams_.log(), kRepeatsTopic);
  for (const auto* count : {&commands, &outcomes, &repeats}) MILLRACE_TRY(*count);
  LiveStats stats;
  // Counted one after the other while the engine runs: answers may be ahead.
  stats.under_way = std::max<std::int64_t>(0, *commands - *outcomes - *repeats);
  stats.phase = draining_ ? "draining" : "playing";
  stats.elapsed = std::chrono::duration_cast<milliseconds>(streams_.clock().steady_now() - began_);
  if (options_.input.empty()) stats.total = options_.duration;
  stats.commands = *commands - commands_before_;
  stats.answered = monitor_->outcomes() + monitor_->repeats();
  stats.answers_per_second = monitor_->answers_per_second();
  stats.p50 = monitor_->latencies().percentile(0.5);
  stats.p99 = monitor_->latencies().percentile(0.99);
  stats.failures = monitor_->failures();
  stats.top = best_players(monitor_->leaderboard(), 5);
  stats.players = monitor_->leaderboard().size();
  if (streams_.http_port() != 0) stats.metrics_url = fmt::format("http://127.0.0.1:{}/metrics", streams_.http_port());
  return stats;
}

void Game::sum_up(const LiveStats& stats) const {
  double seconds = std::chrono::duration<double>(stats.elapsed).count();
  std::string text = fmt::format(
      "played {:.1f} s: {} commands, {} answered ({} of them again), {:.0f} events/s, latency p50 {} ms p99 {} ms",
      seconds, stats.commands, stats.answered, monitor_->repeats(), static_cast<double>(stats.answered) / seconds,
      stats.p50.count(), stats.p99.count());
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

}  // namespace hunt
