// count, reduce and aggregate in tumbling and hopping windows: which windows, what is late, nulls, timestamps,
// restarts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "window_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Stream = KStream<Text, Text>;
using MaybeText = std::optional<Text>;

/// A topology from "in" to "out".
struct Windows {
  template <class Build>
  explicit Windows(Build build, TestDriverOptions options = {}) : driver(topology(build), std::move(options)) {}
  template <class Build>
  static Topology topology(Build build) {
    StreamsBuilder builder;
    build(builder.stream<Text, Text>("in"));
    return builder.build();
  }
  void pipe(std::optional<Text> key, std::optional<Text> value, std::int64_t time_ms) {
    in.pipe_input(std::move(key), std::move(value), at(time_ms));
  }

  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
};

auto counting(TimeWindows windows, MaterializedWindows<Text, Number> options = {.store_name = "counts"}) {
  return [=](Stream in) { in.group_by_key().windowed_by(windows).count(options).to_stream().to("out"); };
}

TEST(TimeWindows, HoldATimeBetweenStartAndEnd) {
  auto windows_at = [](TimeWindows windows, std::int64_t time) {
    std::vector<std::int64_t> starts;
    windows.for_each_at(at(time), [&](Window window) {
      EXPECT_EQ(window.end - window.start, windows.size());
      starts.push_back(ms(window.start));
    });
    return starts;
  };
  auto tumbling = TimeWindows::of(milliseconds(10));
  EXPECT_THAT(windows_at(tumbling, 0), ElementsAre(0));
  EXPECT_THAT(windows_at(tumbling, 9), ElementsAre(0));
  EXPECT_THAT(windows_at(tumbling, 10), ElementsAre(10));
  EXPECT_THAT(windows_at(tumbling, -1), IsEmpty());
  auto hopping = TimeWindows::of(milliseconds(10)).advance_by(milliseconds(4));
  EXPECT_THAT(windows_at(hopping, 0), ElementsAre(0));
  EXPECT_THAT(windows_at(hopping, 9), ElementsAre(0, 4, 8));
  EXPECT_THAT(windows_at(hopping, 10), ElementsAre(4, 8));
  EXPECT_THAT(windows_at(hopping, 103), ElementsAre(96, 100));
  int met = 0;
  tumbling.for_each_at(Timestamp::max(), [&](Window window) {
    ++met;
    EXPECT_LE(window.start, Timestamp::max());
    EXPECT_EQ(window.end, Timestamp::max());
  });
  EXPECT_EQ(met, 1);
}

TEST(WindowedCount, CountsPerKeyAndTumblingWindow) {
  Windows counts(counting(TimeWindows::of(milliseconds(10))));
  counts.pipe("a", "x", 0);
  counts.pipe("b", "x", 5);
  counts.pipe("a", "x", 9);
  counts.pipe("a", "x", 10);
  EXPECT_THAT(read_windows<Number>(counts.driver, 10),
              ElementsAre("a[0,10)=1@0", "b[0,10)=1@5", "a[0,10)=2@9", "a[10,20)=1@10"));
}

TEST(WindowedCount, CountsARecordInEachHoppingWindowThatHoldsIt) {
  Windows counts(counting(TimeWindows::of(milliseconds(10)).advance_by(milliseconds(5)).grace(milliseconds(100))));
  counts.pipe("a", "x", 3);
  counts.pipe("a", "x", 7);
  counts.pipe("a", "x", 12);
  EXPECT_THAT(read_windows<Number>(counts.driver, 10),
              ElementsAre("a[0,10)=1@3", "a[0,10)=2@7", "a[5,15)=1@7", "a[5,15)=2@12", "a[10,20)=1@12"));
}

TEST(WindowedCount, TakesOutOfOrderRecordsWhileTheirWindowIsOpen) {
  Windows counts(counting(TimeWindows::of(milliseconds(10)).grace(milliseconds(5))));
  counts.pipe("a", "x", 3);
  counts.pipe("b", "x", 14);
  counts.pipe("a", "x", 9);  // its window ends at 10, and 14 - 5 is before that
  counts.pipe("a", "x", 1);
  EXPECT_THAT(read_windows<Number>(counts.driver, 10),
              ElementsAre("a[0,10)=1@3", "b[10,20)=1@14", "a[0,10)=2@9", "a[0,10)=3@9"));
  EXPECT_EQ(dropped(counts.driver, "late"), 0);
}

