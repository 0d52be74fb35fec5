// Tables whose stores cache: what is forwarded and logged, when, and with which context.
#include <limits>
#include <memory>
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
using ::testing::Pair;
using ::testing::SizeIs;

using Stream = KStream<Text, Text>;
using MaybeText = std::optional<Text>;

TestDriverOptions with(ExceptionResponse response) {
  TestDriverOptions options;
  options.config.processing_exception_handler = response;
  if (response == ExceptionResponse::DeadLetter) options.config.dead_letter_topic = "dead";
  return options;
}
TestDriverOptions with_cache(std::int64_t bytes) {
  TestDriverOptions options;
  options.config.record_cache_max_bytes = bytes;
  return options;
}

/// A topology that begins with "in". Nothing is committed, and so nothing given out, before commit().
struct Held {
  template <class Build>
  explicit Held(Build build, TestDriverOptions options = {}) : driver(topology(build), std::move(options)) {
    driver.hold_commits();
  }
  template <class Build>
  static Topology topology(Build build) {
    StreamsBuilder builder;
    build(builder);
    return builder.build();
  }
  void pipe(std::optional<Text> key, std::optional<Text> value, std::int64_t ms = 0, Headers headers = {}) {
    in.pipe_input({std::move(key), std::move(value), at(ms), std::move(headers)});
  }
  void commit() {
    driver.commit();
    driver.hold_commits();
  }
  template <class V = Text>
  std::vector<std::string> out(const std::string& topic = "out") {
    return read_all<Text, V>(driver, topic);
  }

  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
};

void count(StreamsBuilder& builder) {
  builder.stream<Text, Text>("in")
      .group_by_key()
      .count({.store_name = "counts", .caching = true})
      .to_stream()
      .to("out");
}

TEST(CachedTable, GivesOutEachChangeWhereTheDriverCommitsEachInput) {
  TopologyTestDriver driver(Held::topology(count));
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_record_list({text("a", "x", 1), text("a", "y", 2), text("b", "z", 3)});
  EXPECT_THAT((read_all<Text, Number>(driver)), ElementsAre("a=1@1", "a=2@2", "b=1@3"));
}

TEST(CachedTable, GivesOutTheLastChangeOfEachRowInTheOrderOfLastChanges) {
  Held counts(count);
  counts.pipe("a", "x", 1);
  counts.pipe("b", "x", 2);
  counts.pipe("c", "x", 3);
  counts.pipe("a", "x", 4);
  EXPECT_EQ((counts.driver.get_key_value_store<Text, Number>("counts").get("a")), 2);
  EXPECT_THAT(counts.out<Number>(), IsEmpty());
  counts.commit();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("b=1@2", "c=1@3", "a=2@4"));
  EXPECT_THAT(counts.out<Number>("test-counts-changelog"), ElementsAre("b=1@2", "c=1@3", "a=2@4"));
  counts.pipe("b", "x", 1);
  counts.commit();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("b=2@2"));
}

TEST(CachedTable, GivesOutTheTimeOfTheRowAndTheHeadersOfItsLastChange) {
  Held counts(count);
  counts.pipe("a", "x", 9, {{"h", "first"}});
  counts.pipe("a", "x", 3, {{"h", "last"}});
  counts.pipe("b", "x", 4);
  counts.commit();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("a=2@9 {h=last}", "b=1@4"));
}

TEST(CachedTable, SaysNothingOfARowThatCameAndWent) {
  Held rows([](StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .reduce([](const Text& a, const Text& b) { return b == "delete" ? MaybeText() : MaybeText(a + b); },
                {.store_name = "rows", .caching = true})
        .to_stream()
        .to("out");
  });
  rows.pipe("a", "1");
  rows.pipe("a", "delete");
  rows.pipe("b", "1", 2);
  rows.commit();
  EXPECT_THAT(rows.out(), ElementsAre("b=1@2"));
  EXPECT_THAT(rows.out("test-rows-changelog"), ElementsAre("b=1@2"));
  // Of one that was there the end is told, at the time of what ended it.
  rows.pipe("b", "2", 5);
  rows.pipe("b", "delete", 4);
  rows.commit();
  EXPECT_THAT(rows.out(), ElementsAre("b=null@4"));
  EXPECT_THAT(rows.out("test-rows-changelog"), ElementsAre("b=null@4"));
  // And one that comes back is new.
  rows.pipe("b", "3", 6);
  rows.commit();
  EXPECT_THAT(rows.out(), ElementsAre("b=3@6"));
}

