// The states of an application: which may follow which, and what its listener is told.
#include <millrace/app/streams_lifecycle.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/app/stream_threads.hpp>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using S = StreamsState;

std::string allowed() {
  std::string text;
  for (int from = 0; from <= static_cast<int>(S::Error); ++from) {
    text += std::string(to_string(static_cast<StreamsState>(from))) + ":";
    for (int to = 0; to <= static_cast<int>(S::Error); ++to) {
      if (may_follow(static_cast<StreamsState>(from), static_cast<StreamsState>(to)))
        text += " " + std::string(to_string(static_cast<StreamsState>(to)));
    }
    text += "\n";
  }
  return text;
}

TEST(StreamsLifecycle, FollowsTheTable) {
  EXPECT_EQ(allowed(),
            "created: rebalancing pending_shutdown\n"
            "rebalancing: running pending_shutdown pending_error\n"
            "running: rebalancing pending_shutdown pending_error\n"
            "pending_shutdown: not_running pending_error\n"
            "not_running:\n"
            "pending_error: error\n"
            "error:\n");
}

class Lifecycle : public ::testing::Test {
 protected:
  void go(StreamsState to) {
    lifecycle.update([to] { return to; }, logger);
  }
  std::vector<std::string> told;
  NullLogger logger;
  int rounds = 0;
  StreamsLifecycle lifecycle{[this] { ++rounds; }};
};

TEST_F(Lifecycle, TellsEveryStateOnTheWay) {
  lifecycle.set_listener([this](StreamsState now, StreamsState before) {
    told.push_back(std::string(to_string(before)) + " " + std::string(to_string(now)));
  });
  go(S::Running);
  go(S::Running);
  go(S::NotRunning);
  EXPECT_EQ(lifecycle.state(), S::NotRunning);
  EXPECT_THAT(told, ElementsAre("created rebalancing", "rebalancing running", "running pending_shutdown",
                                "pending_shutdown not_running"));
}

TEST_F(Lifecycle, StaysWhereNoWayLeads) {
  go(S::NotRunning);
  for (StreamsState to : {S::Created, S::Rebalancing, S::Running, S::PendingError, S::Error}) {
    go(to);
    EXPECT_EQ(lifecycle.state(), S::NotRunning);
  }
}

TEST_F(Lifecycle, TellsInOrderWhatAListenerItselfCauses) {
  lifecycle.set_listener([this](StreamsState now, StreamsState) {
    if (now == S::Running) go(S::NotRunning);
    told.push_back(std::string(to_string(now)));
    EXPECT_FALSE(lifecycle.told());
  });
  go(S::Running);
  EXPECT_THAT(told, ElementsAre("rebalancing", "running", "pending_shutdown", "not_running"));
  EXPECT_TRUE(lifecycle.told());
}

TEST_F(Lifecycle, SurvivesAListenerThatThrows) {
  lifecycle.set_listener([](StreamsState, StreamsState) { throw 1; });
  go(S::Running);
  EXPECT_EQ(lifecycle.state(), S::Running);
  EXPECT_TRUE(lifecycle.told());
}

TEST(ReplacementBackoff, DoublesUpToItsBoundAndForgetsAfterCalm) {
  using std::chrono::milliseconds;
  ReplacementBackoff backoff({milliseconds(100), milliseconds(500), milliseconds(60'000)});
  SteadyTime now{};
  std::vector<milliseconds> delays;
  for (int death = 0; death < 5; ++death) delays.push_back(backoff.next(now += milliseconds(1000)));
  EXPECT_THAT(delays, ElementsAre(milliseconds(100), milliseconds(200), milliseconds(400), milliseconds(500),
                                  milliseconds(500)));
  EXPECT_EQ(backoff.next(now += milliseconds(59'999)), milliseconds(500));
  EXPECT_EQ(backoff.next(now += milliseconds(60'000)), milliseconds(100));
}

}  // namespace
}  // namespace millrace