TEST(WindowedCount, DropsARecordWhenStreamTimeReachesEndPlusGrace) {
  Windows counts(counting(TimeWindows::of(milliseconds(10)).grace(milliseconds(5))));
  counts.pipe("b", "x", 15);
  counts.pipe("a", "x", 9);
  EXPECT_THAT(read_windows<Number>(counts.driver, 10), ElementsAre("b[10,20)=1@15"));
  EXPECT_EQ(dropped(counts.driver, "late"), 1);
}

TEST(WindowedCount, ClosesAWindowWithoutGraceAtItsEnd) {
  Windows counts(counting(TimeWindows::of(milliseconds(10))));
  counts.pipe("b", "x", 9);
  counts.pipe("a", "x", 2);
  counts.pipe("b", "x", 10);
  counts.pipe("a", "x", 9);
  EXPECT_THAT(read_windows<Number>(counts.driver, 10), ElementsAre("b[0,10)=1@9", "a[0,10)=1@2", "b[10,20)=1@10"));
  EXPECT_EQ(dropped(counts.driver, "late"), 1);
}

TEST(WindowedCount, DropsALateRecordPerClosedHoppingWindow) {
  Windows counts(counting(TimeWindows::of(milliseconds(10)).advance_by(milliseconds(5))));
  counts.pipe("b", "x", 16);  // [5,15) is closed, [10,20) is open
  counts.pipe("a", "x", 12);
  counts.pipe("a", "x", 6);  // [0,10) and [5,15) are closed
  EXPECT_THAT(read_windows<Number>(counts.driver, 10), ElementsAre("b[10,20)=1@16", "b[15,25)=1@16", "a[10,20)=1@12"));
  EXPECT_EQ(dropped(counts.driver, "late"), 3);
}

TEST(WindowedCount, DropsNullKeysBeforeItSeesTheirTime) {
  Windows counts(counting(TimeWindows::of(milliseconds(10))));
  counts.pipe(std::nullopt, "x", 100);
  counts.pipe("a", "x", 5);
  EXPECT_THAT(read_windows<Number>(counts.driver, 10), ElementsAre("a[0,10)=1@5"));
  EXPECT_EQ(dropped(counts.driver, "null_key"), 1);
}

TEST(WindowedCount, CountsNullValues) {
  Windows counts(counting(TimeWindows::of(milliseconds(10))));
  counts.pipe("a", std::nullopt, 1);
  counts.pipe("a", "x", 2);
  EXPECT_THAT(read_windows<Number>(counts.driver, 10), ElementsAre("a[0,10)=1@1", "a[0,10)=2@2"));
  EXPECT_EQ(dropped(counts.driver, "null_value"), 0);
}

TEST(WindowedCount, KeepsTheHeadersOfTheRecordThatChangedTheRow) {
  Windows counts([](Stream in) {
    in.group_by_key()
        .windowed_by(TimeWindows::of(milliseconds(10)))
        .count()
        .to_stream()
        .map([](const Windowed<Text>& key, Number count) {
          return KeyValue{key.key, count};
        })
        .to("out");
  });
  counts.in.pipe_input({"a", "x", at(1), {{"h", "1"}}});
  counts.pipe("a", "y", 2);
  EXPECT_THAT((read_all<Text, Number>(counts.driver)), ElementsAre("a=1@1 {h=1}", "a=2@2"));
}

TEST(WindowedCount, WritesKeysAndChangelogAsKafkaDoes) {
  Windows counts(counting(TimeWindows::of(milliseconds(0x10000))));
  counts.pipe("ab", "x", 0x20005);
  auto out = counts.driver.read_bytes("out");
  ASSERT_TRUE(out);
  EXPECT_EQ(out->record.key, Bytes("ab\0\0\0\0\0\x02\0\0", 10));
  auto change = counts.driver.read_bytes("test-counts-changelog");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->record.key, Bytes("ab\0\0\0\0\0\x02\0\0\0\0\0\0", 14));
  EXPECT_EQ(change->record.value, Bytes("\0\0\0\0\0\0\0\x01", 8));
  EXPECT_EQ(ms(change->record.timestamp), 0x20005);
}

