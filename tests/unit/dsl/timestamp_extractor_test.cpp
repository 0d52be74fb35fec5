// Timestamp extractors: which time a record has, what becomes of one without, and that the choice among partitions goes
// by it.
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dsl_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Extractor = TimestampExtractor<Text, Number>;

/// "in" to "out", the values being times.
struct Source {
  explicit Source(Extractor extractor, TestDriverOptions options = {})
      : driver(topology(extractor), std::move(options)) {}
  static Topology topology(const Extractor& extractor) {
    StreamsBuilder builder;
    builder.stream<Text, Number>("in", {.timestamp_extractor = extractor}).to("out");
    return builder.build();
  }
  void pipe(std::optional<Number> value, std::int64_t ms) { in.pipe_input("k", value, at(ms)); }
  std::vector<std::string> out() { return read_all<Text, Number>(driver); }
  Error failure(std::optional<Number> value, std::int64_t ms) {
    try {
      pipe(value, ms);
    } catch (const StreamsFailed& failed) {
      return failed.error();
    }
    return Error(ErrorCode::UsageInvalid, "nothing failed");
  }

  TopologyTestDriver driver;
  TestInputTopic<Text, Number> in = driver.create_input_topic<Text, Number>("in");
};

Timestamp time_in_value(const Record<Text, Number>& record, Timestamp) { return at(record.value.value()); }

TEST(TimestampExtractor, TakesTheRecordsOwnTimeByDefault) {
  Source source({});
  source.pipe(1000, 5);
  EXPECT_THAT(source.out(), ElementsAre("k=1000@5"));
}

TEST(TimestampExtractor, TakesTheTimeThatItsFunctionSays) {
  Source source(time_in_value);
  source.pipe(1000, 5);
  source.pipe(7, 6);
  EXPECT_THAT(source.out(), ElementsAre("k=1000@1000", "k=7@7"));
}

TEST(TimestampExtractor, SeesTheRecordAndThePartitionsTime) {
  std::vector<std::int64_t> partition_times;
  std::vector<std::int64_t> own_times;
  Source source([&](const Record<Text, Number>& record, Timestamp partition_time) {
    own_times.push_back(record.timestamp.time_since_epoch().count());
    partition_times.push_back(partition_time.time_since_epoch().count());
    EXPECT_EQ(record.key, "k");
    return at(*record.value);
  });
  for (Number value : {50, 20, 70}) source.pipe(value, 5);
  source.driver.restart();
  source.pipe(1, 6);
  EXPECT_EQ(source.out().size(), 4U);
  EXPECT_THAT(partition_times, ElementsAre(-1, 50, 50, 70));
  EXPECT_THAT(own_times, ElementsAre(5, 5, 5, 6));
}

TEST(TimestampExtractor, DropsAndCountsARecordWithANegativeTime) {
  Source source(time_in_value);
  source.pipe(-1, 5);
  source.pipe(-1000, 5);
  source.pipe(10, 5);
  EXPECT_THAT(source.out(), ElementsAre("k=10@10"));
  EXPECT_EQ(dropped(source.driver, "invalid_timestamp"), 2);
}

TEST(TimestampExtractor, FailsOnANegativeTimeByDefault) {
  Source source({});
  EXPECT_EQ(source.failure(1, -5).code(), ErrorCode::InvalidTimestamp);
}

TEST(TimestampExtractor, SkipsANegativeTimeIfAsked) {
  Source source(Extractor::log_and_skip_on_invalid());
  source.pipe(1, -5);
  source.pipe(2, 5);
  EXPECT_THAT(source.out(), ElementsAre("k=2@5"));
  EXPECT_EQ(dropped(source.driver, "invalid_timestamp"), 1);
}

TEST(TimestampExtractor, TakesThePartitionsTimeForANegativeOneIfAsked) {
  Source source(Extractor::use_partition_time_on_invalid());
  source.pipe(1, 50);
  source.pipe(2, 20);
  source.pipe(3, -1);
  EXPECT_THAT(source.out(), ElementsAre("k=1@50", "k=2@20", "k=3@50"));
  Source first(Extractor::use_partition_time_on_invalid());
  Error error = first.failure(1, -5);
  EXPECT_EQ(error.code(), ErrorCode::InvalidTimestamp);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("-5 ms"), HasSubstr("in[0]@0"), HasSubstr("operator in")));
}