TEST(CachedTable, NeedsAStore) {
  StreamsBuilder builder;
  auto table = builder.table<Text, Text>("in", {.caching = true}, {.name = "rows"});
  (void)table.filter([](const Text&) { return true; }, {.caching = true});
  try {
    (void)builder.build();
    FAIL() << "accepted";
  } catch (const TopologyError& error) {
    EXPECT_THAT(error.findings(), SizeIs(2));
    EXPECT_THAT(error.what(), HasSubstr("caching is asked for, but there is no store"));
  }
}

/// A filtered table, and counts of its rows by value: what is counted depends on the old value of each change.
TEST(CachedTable, GivesOutTheOldValuesThatWereGivenOutBefore) {
  Held counts([](StreamsBuilder& builder) {
    builder.table<Text, Text>("in", {.store_name = "rows", .caching = true})
        .filter([](const Text& value) { return value != "hidden"; }, {.store_name = "shown", .caching = true})
        .group_by([](const Text& key, const Text& value) {
          return KeyValue{value, key};
        })
        .count({.store_name = "counts", .caching = true})
        .to_stream()
        .to("out");
  });
  auto commit = [&] {
    counts.commit();
    // Through the repartition topic, which is read when it is committed.
    counts.commit();
  };
  for (const char* value : {"red", "blue", "red"}) counts.pipe("a", value);
  counts.pipe("b", "red");
  commit();
  auto stored = counts.driver.get_key_value_store<Text, Number>("counts");
  EXPECT_THAT(stored.all(), ElementsAre(Pair("red", 2)));
  for (const char* value : {"blue", "green", "blue"}) counts.pipe("a", value);
  counts.pipe("b", "hidden");
  commit();
  // There was no "green" for anybody below.
  EXPECT_THAT(stored.all(), ElementsAre(Pair("blue", 1), Pair("red", 0)));
  EXPECT_THAT((counts.driver.get_key_value_store<Text, Text>("shown").all()), ElementsAre(Pair("a", "blue")));
  counts.pipe("a", std::nullopt);
  commit();
  EXPECT_THAT(stored.all(), ElementsAre(Pair("blue", 0), Pair("red", 0)));
}

TEST(CachedTable, AggregatesAsWithoutACache) {
  Held sums([](StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .aggregate([] { return Number(100); },
                   [](const Text&, const Text& value, Number sum) { return sum + std::stoll(value); },
                   {.persistent = false, .caching = true})
        .to_stream()
        .to("out");
  });
  for (int i = 1; i <= 10; ++i) sums.pipe(i % 2 == 0 ? "even" : "odd", std::to_string(i), i);
  sums.commit();
  EXPECT_THAT(sums.out<Number>(), ElementsAre("odd=125@9", "even=130@10"));
}

TEST(CachedTable, KeepsATopicsTable) {
  Held table([](StreamsBuilder& builder) {
    builder.table<Text, Text>("in", {.store_name = "rows", .caching = true}).to_stream().to("out");
  });
  table.pipe("a", "1", 1);
  table.pipe("b", "1", 2);
  table.pipe("c", std::nullopt, 3);
  table.pipe("a", "2", 1);
  table.commit();
  EXPECT_THAT(table.out(), ElementsAre("b=1@2", "a=2@1"));
  table.pipe("a", std::nullopt, 7);
  table.pipe("b", "2", 8);
  table.pipe("b", "1", 9);
  table.commit();
  EXPECT_THAT(table.out(), ElementsAre("a=null@7", "b=1@9"));
  EXPECT_THAT((table.driver.get_key_value_store<Text, Text>("rows").all()), ElementsAre(Pair("b", "1")));
}