TEST(WindowedReduce, TakesTheFirstValueOfAWindowAsItIs) {
  Windows rows([](Stream in) {
    auto join = [](const Text& a, const Text& b) { return a + b; };
    in.group_by_key().windowed_by(TimeWindows::of(milliseconds(10))).reduce(join).to_stream().to("out");
  });
  rows.pipe("a", "x", 1);
  rows.pipe("a", "y", 2);
  rows.pipe("a", "z", 11);
  EXPECT_THAT(read_windows<Text>(rows.driver, 10), ElementsAre("a[0,10)=x@1", "a[0,10)=xy@2", "a[10,20)=z@11"));
}

TEST(WindowedReduce, SeesNullsAfterTheFirstValueAndHasNoRowForALeadingOne) {
  Windows rows([](Stream in) {
    auto join = [](const Text& a, const MaybeText& b) { return b ? MaybeText(a + *b) : MaybeText(); };
    in.group_by_key()
        .windowed_by(TimeWindows::of(milliseconds(10)))
        .reduce(join, {.store_name = "rows"})
        .to_stream()
        .to("out");
  });
  rows.pipe("a", std::nullopt, 1);
  rows.pipe("a", "x", 2);
  rows.pipe("a", "y", 3);
  EXPECT_THAT(stored_windows<Text>(rows.driver, "rows"), ElementsAre("a[0,10)=xy"));
  rows.pipe("a", std::nullopt, 4);
  EXPECT_THAT(stored_windows<Text>(rows.driver, "rows"), IsEmpty());
  rows.pipe("a", "z", 3);
  EXPECT_THAT(read_windows<Text>(rows.driver, 10),
              ElementsAre("a[0,10)=null@1", "a[0,10)=x@2", "a[0,10)=xy@3", "a[0,10)=null@4", "a[0,10)=z@3"));
}

TEST(WindowedReduce, FailsOnANullThatItsFunctionDoesNotTake) {
  Windows rows([](Stream in) {
    auto join = [](const Text& a, const Text& b) { return a + b; };
    (void)in.group_by_key().windowed_by(TimeWindows::of(milliseconds(10))).reduce(join, {.name = "joined"});
  });
  rows.pipe("a", "x", 1);
  try {
    rows.pipe("a", std::nullopt, 2);
    FAIL() << "nothing was thrown";
  } catch (const StreamsFailed& failed) {
    EXPECT_EQ(failed.error().code(), ErrorCode::NullForPlainParameter);
    EXPECT_THAT(failed.what(), AllOf(HasSubstr("operator joined"), HasSubstr("in[0]@1")));
  }
}

TEST(WindowedAggregate, FoldsEachWindowFromTheInitialValue) {
  auto total = [](const Text& key, const Text& value, Text all) { return all + key + value; };
  Windows rows([&](Stream in) {
    in.group_by_key()
        .windowed_by(TimeWindows::of(milliseconds(10)).advance_by(milliseconds(5)))
        .aggregate([] { return Text(">"); }, total)
        .to_stream()
        .to("out");
  });
  rows.pipe("a", "1", 7);
  rows.pipe("a", "2", 6);
  EXPECT_THAT(read_windows<Text>(rows.driver, 10),
              ElementsAre("a[0,10)=>a1@7", "a[5,15)=>a1@7", "a[0,10)=>a1a2@7", "a[5,15)=>a1a2@7"));
}

TEST(WindowedAggregate, DeletesARowAndBeginsAnew) {
  auto step = [](const Text&, const Text& v, Number n) { return v == "-" ? std::optional<Number>() : n + 1; };
  Windows rows([&](Stream in) {
    in.group_by_key()
        .windowed_by(TimeWindows::of(milliseconds(10)))
        .aggregate([] { return Number{10}; }, step, {.store_name = "rows"})
        .to_stream()
        .to("out");
  });
  for (const char* value : {"x", "y", "-", "-", "z"}) rows.pipe("a", value, 1);
  EXPECT_THAT(read_windows<Number>(rows.driver, 10),
              ElementsAre("a[0,10)=11@1", "a[0,10)=12@1", "a[0,10)=null@1", "a[0,10)=null@1", "a[0,10)=11@1"));
  EXPECT_EQ((rows.driver.get_window_store<Text, Number>("rows").fetch("a", at(0))), 11);
}