TEST(TimestampExtractor, TakesTheClocksTimeIfAsked) {
  Source source(Extractor::wall_clock(), {.start = at(5000)});
  source.pipe(1, 50);
  source.driver.advance_wall_clock_time(milliseconds(10));
  source.pipe(2, -50);
  EXPECT_THAT(source.out(), ElementsAre("k=1@5000", "k=2@5010"));
}

TEST(TimestampExtractor, ThatThrowsFailsTheRecord) {
  auto bomb = [](const Record<Text, Number>& record, Timestamp) {
    if (*record.value == 13) throw std::runtime_error("boom");
    return at(*record.value);
  };
  Source source(bomb);
  source.pipe(1, 5);
  Error error = source.failure(13, 5);
  EXPECT_EQ(error.code(), ErrorCode::UserCodeThrew);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("boom"), HasSubstr("in[0]@1"), HasSubstr("operator in")));

  TestDriverOptions options;
  options.config.processing_exception_handler = ExceptionResponse::Continue;
  Source going_on(bomb, std::move(options));
  for (Number value : {1, 13, 2}) going_on.pipe(value, 5);
  EXPECT_THAT(going_on.out(), ElementsAre("k=1@1", "k=2@2"));
}

TEST(TimestampExtractor, LeavesBytesThatDoNotDecodeToTheirHandler) {
  Source source(time_in_value);
  try {
    source.in.pipe_bytes("k", "short");
    FAIL() << "nothing failed";
  } catch (const StreamsFailed& failed) {
    EXPECT_EQ(failed.error().code(), ErrorCode::DeserializationFailed);
    EXPECT_THAT(failed.what(), HasSubstr("in[0]@0"));
  }
  TestDriverOptions options;
  options.config.deserialization_exception_handler = ExceptionResponse::Continue;
  Source going_on(time_in_value, std::move(options));
  going_on.in.pipe_bytes("k", "short");
  going_on.pipe(7, 5);
  EXPECT_THAT(going_on.out(), ElementsAre("k=7@7"));
}

TEST(TimestampExtractor, DecidesWhichPartitionIsNext) {
  StreamsBuilder builder;
  auto left = builder.stream<Text, Number>("left", {.timestamp_extractor = time_in_value});
  left.merge(builder.stream<Text, Number>("right", {.timestamp_extractor = time_in_value})).to("out");
  TopologyTestDriver driver(builder.build());
  auto left_in = driver.create_input_topic<Text, Number>("left");
  auto right_in = driver.create_input_topic<Text, Number>("right");
  driver.hold_commits();
  for (Number time : {10, 40}) left_in.pipe_input("k", time, at(1000 - time));
  for (Number time : {20, 30}) right_in.pipe_input("k", time, at(1000 - time));
  // Processed again from the beginning, now that all are there: the records' own times say the opposite order.
  driver.crash();
  EXPECT_THAT((read_all<Text, Number>(driver)), ElementsAre("k=10@10", "k=20@20", "k=30@30", "k=40@40"));
}

TEST(TimestampExtractor, OfATopicReadTwiceMustBeTheSame) {
  StreamsBuilder builder;
  Extractor extractor = time_in_value;
  builder.stream<Text, Number>("in", {.timestamp_extractor = extractor}).to("a");
  builder.stream<Text, Number>("in", {.timestamp_extractor = extractor}).to("b");
  EXPECT_NO_THROW((void)builder.build());
  builder.stream<Text, Number>("in").to("c");
  try {
    (void)builder.build();
    FAIL() << "the topology was accepted";
  } catch (const TopologyError& error) {
    EXPECT_THAT(error.findings(), ElementsAre(HasSubstr("timestamp extractor")));
  }
}

}  // namespace
}  // namespace millrace
