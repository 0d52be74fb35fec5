// Windowed joins of two streams: which records meet, boundaries, grace, nulls, order, what is late, restarts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "joined_streams.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using namespace join_test;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(StreamJoin, PairsEachRecordWithThoseOfTheOtherSideInItsWindow) {
  JoinedStreams joined(Kind::Inner, within(10));
  joined.left("a", "L1", 100);
  joined.right("a", "R1", 105);
  joined.left("a", "L2", 110);
  joined.right("b", "R2", 110);
  joined.right("a", "R3", 112);
  EXPECT_THAT(joined.out(), ElementsAre("a=L1+R1@105", "a=L2+R1@110", "a=L2+R3@112"));
}

TEST(StreamJoin, IncludesBothBoundaries) {
  for (auto [left, right, joins] : {std::tuple(100, 90, true), {100, 110, true}, {100, 89, false}, {100, 111, false}}) {
    JoinedStreams joined(Kind::Inner, within(10, 1000));
    joined.left("a", "L", left);
    joined.right("a", "R", right);
    EXPECT_EQ(joined.out().size(), joins ? 1U : 0U) << left << " and " << right;
    JoinedStreams turned(Kind::Inner, within(10, 1000));
    turned.right("a", "R", right);
    turned.left("a", "L", left);
    EXPECT_EQ(turned.out().size(), joins ? 1U : 0U) << right << " and " << left;
  }
}

TEST(StreamJoin, TakesTheWindowBeforeAndAfterFromTheLeft) {
  // The right record is 3 before to 7 after the left one.
  auto windows = within(0, 1000).before(milliseconds(3)).after(milliseconds(7));
  for (auto [right, joins] : {std::pair(96, false), {97, true}, {107, true}, {108, false}}) {
    JoinedStreams left_first(Kind::Inner, windows);
    left_first.left("a", "L", 100);
    left_first.right("a", "R", right);
    EXPECT_EQ(left_first.out().size(), joins ? 1U : 0U) << right;
    JoinedStreams right_first(Kind::Inner, windows);
    right_first.right("a", "R", right);
    right_first.left("a", "L", 100);
    EXPECT_EQ(right_first.out().size(), joins ? 1U : 0U) << right;
  }
}

TEST(StreamJoin, TakesWindowsThatBeginLater) {
  // The right record is 5 to 10 later.
  auto windows = within(0).before(milliseconds(-5)).after(milliseconds(10));
  for (auto [right, joins] : {std::pair(104, false), {105, true}, {110, true}, {111, false}}) {
    JoinedStreams joined(Kind::Inner, windows);
    joined.left("a", "L", 100);
    joined.right("a", "R", right);
    EXPECT_EQ(joined.out().size(), joins ? 1U : 0U) << right;
  }
}

TEST(StreamJoin, OfEqualTimesOnly) {
  JoinedStreams joined(Kind::Inner, within(0));
  joined.left("a", "L", 100);
  joined.right("a", "R1", 99);
  joined.right("a", "R2", 100);
  joined.right("a", "R3", 101);
  EXPECT_THAT(joined.out(), ElementsAre("a=L+R2@100"));
}

TEST(StreamJoin, KeepsRecordsWithEqualKeyTimeAndValueApart) {
  JoinedStreams joined(Kind::Inner, within(10));
  joined.left("a", "L", 100);
  joined.left("a", "L", 100);
  joined.left("a", "M", 100);
  joined.right("a", "R", 100);
  EXPECT_THAT(joined.out(), ElementsAre("a=L+R@100", "a=L+R@100", "a=M+R@100"));
}

TEST(StreamJoin, GivesTheOthersByTime) {
  JoinedStreams joined(Kind::Inner, within(10, 1000));
  joined.left("a", "L3", 103);
  joined.left("a", "L1", 101);
  joined.left("a", "L2", 102);
  joined.right("a", "R", 100);
  EXPECT_THAT(joined.out(), ElementsAre("a=L1+R@101", "a=L2+R@102", "a=L3+R@103"));
}

TEST(StreamJoin, DropsAndCountsNulls) {
  JoinedStreams joined(Kind::Inner, within(10));
  joined.left("a", std::nullopt, 100);
  joined.left(std::nullopt, "L", 100);
  joined.right("a", "R", 100);
  joined.right("a", std::nullopt, 100);
  joined.right(std::nullopt, std::nullopt, 100);
  EXPECT_THAT(joined.out(), IsEmpty());
  EXPECT_EQ(dropped(joined.driver, "null_key"), 2);
  EXPECT_EQ(dropped(joined.driver, "null_value"), 2);
}