TEST(WindowedAggregations, GoThroughARepartitionTopicWhereTheKeyMayHaveChanged) {
  Windows counts(
      [](Stream in) {
        in.group_by([](const Text&, const Text& value) { return value; })
            .windowed_by(TimeWindows::of(milliseconds(10)).grace(milliseconds(100)))
            .count({.store_name = "counts"})
            .to_stream()
            .to("out");
      },
      {.partitions = 3});
  for (int i = 0; i < 30; ++i) counts.pipe("k" + std::to_string(i), "v" + std::to_string(i % 3), i);
  EXPECT_THAT(stored_windows<Number>(counts.driver, "counts"),
              ElementsAre("v0[0,10)=4", "v0[10,20)=3", "v0[20,30)=3", "v1[0,10)=3", "v1[10,20)=4", "v1[20,30)=3",
                          "v2[0,10)=3", "v2[10,20)=3", "v2[20,30)=4"));
  EXPECT_THAT(counts.driver.produced_topic_names(), Contains("test-counts-repartition"));
}

TEST(WindowedAggregations, ObserveTimePerTask) {
  Windows counts(counting(TimeWindows::of(milliseconds(10))), {.partitions = 2});
  counts.in.pipe_input({"a", "x", at(50), {}}, Partition(0));
  counts.in.pipe_input({"b", "x", at(5), {}}, Partition(1));
  counts.in.pipe_input({"a", "x", at(5), {}}, Partition(0));
  EXPECT_THAT(read_windows<Number>(counts.driver, 10), ElementsAre("a[50,60)=1@50", "b[0,10)=1@5"));
  EXPECT_EQ(dropped(counts.driver, "late"), 1);
}

// What is late after a restart is what was late before.
TEST(WindowedAggregations, RememberTheirStreamTimeOverARestart) {
  Windows counts(counting(TimeWindows::of(milliseconds(10)).grace(milliseconds(5))));
  counts.pipe("a", "x", 3);
  counts.pipe("b", "x", 14);
  counts.driver.restart();
  counts.pipe("a", "x", 9);  // still open
  counts.pipe("b", "x", 15);
  counts.driver.restart();
  counts.pipe("a", "x", 9);  // closed by the record before the restart
  EXPECT_THAT(read_windows<Number>(counts.driver, 10),
              ElementsAre("a[0,10)=1@3", "b[10,20)=1@14", "a[0,10)=2@9", "b[10,20)=2@15"));
  EXPECT_EQ(dropped(counts.driver, "late"), 1);
}

TEST(WindowedAggregations, RememberTheirStreamTimeEvenIfNoOtherRecordTellsIt) {
  // The operator's time is not the task's: a record without a key moves the one and not the other.
  Windows counts(counting(TimeWindows::of(milliseconds(10))));
  counts.pipe("a", "x", 5);
  counts.pipe(std::nullopt, "x", 1000);
  counts.driver.restart();
  counts.pipe("a", "x", 7);
  EXPECT_THAT(read_windows<Number>(counts.driver, 10), ElementsAre("a[0,10)=1@5", "a[0,10)=2@7"));
}

TEST(WindowedAggregations, ForgetTheTimeOfWhatWasNotCommitted) {
  Windows counts(counting(TimeWindows::of(milliseconds(10))));
  counts.pipe("a", "x", 5);
  counts.driver.hold_commits();
  counts.pipe("a", "x", 6);
  counts.pipe("b", "x", 100);
  counts.driver.crash();  // processed again from the log, in the same order
  counts.pipe("a", "x", 7);
  EXPECT_THAT(read_windows<Number>(counts.driver, 10), ElementsAre("a[0,10)=1@5", "a[0,10)=2@6", "b[100,110)=1@100"));
  EXPECT_EQ(dropped(counts.driver, "late"), 1);
}