/// A count, and a reduction of its changes in the same sub-topology.
void chained(StreamsBuilder& builder, bool first_caches, bool second_caches) {
  builder.stream<Text, Text>("in")
      .group_by_key()
      .count({.store_name = "first", .caching = first_caches})
      .to_stream()
      .map_values([](Number n) { return std::to_string(n); })
      .group_by_key()
      .reduce([](const Text& a, const Text& b) { return a + "," + b; },
              {.store_name = "second", .caching = second_caches})
      .to_stream()
      .to("out");
}

TEST(CachedTable, FlushesTablesOneBelowTheOther) {
  Held both([](StreamsBuilder& builder) { chained(builder, true, true); });
  for (const char* key : {"a", "b", "a", "c", "a"}) both.pipe(key, "x");
  both.commit();
  EXPECT_THAT(both.out(), ElementsAre("b=1@0", "c=1@0", "a=3@0"));
  both.pipe("b", "x");
  both.pipe("a", "x");
  both.commit();
  EXPECT_THAT(both.out(), ElementsAre("b=1,2@0", "a=3,4@0"));
  EXPECT_THAT(both.out("test-second-changelog"), ElementsAre("b=1@0", "c=1@0", "a=3@0", "b=1,2@0", "a=3,4@0"));
}

TEST(CachedTable, StandsAboveAndBelowOneThatDoesNotCache) {
  Held above([](StreamsBuilder& builder) { chained(builder, true, false); });
  Held below([](StreamsBuilder& builder) { chained(builder, false, true); });
  for (const char* key : {"a", "b", "a"}) {
    above.pipe(key, "x");
    below.pipe(key, "x");
  }
  above.commit();
  below.commit();
  EXPECT_THAT(above.out(), ElementsAre("b=1@0", "a=2@0"));
  EXPECT_THAT(below.out(), ElementsAre("b=1@0", "a=1,2@0"));
}

/// Notes what it sees of the context.
class Witness final : public Processor<Text, Number, Text, Number> {
 public:
  explicit Witness(std::vector<std::string>& seen) : seen_(seen) {}
  void process(const Record<Text, Number>& record) override {
    auto where = context().record_metadata();
    seen_.push_back(show(record) + " from " +
                    (where ? std::string(where->topic) + "[" + to_string(where->partition) + "]@" +
                                 to_string(where->offset)
                           : "nowhere") +
                    ", stream time " + std::to_string(context().current_stream_time().time_since_epoch().count()));
  }

 private:
  std::vector<std::string>& seen_;
};

TEST(CachedTable, ShowsTheOriginOfTheLastChangeToThoseBelow) {
  std::vector<std::string> seen;
  Held counts([&](StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .count({.store_name = "counts", .caching = true})
        .to_stream()
        .process([&] { return std::make_unique<Witness>(seen); });
  });
  counts.pipe("a", "x", 9);
  counts.pipe("b", "x", 2);
  counts.pipe("a", "x", 1);
  EXPECT_THAT(seen, IsEmpty());
  counts.commit();
  EXPECT_THAT(seen, ElementsAre("b=1@2 from in[0]@1, stream time 9", "a=2@9 from in[0]@2, stream time 9"));
}

/// As count(), but for rows of the key `bad` something throws below, while `throws`.
struct Throwing {
  std::shared_ptr<bool> throws = std::make_shared<bool>(true);
  void operator()(StreamsBuilder& builder) const {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .count({.store_name = "counts", .caching = true})
        .to_stream()
        .peek(
            [throws = throws](const Text& key, Number) {
              if (*throws && key == "bad") throw std::runtime_error("boom");
            },
            {.name = "fragile"})
        .to("out");
  }
};

TEST(CachedTable, EndsTheApplicationWhereAChangeFailsBelowAndLosesNothing) {
  Throwing throwing;
  Held counts(throwing);
  counts.pipe("a", "x");
  counts.pipe("bad", "x");
  counts.pipe("b", "x");
  try {
    counts.commit();
    FAIL() << "nothing failed";
  } catch (const StreamsFailed& failed) {
    EXPECT_EQ(failed.error().code(), ErrorCode::UserCodeThrew);
    EXPECT_THAT(failed.error().to_string(),
                AllOf(HasSubstr("task 0_0"), HasSubstr("in[0]@1"), HasSubstr("operator fragile"), HasSubstr("boom")));
  }
  *throwing.throws = false;
  counts.driver.restart();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("a=1@0", "bad=1@0", "b=1@0"));
  EXPECT_THAT(counts.out<Number>("test-counts-changelog"), SizeIs(3));
}