TEST(StreamJoin, HasTheHeadersOfTheSecondRecord) {
  JoinedStreams joined(Kind::Inner, within(10));
  joined.left_in.pipe_input({"a", "L", at(1), {{"side", "left"}}});
  joined.right_in.pipe_input({"a", "R", at(2), {{"side", "right"}}});
  EXPECT_THAT(joined.out(), ElementsAre("a=L+R@2 {side=right}"));
}

TEST(StreamJoin, GivesTheKeyToAJoinerThatAsks) {
  JoinedStreams joined(JoinedStreams::topology([](Stream left, Stream right) {
    return left.join(
        right, [](const Text& key, const Text& l, const Text& r) { return key + ":" + l + r; }, within(10));
  }));
  joined.left("a", "L", 1);
  joined.right("a", "R", 2);
  EXPECT_THAT(joined.out(), ElementsAre("a=a:LR@2"));
}

TEST(StreamJoin, ClampsItsWindowAtTheEpoch) {
  JoinedStreams joined(Kind::Inner, within(10));
  joined.left("a", "L", 0);
  joined.right("a", "R", 3);
  EXPECT_THAT(joined.out(), ElementsAre("a=L+R@3"));
}

TEST(StreamJoin, TakesLateRecordsWithinSizeAndGraceOnly) {
  JoinedStreams joined(Kind::Inner, within(10, 5));  // kept for 25
  joined.left("a", "L", 100);
  joined.left("b", "L", 124);
  joined.right("a", "R1", 100);
  joined.left("b", "L", 125);
  joined.right("a", "R2", 100);
  joined.left("a", "L2", 100);  // too late to be kept
  EXPECT_THAT(joined.out(), ElementsAre("a=L+R1@100", "a=L2+R1@100", "a=L2+R2@100"));
  EXPECT_EQ(dropped(joined.driver, "late"), 1);
}

TEST(StreamJoin, OfAStreamWithItselfMeetsEachPairOnce) {
  StreamsBuilder builder;
  auto in = builder.stream<Text, Text>("left");
  in.join(in, both, within(10)).to("out");
  (void)builder.stream<Text, Text>("right");
  JoinedStreams joined(builder.build());
  joined.left("a", "1", 1);
  joined.left("a", "2", 2);
  EXPECT_THAT(joined.out(), UnorderedElementsAre("a=1+1@1", "a=2+1@2", "a=1+2@2", "a=2+2@2"));
}

TEST(StreamJoin, SendsASideWhoseKeyChangedThroughARepartitionTopic) {
  StreamsBuilder builder;
  auto left =
      builder.stream<Text, Text>("left").select_key([](const Text&, const Text& value) { return value.substr(0, 1); });
  left.join(builder.stream<Text, Text>("right"), both, within(10, 1000), Options{.store_name = "pairs"}).to("out");
  JoinedStreams joined(builder.build(), {.partitions = 3});
  for (int i = 0; i < 8; ++i) {
    const Text key(1, static_cast<char>('a' + i));
    joined.right(key, "R" + key, i);
    joined.left("other", key + "L", i);
  }
  EXPECT_EQ(joined.out().size(), 8U);
  EXPECT_THAT(joined.driver.produced_topic_names(),
              AllOf(Contains("test-pairs-left-repartition"), Contains("test-pairs-this-join-store-changelog"),
                    Contains("test-pairs-other-join-store-changelog")));
}

TEST(StreamJoin, GivesAStreamThatIsGroupedWithoutRepartition) {
  StreamsBuilder builder;
  auto left = builder.stream<Text, Text>("left");
  left.join(builder.stream<Text, Text>("right"), both, within(10)).group_by_key().count().to_stream().to("out");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("left").pipe_input("a", "L", at(1));
  driver.create_input_topic<Text, Text>("right").pipe_input("a", "R", at(1));
  EXPECT_THAT((read_all<Text, Number>(driver)), ElementsAre("a=1@1"));
}

