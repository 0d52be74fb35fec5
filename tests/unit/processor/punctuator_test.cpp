// Punctuators: when they are called, what they may do. As in Kafka Streams.
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inline_processor.hpp"

namespace millrace {
namespace {

using namespace processor_test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::int64_t ms(Timestamp time) { return time.time_since_epoch().count(); }

/// A processor that notes the calls of one punctuator.
struct Ticker {
  Ticker(milliseconds interval, PunctuationType type)
      : worker({.init = [this, interval, type](Context& context) {
          (void)context.schedule(interval, type, [this](Timestamp time) { calls.push_back(ms(time)); });
        }}) {}
  std::vector<std::int64_t> calls;
  Worker worker;
};

TEST(StreamTimePunctuator, FiresWithTheFirstRecordAndIsAlignedToTheEpoch) {
  Ticker ticker(milliseconds(10), PunctuationType::StreamTime);
  EXPECT_THAT(ticker.calls, IsEmpty());
  ticker.worker.pipe("k", "v", 13);
  EXPECT_THAT(ticker.calls, ElementsAre(13));
  ticker.worker.pipe("k", "v", 19);
  EXPECT_THAT(ticker.calls, ElementsAre(13));
  ticker.worker.pipe("k", "v", 20);
  EXPECT_THAT(ticker.calls, ElementsAre(13, 20));
}

TEST(StreamTimePunctuator, IsCalledOnceForMissedIntervals) {
  Ticker ticker(milliseconds(10), PunctuationType::StreamTime);
  for (std::int64_t time : {0, 95, 99, 100, 101}) ticker.worker.pipe("k", "v", time);
  EXPECT_THAT(ticker.calls, ElementsAre(0, 95, 100));
}

TEST(StreamTimePunctuator, DoesNotGoBack) {
  Ticker ticker(milliseconds(10), PunctuationType::StreamTime);
  for (std::int64_t time : {50, 10, 20, 49, 60}) ticker.worker.pipe("k", "v", time);
  EXPECT_THAT(ticker.calls, ElementsAre(50, 60));
}

TEST(StreamTimePunctuator, IsNotMovedByTheWallClock) {
  Ticker ticker(milliseconds(10), PunctuationType::StreamTime);
  ticker.worker.driver.advance_wall_clock_time(milliseconds(1000));
  EXPECT_THAT(ticker.calls, IsEmpty());
}

TEST(WallClockPunctuator, IsNeitherHastenedNorHeldUpWhenTheClockIsSet) {
  Ticker ticker(milliseconds(10), PunctuationType::WallClock);
  ManualClock& clock = ticker.worker.driver.clock();
  const WallTime before = clock.wall_now();
  clock.set_wall(before + std::chrono::days(1));
  ticker.worker.driver.advance_wall_clock_time(milliseconds(9));
  EXPECT_THAT(ticker.calls, IsEmpty());
  clock.set_wall(before - std::chrono::days(1));
  ticker.worker.driver.advance_wall_clock_time(milliseconds(1));
  EXPECT_THAT(ticker.calls, ElementsAre(ms(before - std::chrono::days(1)) + 1));
  ticker.worker.driver.advance_wall_clock_time(milliseconds(10));
  EXPECT_EQ(ticker.calls.size(), 2U);
}

TEST(StreamTimePunctuator, ComesAfterTheRecordThatMovedTime) {
  std::vector<std::string> order;
  Worker worker({.init =
                     [&](Context& context) {
                       (void)context.schedule(milliseconds(10), PunctuationType::StreamTime,
                                              [&](Timestamp) { order.push_back("tick"); });
                     },
                 .process = [&](Context&, const TextRecord& r) { order.push_back(*r.value); }});
  worker.pipe("k", "one", 0);
  worker.pipe("k", "two", 10);
  EXPECT_THAT(order, ElementsAre("one", "tick", "two", "tick"));
}

TEST(WallClockPunctuator, FiresAfterOneInterval) {
  Ticker ticker(milliseconds(10), PunctuationType::WallClock);
  ticker.worker.driver.advance_wall_clock_time(milliseconds(9));
  ticker.worker.pipe("k", "v", 500);
  EXPECT_THAT(ticker.calls, IsEmpty());
  ticker.worker.driver.advance_wall_clock_time(milliseconds(1));
  EXPECT_THAT(ticker.calls, ElementsAre(10));
  ticker.worker.driver.advance_wall_clock_time(milliseconds(10));
  EXPECT_THAT(ticker.calls, ElementsAre(10, 20));
}

TEST(WallClockPunctuator, IsCalledOnceForMissedIntervals) {
  Ticker ticker(milliseconds(10), PunctuationType::WallClock);
  ticker.worker.driver.advance_wall_clock_time(milliseconds(95));
  ticker.worker.driver.advance_wall_clock_time(milliseconds(4));
  ticker.worker.driver.advance_wall_clock_time(milliseconds(1));
  EXPECT_THAT(ticker.calls, ElementsAre(95, 100));
}

TEST(Punctuators, MayForwardAndWriteStores) {
  Worker worker({.init =
                     [](Context& context) {
                       auto store = context.state_store<Text, Text>("store");
                       (void)context.schedule(milliseconds(10), PunctuationType::WallClock,
                                              [&context, store](Timestamp time) mutable {
                                                store.put("last", std::to_string(ms(time)));
                                                context.forward({"tick", store.get("last"), time, {}});
                                              });
                     }},
                {"store"});
  worker.driver.advance_wall_clock_time(milliseconds(10));
  EXPECT_THAT(worker.out(), ElementsAre("tick=10@10"));
  worker.driver.restart();
  EXPECT_EQ((worker.driver.get_key_value_store<Text, Text>("store").get("last")), "10");
}

TEST(Punctuators, MayBeCancelledFromWithin) {
  int calls = 0;
  auto handle = std::make_shared<Cancellable>();
  Worker worker({.init = [&calls, handle](Context& context) {
    *handle = context.schedule(milliseconds(10), PunctuationType::StreamTime, [&calls, handle](Timestamp) {
      if (++calls == 2) handle->cancel();
    });
  }});
  for (std::int64_t time : {0, 10, 20, 30}) worker.pipe("k", "v", time);
  EXPECT_EQ(calls, 2);
  handle->cancel();
}

TEST(Punctuators, CancelledByAnotherAreNotCalled) {
  std::vector<std::string> calls;
  auto second = std::make_shared<Cancellable>();
  Worker worker({.init = [&calls, second](Context& context) {
    (void)context.schedule(milliseconds(10), PunctuationType::WallClock, [&calls, second](Timestamp) {
      calls.push_back("first");
      second->cancel();
    });
    *second = context.schedule(milliseconds(10), PunctuationType::WallClock,
                               [&calls](Timestamp) { calls.push_back("second"); });
  }});
  worker.driver.advance_wall_clock_time(milliseconds(10));
  EXPECT_THAT(calls, ElementsAre("first"));
}

TEST(Punctuators, MayBeScheduledFromProcessAndFromOneAnother) {
  std::vector<std::string> calls;
  Worker worker({.process = [&calls](Context& context, const TextRecord& record) {
    if (*record.value != "schedule") return;
    (void)context.schedule(milliseconds(10), PunctuationType::WallClock, [&calls, &context](Timestamp time) {
      calls.push_back("outer " + std::to_string(ms(time)));
      if (calls.size() > 1) return;
      (void)context.schedule(milliseconds(1), PunctuationType::WallClock,
                             [&calls](Timestamp inner) { calls.push_back("inner " + std::to_string(ms(inner))); });
    });
  }});
  worker.driver.advance_wall_clock_time(milliseconds(5));
  worker.pipe("k", "schedule");
  worker.driver.advance_wall_clock_time(milliseconds(9));
  EXPECT_THAT(calls, IsEmpty());
  worker.driver.advance_wall_clock_time(milliseconds(1));
  EXPECT_THAT(calls, ElementsAre("outer 15"));
  worker.driver.advance_wall_clock_time(milliseconds(1));
  EXPECT_THAT(calls, ElementsAre("outer 15", "inner 16"));
}

TEST(Punctuators, ScheduledByARecordFireWithStreamTimeAtOnce) {
  std::vector<std::int64_t> calls;
  bool scheduled = false;
  Worker worker({.process = [&](Context& context, const TextRecord&) {
    if (std::exchange(scheduled, true)) return;
    (void)context.schedule(milliseconds(10), PunctuationType::StreamTime,
                           [&](Timestamp time) { calls.push_back(ms(time)); });
  }});
  worker.pipe("k", "v", 25);
  EXPECT_THAT(calls, ElementsAre(25));
}

TEST(Punctuators, OfLessThanAMillisecondAreRefused) {
  Error error = failure_of([] { Ticker ticker(milliseconds(0), PunctuationType::WallClock); });
  EXPECT_EQ(error.code(), ErrorCode::UserCodeThrew);
  EXPECT_THAT(error.to_string(), ::testing::HasSubstr("the least is 1 ms"));
}

TEST(Punctuators, OfEveryPartitionAreCalled) {
  int calls = 0;
  Code code{.init = [&](Context& c) {
    (void)c.schedule(milliseconds(10), PunctuationType::WallClock, [&](Timestamp) { ++calls; });
  }};
  Worker worker(code, {}, {.partitions = 3});
  worker.driver.advance_wall_clock_time(milliseconds(10));
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace millrace