TEST(CachedTable, GoesOnBehindAChangeThatFailsBelow) {
  Throwing throwing;
  Held counts(throwing, with(ExceptionResponse::Continue));
  for (const char* key : {"a", "bad", "bad", "b"}) counts.pipe(key, "x");
  counts.commit();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("a=1@0", "b=1@0"));
  EXPECT_EQ(dropped(counts.driver, "UserCodeThrew"), 1);
  // The row is there, and in its changelog.
  EXPECT_EQ((counts.driver.get_key_value_store<Text, Number>("counts").get("bad")), 2);
  EXPECT_THAT(counts.out<Number>("test-counts-changelog"), ElementsAre("a=1@0", "bad=2@0", "b=1@0"));
  *throwing.throws = false;
  counts.pipe("bad", "x");
  counts.commit();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("bad=3@0"));
}

TEST(CachedTable, SendsTheRowOfAChangeThatFailsBelowToTheDeadLetters) {
  Held counts(Throwing{}, with(ExceptionResponse::DeadLetter));
  counts.pipe("bad", "x", 4);
  counts.pipe("bad", "x", 5, {{"h", "1"}});
  counts.pipe("a", "x", 6);
  counts.commit();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("a=1@6"));
  auto letters = counts.driver.create_output_topic<Text, Number>("dead").read_records_to_list();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].key, "bad");
  EXPECT_EQ(letters[0].value, 2);
  EXPECT_EQ(letters[0].headers.find("h")->value, "1");
  EXPECT_EQ(letters[0].headers.find("__streams.errors.operator")->value, "fragile");
  EXPECT_EQ(letters[0].headers.find("__streams.errors.topic")->value, "in");
  EXPECT_EQ(letters[0].headers.find("__streams.errors.offset")->value, "1");
}

TEST(CachedTable, ForgetsWhatARecordChangedThatFailed) {
  Held counts(
      [](StreamsBuilder& builder) {
        auto in = builder.stream<Text, Text>("in");
        in.group_by_key().count({.store_name = "counts", .caching = true}).to_stream().to("out");
        // Comes after the count.
        in.peek([](const Text& value) {
          if (value == "bad") throw std::runtime_error("boom");
        });
      },
      with(ExceptionResponse::Continue));
  counts.pipe("a", "x", 1, {{"h", "good"}});
  counts.pipe("b", "x", 2);
  counts.pipe("a", "bad", 3, {{"h", "bad"}});
  counts.pipe("c", "bad", 4);
  counts.commit();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("a=1@1 {h=good}", "b=1@2"));
  EXPECT_THAT(counts.out<Number>("test-counts-changelog"), ElementsAre("a=1@1", "b=1@2"));
  EXPECT_EQ((counts.driver.get_key_value_store<Text, Number>("counts").get("c")), std::nullopt);
}

TEST(CachedTable, IsWhatItWasAfterACrash) {
  Held counts(count);
  counts.pipe("a", "x", 1);
  counts.commit();
  counts.pipe("a", "x", 2);
  counts.pipe("b", "x", 3);
  counts.pipe("a", "x", 4);
  counts.driver.crash();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("a=1@1", "b=1@3", "a=3@4"));
  counts.driver.restart();
  counts.pipe("a", "x", 5);
  counts.commit();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("a=4@5"));
  EXPECT_THAT((counts.driver.get_key_value_store<Text, Number>("counts").all()),
              ElementsAre(Pair("a", 4), Pair("b", 1)));
}

TEST(CachedTable, IsWhatItWasAfterAStopInOrder) {
  Held counts(count);
  counts.pipe("a", "x", 1);
  counts.pipe("a", "x", 2);
  counts.driver.restart();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("a=2@2"));
}

/// Counts the changes that come out of the cache.
struct Counting {
  std::shared_ptr<int> given_out = std::make_shared<int>(0);
  void operator()(StreamsBuilder& builder) const {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .count({.store_name = "counts", .caching = true})
        .to_stream()
        .peek([n = given_out](const Text&, Number) { ++*n; })
        .to("out");
  }
};