TEST(StreamJoin, RefusesWindowsOutOfRange) {
  auto findings = [](JoinWindows windows) -> std::vector<std::string> {
    try {
      (void)JoinedStreams::topology(
          [=](Stream left, Stream right) { return left.join(right, both, windows, {.name = "joined"}); });
    } catch (const TopologyError& error) {
      return error.findings();
    }
    return {};
  };
  EXPECT_THAT(findings(within(10, -1)), ElementsAre(AllOf(HasSubstr("\"joined\""), HasSubstr("grace is -1 ms"))));
  EXPECT_THAT(findings(within(-1)), ElementsAre(HasSubstr("must not be negative")));
  EXPECT_THAT(findings(within(0).before(milliseconds(-5)).after(milliseconds(4))),
              ElementsAre(HasSubstr("from -5 ms before to 4 ms after")));
}

TEST(StreamJoin, GoesOnAfterRestartAndCrash) {
  for (Kind kind : {Kind::Inner, Kind::Left, Kind::Outer}) {
    for (bool persistent : {true, false}) {
      JoinedStreams joined(kind, within(10, 5), {.name = "joined", .persistent = persistent});
      joined.left("a", "L1", 100);
      joined.left("a", "L2", 100);
      joined.driver.restart();
      joined.right("a", "R1", 105);
      joined.driver.hold_commits();
      joined.left("a", "L3", 106);
      joined.driver.crash();
      joined.right("a", "R2", 107);
      EXPECT_THAT(joined.out(), ElementsAre("a=L1+R1@105", "a=L2+R1@105", "a=L3+R1@106", "a=L1+R2@107", "a=L2+R2@107",
                                            "a=L3+R2@107"));
    }
  }
}

// --- left and outer ---

TEST(StreamLeftJoin, EmitsAnUnmatchedRecordWhenItsWindowHasClosed) {
  JoinedStreams joined(Kind::Left, within(10, 5));
  joined.left("a", "L", 100);
  joined.right("b", "R", 115);  // 100 + 10 + 5 is not over yet
  EXPECT_THAT(joined.out(), IsEmpty());
  joined.right("b", "R", 116);
  EXPECT_THAT(joined.out(), ElementsAre("a=L+null@100"));
  joined.right("b", "R", 200);
  EXPECT_THAT(joined.out(), IsEmpty());
}

TEST(StreamLeftJoin, EmitsNothingUnmatchedForTheRight) {
  JoinedStreams joined(Kind::Left, within(10));
  joined.right("a", "R", 100);
  joined.left("b", "L", 300);
  joined.right("a", "R", 400);
  EXPECT_THAT(joined.out(), ElementsAre("b=L+null@300"));
}

TEST(StreamLeftJoin, EmitsNoUnmatchedResultForWhatWasJoined) {
  JoinedStreams joined(Kind::Left, within(10));
  joined.left("a", "L1", 100);
  joined.left("a", "L2", 100);
  joined.left("a", "L3", 101);
  joined.right("a", "R", 110);
  joined.right("b", "R", 500);
  EXPECT_THAT(joined.out(), ElementsAre("a=L1+R@110", "a=L2+R@110", "a=L3+R@110"));
}

TEST(StreamLeftJoin, EmitsByTimestampThenKeyWithTheHeadersOfTheTrigger) {
  JoinedStreams joined(Kind::Left, within(10, 100));
  joined.left("b", "L3", 101);
  joined.left("z", "L1", 100);
  joined.left("a", "L4", 101);
  joined.left("a", "L5", 101);
  joined.left("c", "L2", 100);
  joined.right_in.pipe_input({"x", "R", at(1000), {{"h", "1"}}});
  EXPECT_THAT(joined.out(), ElementsAre("c=L2+null@100 {h=1}", "z=L1+null@100 {h=1}", "a=L4+null@101 {h=1}",
                                        "a=L5+null@101 {h=1}", "b=L3+null@101 {h=1}"));
}

TEST(StreamLeftJoin, EmitsUnmatchedRecordsBeforeTheTriggersOwnResult) {
  JoinedStreams joined(Kind::Left, within(10));
  joined.left("a", "L1", 100);
  joined.right("b", "R", 105);
  joined.left("b", "L2", 111);
  EXPECT_THAT(joined.out(), ElementsAre("a=L1+null@100", "b=L2+R@111"));
}

TEST(StreamLeftJoin, EmitsAtOnceWhatIsTooLateToMeetAnybodyOnTime) {
  JoinedStreams joined(Kind::Left, within(10, 1000));
  joined.left("b", "L", 100);
  joined.left("a", "late", 89);  // its window ended at 99
  joined.left("a", "not late", 90);
  EXPECT_THAT(joined.out(), ElementsAre("a=late+null@89"));
}