TEST(WindowedAggregations, TakeTheTimeOfAFailedRecordBack) {
  TestDriverOptions options;
  options.config.processing_exception_handler = ExceptionResponse::Continue;
  Windows counts(
      [](Stream in) {
        in.group_by_key()
            .windowed_by(TimeWindows::of(milliseconds(10)))
            .count({.store_name = "counts"})
            .to_stream()
            .peek([](const Windowed<Text>& key, const Number&) {
              if (key.key == "bomb") throw std::runtime_error("boom");
            })
            .to("out");
      },
      std::move(options));
  counts.pipe("a", "x", 5);
  counts.pipe("bomb", "x", 1000);
  counts.pipe("a", "x", 6);
  EXPECT_THAT(read_windows<Number>(counts.driver, 10), ElementsAre("a[0,10)=1@5", "a[0,10)=2@6"));
  EXPECT_THAT(stored_windows<Number>(counts.driver, "counts"), ElementsAre("a[0,10)=2"));
}

TEST(WindowedAggregations, KeepWindowsForTheirRetention) {
  Windows counts(counting(TimeWindows::of(milliseconds(10)), {.store_name = "counts", .retention = milliseconds(30)}));
  for (int time : {0, 10, 20}) counts.pipe("a", "x", time);
  EXPECT_THAT(stored_windows<Number>(counts.driver, "counts"), ElementsAre("a[0,10)=1", "a[10,20)=1", "a[20,30)=1"));
  counts.pipe("a", "x", 30);
  EXPECT_THAT(stored_windows<Number>(counts.driver, "counts"), ElementsAre("a[10,20)=1", "a[20,30)=1", "a[30,40)=1"));
  counts.driver.restart();
  EXPECT_THAT(stored_windows<Number>(counts.driver, "counts"), ElementsAre("a[10,20)=1", "a[20,30)=1", "a[30,40)=1"));
}

TEST(WindowedAggregations, DeleteExpiredWindowsFromTheirStoreAlsoAfterARestart) {
  Windows counts(counting(TimeWindows::of(milliseconds(10))));
  auto entries = [&] { return counts.driver.read_store_all("counts").size(); };
  for (int i = 0; i < 100; ++i) counts.pipe("k" + std::to_string(i), "x", i);
  (void)counts.driver.metrics();
  counts.driver.restart();  // the changelog has all of them
  EXPECT_EQ(stored_windows<Number>(counts.driver, "counts").size(), 10U);
  counts.pipe("k", "x", 120);
  (void)counts.driver.metrics();  // commits
  EXPECT_EQ(entries(), 1U);
}

TEST(WindowedAggregations, KeepTheirRowsInMemoryIfAsked) {
  Windows counts(counting(TimeWindows::of(milliseconds(10)), {.store_name = "counts", .persistent = false}));
  counts.pipe("a", "x", 1);
  counts.driver.restart();
  counts.pipe("a", "x", 2);
  EXPECT_THAT(read_windows<Number>(counts.driver, 10), ElementsAre("a[0,10)=1@1", "a[0,10)=2@2"));
}

TEST(WindowedAggregations, OfOneGroupAreIndependent) {
  Windows both([](Stream in) {
    auto grouped = in.group_by_key();
    grouped.windowed_by(TimeWindows::of(milliseconds(10))).count().to_stream().to("tens");
    grouped.windowed_by(TimeWindows::of(milliseconds(100))).count().to_stream().to("hundreds");
  });
  both.pipe("a", "x", 5);
  both.pipe("a", "x", 15);
  both.pipe("a", "x", 7);
  EXPECT_THAT(read_windows<Number>(both.driver, 10, "tens"), ElementsAre("a[0,10)=1@5", "a[10,20)=1@15"));
  EXPECT_THAT(read_windows<Number>(both.driver, 100, "hundreds"),
              ElementsAre("a[0,100)=1@5", "a[0,100)=2@15", "a[0,100)=3@15"));
}

TEST(WindowedAggregations, TakeTheSerdesOfTheirStream) {
  StreamsBuilder builder;
  auto angled = make_serde<Text>([](const Text& v, Bytes& out) { out += "<" + v + ">"; },
                                 [](BytesView b) -> Result<Text> { return Text(b.substr(1, b.size() - 2)); });
  builder.stream<Text, Text>("in", {.key_serde = angled, .value_serde = angled})
      .group_by_key()
      .windowed_by(TimeWindows::of(milliseconds(10)))
      .reduce([](const Text& a, const Text& b) { return a + b; })
      .to_stream()
      .to("out");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in", angled, angled).pipe_input("a", "x", at(3));
  auto out = driver.read_bytes("out");
  EXPECT_EQ(out->record.key, Bytes("<a>\0\0\0\0\0\0\0\0", 11));
  EXPECT_EQ(out->record.value, "<x>");
}

