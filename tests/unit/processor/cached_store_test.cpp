// Stores of processors that cache: seen at once, logged with the commit.
#include <memory>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inline_processor.hpp"

namespace millrace {
namespace {

using namespace processor_test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Code writing_each_value_twice() {
  return {.process = [](Context& context, const TextRecord& record) {
    auto rows = context.state_store<Text, Text>("rows");
    rows.put(*record.key, "first");
    if (*record.value == "erase") rows.erase(*record.key);
    else rows.put(*record.key, *record.value);
    context.forward({record.key, rows.get(*record.key).value_or("none"), record.timestamp, {}});
  }};
}

TEST(CachedStore, LogsWithTheCommitWhatProcessorsSeeAtOnce) {
  TopologyTestDriver driver(
      with_store(KeyValueStoreBuilder<Text, Text>{.name = "rows", .caching = true}, writing_each_value_twice()));
  auto in = driver.create_input_topic<Text, Text>("in");
  driver.hold_commits();
  in.pipe_input("a", "1", at(1));
  in.pipe_input("b", "1", at(2));
  in.pipe_input("c", "erase", at(3));
  in.pipe_input("a", "2", at(4));
  driver.commit();
  EXPECT_THAT(records(driver, "out"), ElementsAre("a=1@1", "b=1@2", "c=none@3", "a=2@4"));
  EXPECT_THAT(records(driver, "test-rows-changelog"), ElementsAre("b=1@2", "a=2@4"));
  driver.restart();
  EXPECT_THAT((driver.get_key_value_store<Text, Text>("rows").all()), ElementsAre(Pair("a", "2"), Pair("b", "1")));
}

TEST(CachedStore, HasNothingOfARecordThatFailed) {
  TestDriverOptions options;
  options.config.processing_exception_handler = ExceptionResponse::Continue;
  TopologyTestDriver driver(
      with_store(KeyValueStoreBuilder<Text, Text>{.name = "rows", .caching = true},
                 {.process =
                      [](Context& context, const TextRecord& record) {
                        context.state_store<Text, Text>("rows").put(*record.key, *record.value);
                        if (*record.value == "bad") throw std::runtime_error("boom");
                      }}),
      options);
  auto in = driver.create_input_topic<Text, Text>("in");
  driver.hold_commits();
  in.pipe_input("a", "1", at(1));
  in.pipe_input("a", "bad", at(2));
  in.pipe_input("b", "bad", at(3));
  driver.commit();
  EXPECT_THAT(records(driver, "test-rows-changelog"), ElementsAre("a=1@1"));
}

TEST(CachedStore, LogsWhatAPunctuatorWroteAtItsTime) {
  TopologyTestDriver driver(with_store(
      KeyValueStoreBuilder<Text, Text>{.name = "rows", .caching = true},
      {.init = [](Context& context) {
        auto rows = context.state_store<Text, Text>("rows");
        context.schedule(milliseconds(10), PunctuationType::WallClock,
                         [rows](Timestamp) mutable { rows.put("clock", "tick"); });
      }}));
  driver.advance_wall_clock_time(milliseconds(10));
  EXPECT_THAT(records(driver, "test-rows-changelog"), ElementsAre("clock=tick@10"));
}

TEST(CachedStore, NeedsNoChangelog) {
  const KeyValueStoreBuilder<Text, Text> rows{.name = "rows", .persistent = false, .caching = true, .logging = false};
  TopologyTestDriver driver(with_store(rows, writing_each_value_twice()));
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("a", "1");
  EXPECT_THAT(records(driver, "out"), ElementsAre("a=1@0"));
  driver.restart();
  EXPECT_THAT((driver.get_key_value_store<Text, Text>("rows").all()), IsEmpty());
}

}  // namespace
}  // namespace millrace