TEST(StreamLeftJoin, EmitsNothingForALateTrigger) {
  JoinedStreams joined(Kind::Left, within(10, 50));
  joined.left("a", "L", 100);
  joined.left("b", "L", 160);
  joined.right("c", "R", 150);
  EXPECT_THAT(joined.out(), IsEmpty());
  joined.right("c", "R", 161);
  EXPECT_THAT(joined.out(), ElementsAre("a=L+null@100"));
}

TEST(StreamLeftJoin, EmitsARecordWithoutKeyAtOnceAndDropsNullValues) {
  JoinedStreams joined(Kind::Left, within(10));
  joined.left(std::nullopt, "L", 5);
  joined.left("a", std::nullopt, 6);
  joined.left(std::nullopt, std::nullopt, 7);
  joined.right(std::nullopt, "R", 8);
  EXPECT_THAT(joined.out(), ElementsAre("null=L+null@5"));
  EXPECT_EQ(dropped(joined.driver, "null_key"), 2);
  EXPECT_EQ(dropped(joined.driver, "null_value"), 1);
}

TEST(StreamLeftJoin, LetsRecordsWithoutKeyThroughItsRepartitionTopic) {
  StreamsBuilder builder;
  auto rekeyed = [](const Text&, const Text& value) { return value == "none" ? MaybeText() : MaybeText(value); };
  auto left = builder.stream<Text, Text>("left").select_key(rekeyed);
  auto right = builder.stream<Text, Text>("right").select_key(rekeyed);
  left.left_join(right, left_of, within(10), Options{.name = "joined"}).to("out");
  JoinedStreams joined(builder.build());
  joined.left("a", "none", 5);
  joined.right("a", "none", 5);
  joined.left("a", "x", 6);
  joined.right("a", "x", 6);
  EXPECT_THAT(joined.out(), ElementsAre("null=none+null@5", "x=x+x@6"));
}

TEST(StreamLeftJoin, EmitsEachAsSoonAsItsOwnWindowCloses) {
  JoinedStreams joined(Kind::Left, within(10));
  std::vector<std::string> expected;
  for (int i = 0; i < 30; ++i) joined.left("a", "L" + std::to_string(i), 100 + 7 * i);
  // With each record what lies more than 10 before it; 210 after the last one nothing is left.
  for (int i = 0; i < 28; ++i) {
    expected.push_back("a=L" + std::to_string(i) + "+null@" + std::to_string(100 + 7 * i));
  }
  EXPECT_EQ(joined.out(), expected);
  joined.right("z", "R", 314);
  EXPECT_THAT(joined.out(), ElementsAre("a=L28+null@296", "a=L29+null@303"));
}

TEST(StreamOuterJoin, EmitsUnmatchedRecordsOfBothSides) {
  JoinedStreams joined(Kind::Outer, within(10));
  joined.left("a", "L", 100);
  joined.right("b", "R", 100);
  joined.right("a", "R2", 100);
  joined.left("c", "L2", 200);
  EXPECT_THAT(joined.out(), ElementsAre("a=L+R2@100", "b=null+R@100"));
}

TEST(StreamOuterJoin, OrdersByTimestampThenSide) {
  JoinedStreams joined(Kind::Outer, within(10, 100));
  joined.left("a", "L1", 100);
  joined.right("z", "R1", 100);
  joined.left("b", "L2", 99);
  joined.right("y", "R2", 101);
  joined.left("x", "L3", 1000);
  // Of equal timestamps the right side comes first, as with Kafka Streams.
  EXPECT_THAT(joined.out(), ElementsAre("b=L2+null@99", "z=null+R1@100", "a=L1+null@100", "y=null+R2@101"));
}

TEST(StreamOuterJoin, ClosesEachSideByItsOwnPartOfTheWindow) {
  // A left record waits for right ones until 20 later, a right one for left ones until 5 later.
  JoinedStreams joined(Kind::Outer, within(0).before(milliseconds(5)).after(milliseconds(20)));
  joined.left("a", "L", 100);
  joined.right("b", "R", 100);
  joined.left("x", "X", 105);
  EXPECT_THAT(joined.out(), IsEmpty());
  joined.left("x", "X", 106);
  EXPECT_THAT(joined.out(), ElementsAre("b=null+R@100"));
  joined.left("x", "X", 120);
  EXPECT_THAT(joined.out(), IsEmpty());
  joined.left("x", "X", 121);
  EXPECT_THAT(joined.out(), ElementsAre("a=L+null@100"));
}