TEST(WindowedAggregations, CanBeReadAgainFromTheirTopic) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by_key()
      .windowed_by(TimeWindows::of(milliseconds(10)))
      .count()
      .to_stream()
      .to("windows");
  builder.stream<Windowed<Text>, Number>("windows", {.key_serde = time_windowed_serde<Text>(milliseconds(10))})
      .map([](const Windowed<Text>& key, Number count) {
        return KeyValue{key.key + std::to_string(ms(key.window.start)) + "-" + std::to_string(ms(key.window.end)),
                        count};
      })
      .to("out");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in").pipe_input("a", "x", at(13));
  EXPECT_THAT((read_all<Text, Number>(driver)), ElementsAre("a10-20=1@13"));
}

std::vector<std::string> findings(TimeWindows windows, MaterializedWindows<Text, Number> options = {}) {
  options.store_name = "counts";
  try {
    (void)Windows::topology(counting(windows, options));
  } catch (const TopologyError& error) {
    return error.findings();
  }
  return {};
}

TEST(WindowedAggregations, RefuseWindowsOutOfRange) {
  EXPECT_THAT(findings(TimeWindows::of(milliseconds(0))),
              ElementsAre(AllOf(HasSubstr("counts"), HasSubstr("above 0"))));
  EXPECT_THAT(findings(TimeWindows::of(milliseconds(10)).advance_by(milliseconds(11))),
              ElementsAre(HasSubstr("10 ms advance by 11 ms")));
  EXPECT_THAT(findings(TimeWindows::of(milliseconds(10)).advance_by(milliseconds(0))),
              ElementsAre(HasSubstr("advance by 0 ms")));
  EXPECT_THAT(findings(TimeWindows::of(milliseconds(10)).grace(milliseconds(-1))),
              ElementsAre(HasSubstr("grace is -1 ms")));
  EXPECT_THAT(findings(TimeWindows::of(milliseconds(10)).grace(milliseconds::max())), IsEmpty());
}

TEST(WindowedAggregations, RefuseARetentionShorterThanSizeAndGrace) {
  auto windows = TimeWindows::of(milliseconds(10)).grace(milliseconds(5));
  EXPECT_THAT(findings(windows, {.retention = milliseconds(14)}),
              ElementsAre(AllOf(HasSubstr("\"counts\""), HasSubstr("10 ms + grace 5 ms"), HasSubstr("for 14 ms"))));
  EXPECT_THAT(findings(windows, {.retention = milliseconds(15)}), IsEmpty());
}

struct Opaque {};

TEST(WindowedAggregations, NameAMissingSerde) {
  try {
    (void)Windows::topology([](Stream in) {
      (void)in.group_by_key()
          .windowed_by(TimeWindows::of(milliseconds(10)))
          .aggregate([] { return Opaque{}; }, [](const Text&, const Text&, Opaque o) { return o; }, {.name = "opaque"});
    });
    FAIL() << "the topology was accepted";
  } catch (const TopologyError& error) {
    EXPECT_THAT(error.findings(), ElementsAre(AllOf(HasSubstr("\"opaque\""), HasSubstr("no serde for its value"))));
  }
}

TEST(WindowedAggregations, AreLimitedInNumberByTheMetadataOfOffsets) {
  try {
    (void)Windows::topology([](Stream in) {
      // An operator and its store make two.
      for (int i = 0; i < 51; ++i) (void)in.group_by_key().windowed_by(TimeWindows::of(milliseconds(10))).count();
    });
    FAIL() << "the topology was accepted";
  } catch (const TopologyError& error) {
    EXPECT_THAT(error.findings(),
                ElementsAre(AllOf(HasSubstr("sub-topology 0 (in)"), HasSubstr("102"), HasSubstr("100 is the most"))));
  }
}

}  // namespace
}  // namespace millrace
