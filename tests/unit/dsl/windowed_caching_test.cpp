// Tables of windows whose stores cache: each window is a row of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "window_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Counts in windows of 10 ms; nothing is given out before commit().
struct Held {
  explicit Held(MaterializedWindows<Text, Number> options) : driver(topology(options)) { driver.hold_commits(); }
  static Topology topology(const MaterializedWindows<Text, Number>& options) {
    StreamsBuilder builder;
    builder.stream<Text, Text>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of(milliseconds(10)))
        .count(options)
        .to_stream()
        .to("out");
    return builder.build();
  }
  void pipe(const char* key, std::int64_t ms) { in.pipe_input({key, "v", at(ms), {{"at", std::to_string(ms)}}}); }
  void commit() {
    driver.commit();
    driver.hold_commits();
  }
  std::vector<std::string> out() { return read_windows<Number>(driver, 10); }

  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
};

TEST(CachedWindows, GiveOutTheLastChangeOfEachWindow) {
  Held counts({.store_name = "counts", .retention = milliseconds(100), .caching = true});
  counts.pipe("a", 1);
  counts.pipe("b", 3);
  counts.pipe("a", 2);
  counts.pipe("a", 12);
  EXPECT_THAT(stored_windows<Number>(counts.driver, "counts"),
              ElementsAre("a[0,10)=2", "a[10,20)=1", "b[0,10)=1"));
  EXPECT_THAT(counts.out(), IsEmpty());
  counts.commit();
  EXPECT_THAT(counts.out(), ElementsAre("b[0,10)=1@3", "a[0,10)=2@2", "a[10,20)=1@12"));
  counts.pipe("a", 13);
  counts.pipe("a", 14);
  counts.commit();
  EXPECT_THAT(counts.out(), ElementsAre("a[10,20)=3@14"));
  counts.driver.restart();
  EXPECT_THAT(stored_windows<Number>(counts.driver, "counts"),
              ElementsAre("a[0,10)=2", "a[10,20)=3", "b[0,10)=1"));
}

TEST(CachedWindows, GiveOutTheHeadersOfTheLastChange) {
  Held counts({.store_name = "counts", .caching = true});
  counts.pipe("a", 5);
  counts.pipe("a", 4);
  counts.commit();
  auto serde = time_windowed_serde<Text>(milliseconds(10));
  auto record = counts.driver.create_output_topic<Windowed<Text>, Number>("out", serde).read_record();
  EXPECT_EQ(record.value, 2);
  EXPECT_EQ(record.timestamp, at(5));
  EXPECT_EQ(record.headers.find("at")->value, "4");
}

TEST(CachedWindows, LogEachWindowOnce) {
  Held counts({.store_name = "counts", .persistent = false, .caching = true});
  for (int i = 0; i < 5; ++i) counts.pipe("a", i);
  counts.commit();
  EXPECT_EQ(counts.driver.queue_size("test-counts-changelog"), 1U);
}

TEST(CachedWindows, AreEmptyAfterARestartWithoutAChangelog) {
  Held counts({.store_name = "counts", .persistent = false, .caching = true, .logging = false});
  counts.pipe("a", 1);
  counts.pipe("a", 2);
  counts.commit();
  EXPECT_THAT(counts.out(), ElementsAre("a[0,10)=2@2"));
  counts.driver.restart();
  EXPECT_THAT(stored_windows<Number>(counts.driver, "counts"), IsEmpty());
}

}  // namespace
}  // namespace millrace