TEST(CachedTable, GivesOutWhatWasLeftAloneLongestWhenTheCacheIsFull) {
  Counting counting;
  Held counts(counting, with_cache(8000));
  for (int i = 0; i < 100; ++i) {
    counts.pipe("hot", "x", i);
    counts.pipe("cold " + std::to_string(i), "x", i);
  }
  EXPECT_GT(*counting.given_out, 50);
  EXPECT_LT(*counting.given_out, 100);
  counts.commit();
  EXPECT_EQ(*counting.given_out, 101);
  auto out = counts.out<Number>();
  EXPECT_EQ(out.front(), "cold 0=1@0");
  EXPECT_THAT(out, ::testing::Contains("hot=100@99").Times(1));
  EXPECT_THAT(out, SizeIs(101));
  EXPECT_THAT(counts.out<Number>("test-counts-changelog"), SizeIs(101));
}

TEST(CachedTable, GivesOutEachChangeAtOnceWhereCachesMayHoldNothing) {
  Counting counting;
  Held counts(counting, with_cache(0));
  for (int i = 1; i <= 5; ++i) {
    counts.pipe("a", "x", i);
    EXPECT_EQ(*counting.given_out, i);
  }
  counts.commit();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("a=1@1", "a=2@2", "a=3@3", "a=4@4", "a=5@5"));
}

TEST(CachedTable, ReportsAChangeThatFailsBelowWhereTheCacheIsFull) {
  Throwing throwing;
  auto options = with_cache(0);
  options.config.processing_exception_handler = ExceptionResponse::Continue;
  Held counts(throwing, options);
  for (const char* key : {"a", "bad", "b"}) counts.pipe(key, "x", 1);
  counts.commit();
  EXPECT_THAT(counts.out<Number>(), ElementsAre("a=1@1", "b=1@1"));
  EXPECT_EQ(dropped(counts.driver, "UserCodeThrew"), 1);
  EXPECT_THAT(counts.out<Number>("test-counts-changelog"), ElementsAre("a=1@1", "bad=1@1", "b=1@1"));
}

/// Writes to the table that it stands below.
class Biting final : public Processor<Text, Text> {
 public:
  void init(Context& context) override { rows_ = context.state_store<Text, ValueAndTimestamp<Text>>("rows"); }
  void process(const Record<Text, Text>& record) override {
    if (record.value->size() < limit) rows_.put(*record.key, {*record.value + "!", record.timestamp});
  }
  static inline std::size_t limit = 0;

 private:
  KeyValueStore<Text, ValueAndTimestamp<Text>> rows_;
};

void biting(StreamsBuilder& builder) {
  auto rows = builder.table<Text, Text>("in", {.store_name = "rows", .caching = true});
  rows.to_stream().process([] { return std::make_unique<Biting>(); }, {.stores = {"rows"}, .name = "bite"});
  rows.to_stream().to("out");
}

TEST(CachedTable, FlushesUntilNothingIsPending) {
  Biting::limit = 4;
  Held rows(biting);
  rows.pipe("a", "x", 1);
  rows.commit();
  EXPECT_THAT(rows.out(), ElementsAre("a=x@1", "a=x!@1", "a=x!!@1", "a=x!!!@1"));
  EXPECT_THAT((rows.driver.get_key_value_store<Text, Text>("rows").get("a")), "x!!!");
}

TEST(CachedTable, EndsTheApplicationWhereTheFlushWouldNeverEnd) {
  Biting::limit = std::numeric_limits<std::size_t>::max();
  Held rows(biting);
  rows.pipe("a", "x", 1);
  try {
    rows.commit();
    FAIL() << "it came to an end";
  } catch (const StreamsFailed& failed) {
    EXPECT_EQ(failed.error().code(), ErrorCode::CachesNeverSettle);
    EXPECT_THAT(failed.error().to_string(), AllOf(HasSubstr("task 0_0"), HasSubstr("rows"), HasSubstr("caching")));
  }
}

}  // namespace
}  // namespace millrace
