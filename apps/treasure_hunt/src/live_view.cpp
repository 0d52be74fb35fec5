#include "live_view.hpp"

#include <algorithm>

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace hunt {

namespace {

constexpr std::size_t kTopPlayers = 5;
constexpr std::chrono::milliseconds kRedraw{250};
constexpr std::chrono::seconds kLineEvery{5};

double seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

std::string time_text(const LiveStats& stats) {
  if (stats.total.count() == 0) return fmt::format("{:.1f} s", seconds(stats.elapsed));
  return fmt::format("{:.1f} of {:.0f} s", seconds(stats.elapsed), seconds(stats.total));
}

std::int64_t sum(const std::map<std::string, std::int64_t>& counts) {
  std::int64_t total = 0;
  for (const auto& [name, count] : counts) total += count;
  return total;
}

/// "wrong_code 12, not_joined 3": most frequent first.
std::string by_frequency(const std::map<std::string, std::int64_t>& counts) {
  std::vector<std::pair<std::string, std::int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [name, count] : sorted) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  return text;
}

std::size_t terminal_columns(std::FILE* out) {
  winsize size{};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::vector<std::pair<std::string, Score>> best_players(const std::map<std::string, Score>& leaderboard,
                                                        std::size_t count) {
  std::vector<std::pair<std::string, Score>> best(std::min(count, leaderboard.size()));
  std::partial_sort_copy(
      leaderboard.begin(), leaderboard.end(), best.begin(), best.end(), [](const auto& a, const auto& b) {
        return a.second.points != b.second.points ? a.second.points > b.second.points : a.first < b.first;
      });
  return best;
}

std::vector<std::string> render_frame(const LiveStats& stats) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("treasure hunt  {}  {}  {}", stats.phase, time_text(stats), stats.metrics_url));
  lines.push_back(fmt::format("  commands  {:>9}   answered {:>9}   under way {:>7}", stats.commands, stats.answered,
                              stats.under_way));
  lines.push_back(fmt::format("  events/s  {:>9.0f}   latency p50 {:>4} ms   p99 {:>6} ms", stats.answers_per_second,
                              stats.p50.count(), stats.p99.count()));
  lines.push_back(fmt::format("  failures  {:>9}   {}", sum(stats.failures), by_frequency(stats.failures)));
  lines.push_back("");
  lines.push_back(fmt::format("  {:<28} {:>7} {:>7} {:>10}", fmt::format("leaderboard of {} players", stats.players),
                              "points", "clues", "treasures"));
  for (std::size_t i = 0; i < kTopPlayers; ++i) {
    if (i >= stats.top.size()) {
      lines.push_back("");
      continue;
    }
    const auto& [player, score] = stats.top[i];
    lines.push_back(
        fmt::format("  {}. {:<25.25} {:>7} {:>7} {:>10}", i + 1, player, score.points, score.clues, score.treasures));
  }
  return lines;
}

std::string render_line(const LiveStats& stats) {
  std::string leader =
      stats.top.empty() ? ""
                        : fmt::format(", leader {} with {}", stats.top.front().first, stats.top.front().second.points);
  return fmt::format(
      "{} {}: {} commands, {} answered, {:.0f} events/s, latency p50 {} ms p99 {} ms, {} failures, {} players{}",
      stats.phase, time_text(stats), stats.commands, stats.answered, stats.answers_per_second, stats.p50.count(),
      stats.p99.count(), sum(stats.failures), stats.players, leader);
}

LiveView::LiveView(std::FILE* out)
    : out_(out),
      terminal_(::isatty(::fileno(out)) == 1),
      next_(std::chrono::steady_clock::now() + (terminal_ ? std::chrono::seconds(0) : kLineEvery)) {}

void LiveView::show(const LiveStats& stats) {
  if (!due()) return;
  next_ = std::chrono::steady_clock::now() + (terminal_ ? kRedraw : kLineEvery);
  draw(stats);
}

void LiveView::show_final(const LiveStats& stats) {
  if (terminal_) draw(stats);
}

void LiveView::draw(const LiveStats& stats) {
  std::string text;
  if (terminal_) {
    // Each line is overwritten and its rest cleared, all in one write: nothing flickers. A line that the terminal broke
    // in two would upset the counting.
    if (drawn_lines_ > 0) text = fmt::format("\033[{}A", drawn_lines_);
    std::size_t columns = terminal_columns(out_) - 1;
    auto lines = render_frame(stats);
    for (const std::string& line : lines) text += "\r" + line.substr(0, columns) + "\033[K\n";
    drawn_lines_ = lines.size();
  } else {
    text = render_line(stats) + "\n";
  }
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

}  // namespace hunt