TEST(StreamOuterJoin, EmitsRecordsWithoutKeyOfBothSidesAtOnce) {
  JoinedStreams joined(Kind::Outer, within(10));
  joined.left(std::nullopt, "L", 5);
  joined.right(std::nullopt, "R", 6);
  EXPECT_THAT(joined.out(), ElementsAre("null=L+null@5", "null=null+R@6"));
}

TEST(StreamOuterJoin, WritesItsUnmatchedRecordsAsKafkaDoes) {
  JoinedStreams joined(Kind::Outer, within(10), {.store_name = "pairs"});
  joined.left("ab", "L", 0x0102);
  joined.left("ab", "MM", 0x0102);
  joined.right("c", "R", 0x0103);
  const char* topic = "test-pairs-outer-shared-join-store-changelog";
  auto change = joined.driver.read_bytes(topic);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->record.key, Bytes("\0\0\0\0\0\0\x01\x02\x01"
                                      "ab",
                                      11));
  EXPECT_EQ(change->record.value, Bytes("\x01\0\0\0\x01\0\0\0\x02\x01L", 11));
  change = joined.driver.read_bytes(topic);
  EXPECT_EQ(change->record.value, Bytes("\x01\0\0\0\x02\0\0\0\x02\x01L\0\0\0\x03\x01MM", 18));
  change = joined.driver.read_bytes(topic);
  EXPECT_EQ(change->record.key, Bytes("\0\0\0\0\0\0\x01\x03\0c", 10));
  EXPECT_EQ(change->record.value, Bytes("\x01\0\0\0\x01\0\0\0\x02\0R", 11));
  EXPECT_THAT(joined.driver.produced_topic_names(), AllOf(Contains("test-pairs-outer-this-join-store-changelog"),
                                                          Contains("test-pairs-outer-other-join-store-changelog")));
}

TEST(StreamOuterJoin, RemembersUnmatchedRecordsAndItsTimeOverRestartAndCrash) {
  for (bool persistent : {true, false}) {
    JoinedStreams joined(Kind::Outer, within(10), {.name = "joined", .persistent = persistent});
    joined.left("a", "L", 100);
    joined.right("b", "R", 105);
    joined.driver.restart();
    joined.driver.hold_commits();
    joined.right("x", "X", 111);  // emits "a"; then the process is killed
    joined.driver.crash();
    joined.driver.restart();
    joined.left("late", "late", 100);  // its window ended at 110, and the join has seen 111
    joined.left("y", "Y", 116);
    EXPECT_THAT(joined.out(), ElementsAre("a=L+null@100", "late=late+null@100", "b=null+R@105"));
  }
}

TEST(StreamOuterJoin, EmitsAgainWhatAFailedRecordEmitted) {
  TestDriverOptions options;
  options.config.processing_exception_handler = ExceptionResponse::Continue;
  StreamsBuilder builder;
  auto in = builder.stream<Text, Text>("left");
  in.outer_join(
        builder.stream<Text, Text>("right"),
        [](const MaybeText& l, const MaybeText& r) {
          if (l == "bomb" || r == "bomb") throw std::runtime_error("boom");
          return either(l, r);
        },
        within(10))
      .to("out");
  JoinedStreams joined(builder.build(), std::move(options));
  joined.left("a", "L", 100);
  joined.right("p", "R", 105);
  // Emits "a" and meets "p"; but its own result throws, so all of it is taken back.
  joined.left("p", "bomb", 111);
  EXPECT_THAT(joined.out(), IsEmpty());
  joined.left("q", "Q", 112);
  EXPECT_THAT(joined.out(), ElementsAre("a=L+null@100"));
  joined.left("q", "Q", 116);
  EXPECT_THAT(joined.out(), ElementsAre("p=null+R@105"));
}

TEST(StreamOuterJoin, ObservesTimePerTask) {
  JoinedStreams joined(Kind::Outer, within(10), {.name = "joined"}, {.partitions = 2});
  joined.left_in.pipe_input({"a", "L", at(100), {}}, Partition(0));
  joined.left_in.pipe_input({"b", "L", at(1000), {}}, Partition(1));
  EXPECT_THAT(joined.out(), IsEmpty());
  joined.right_in.pipe_input({"c", "R", at(111), {}}, Partition(0));
  EXPECT_THAT(joined.out(), ElementsAre("a=L+null@100"));
}

}  // namespace
}  // namespace millrace
