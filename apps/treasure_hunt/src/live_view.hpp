// The live view: what a person sees while a hunt is played.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "state.hpp"

namespace hunt {

struct LiveStats {
  std::string phase;  ///< "playing", "draining"
  std::chrono::milliseconds elapsed{};
  std::chrono::milliseconds total{};  ///< 0: it ends with its input
  std::int64_t commands = 0;
  std::int64_t answered = 0;
  std::int64_t under_way = 0;  ///< commands in the log that have no answer yet
  double answers_per_second = 0;
  std::chrono::milliseconds p50{};
  std::chrono::milliseconds p99{};
  std::map<std::string, std::int64_t> failures;    ///< by reason
  std::vector<std::pair<std::string, Score>> top;  ///< best first
  std::size_t players = 0;
  std::string metrics_url;  ///< empty if there is none
};

/// The best `count` players, best first; equal points in order of names.
[[nodiscard]] std::vector<std::pair<std::string, Score>> best_players(const std::map<std::string, Score>& leaderboard,
                                                                      std::size_t count);

/// Always the same number of lines.
[[nodiscard]] std::vector<std::string> render_frame(const LiveStats& stats);
/// All of it in one line, for logs.
[[nodiscard]] std::string render_line(const LiveStats& stats);

/// On a terminal a frame that is redrawn in place four times a second, elsewhere a plain line every five seconds.
class LiveView {
 public:
  /// Writes to `out`, which outlives it.
  explicit LiveView(std::FILE* out);
  /// True when it is time to show() again.
  [[nodiscard]] bool due() const { return std::chrono::steady_clock::now() >= next_; }
  void show(const LiveStats& stats);
  /// The last state, where there is a frame to keep up to date.
  void show_final(const LiveStats& stats);

 private:
  void draw(const LiveStats& stats);

  std::FILE* out_;
  const bool terminal_;
  std::size_t drawn_lines_ = 0;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace hunt
