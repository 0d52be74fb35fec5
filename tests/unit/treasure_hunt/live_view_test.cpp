#include <cstdio>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "live_view.hpp"

namespace hunt {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

LiveStats some_stats() {
  LiveStats stats{.phase = "playing", .elapsed = milliseconds(12'340), .total = milliseconds(20'000)};
  stats.commands = 1000;
  stats.answered = 990;
  stats.under_way = 10;
  stats.answers_per_second = 501.4;
  stats.p50 = milliseconds(31);
  stats.p99 = milliseconds(70);
  stats.failures = {{"not_joined", 3}, {"wrong_code", 12}};
  stats.top = {{"ada", {130, 2, 1}}, {"bob", {80, 2, 1}}};
  stats.players = 2;
  stats.metrics_url = "http://127.0.0.1:9401/metrics";
  return stats;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(LiveView, AFrameShowsTheGame) {
  EXPECT_EQ(joined(render_frame(some_stats())),
            "treasure hunt  playing  12.3 of 20 s  http://127.0.0.1:9401/metrics\n"
            "  commands       1000   answered       990   under way      10\n"
            "  events/s        501   latency p50   31 ms   p99     70 ms\n"
            "  failures         15   wrong_code 12, not_joined 3\n"
            "\n"
            "  leaderboard of 2 players      points   clues  treasures\n"
            "  1. ada                           130       2          1\n"
            "  2. bob                            80       2          1\n"
            "\n\n\n");
}

TEST(LiveView, FramesAreEquallyHigh) {
  LiveStats empty{.phase = "playing"};
  EXPECT_EQ(render_frame(empty).size(), render_frame(some_stats()).size());
}

TEST(LiveView, ALineSaysItAll) {
  EXPECT_EQ(render_line(some_stats()),
            "playing 12.3 of 20 s: 1000 commands, 990 answered, 501 events/s, latency p50 31 ms p99 70 ms, "
            "15 failures, 2 players, leader ada with 130");
  LiveStats input{.phase = "draining", .elapsed = milliseconds(500)};
  EXPECT_THAT(render_line(input), HasSubstr("draining 0.5 s: 0 commands"));
}

TEST(LiveView, TheBestComeFirstAndTiesGoByName) {
  std::map<std::string, Score> board = {
      {"ada", {10, 1, 0}}, {"bob", {30, 2, 0}}, {"cyd", {10, 1, 0}}, {"dan", {0, 0, 0}}};
  EXPECT_THAT(best_players(board, 3),
              ElementsAre(Pair("bob", Score{30, 2, 0}), Pair("ada", Score{10, 1, 0}), Pair("cyd", Score{10, 1, 0})));
  EXPECT_EQ(best_players(board, 9).size(), 4u);
}

TEST(LiveView, WhereThereIsNoTerminalNothingIsRedrawn) {
  std::string path = testing::TempDir() + "live_view_" + std::to_string(::getpid());
  std::FILE* out = std::fopen(path.c_str(), "w");
  ASSERT_NE(out, nullptr);
  LiveView view(out);
  view.show(some_stats());  // not due within the first five seconds
  view.show_final(some_stats());
  std::fclose(out);
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  std::remove(path.c_str());
  EXPECT_EQ(text.str(), "");
}

}  // namespace
}  // namespace hunt
