// Small parts of the runtime: the punctuation schedule, offset metadata, reconcile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/runtime/offset_metadata.hpp>
#include <millrace/runtime/punctuators.hpp>
#include <millrace/runtime/reconcile.hpp>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }
std::vector<std::string> nodes_due(PunctuationSchedule& schedule, std::int64_t ms) {
  std::vector<std::string> nodes;
  for (const auto& due : schedule.take_due(at(ms))) nodes.push_back(due.node);
  return nodes;
}

TEST(PunctuationSchedule, HasNothingDueWhenEmpty) {
  PunctuationSchedule schedule;
  EXPECT_FALSE(schedule.due(at(1'000'000'000'000)));
  EXPECT_EQ(schedule.next(), Timestamp::max());
  EXPECT_THAT(nodes_due(schedule, 5), IsEmpty());
}

TEST(PunctuationSchedule, KeepsItsAlignmentOverMissedIntervals) {
  PunctuationSchedule schedule;
  schedule.add(1, "a", at(3), milliseconds(10), [](Timestamp) {});
  EXPECT_FALSE(schedule.due(at(2)));
  EXPECT_TRUE(schedule.due(at(3)));
  EXPECT_THAT(nodes_due(schedule, 47), ElementsAre("a"));
  EXPECT_EQ(schedule.next(), at(53));
  EXPECT_THAT(nodes_due(schedule, 52), IsEmpty());
  EXPECT_THAT(nodes_due(schedule, 53), ElementsAre("a"));
  EXPECT_EQ(schedule.next(), at(63));
}

TEST(PunctuationSchedule, CallsTheEarliestFirst) {
  PunctuationSchedule schedule;
  schedule.add(1, "late", at(9), milliseconds(10), [](Timestamp) {});
  schedule.add(2, "early", at(4), milliseconds(10), [](Timestamp) {});
  schedule.add(3, "late too", at(9), milliseconds(10), [](Timestamp) {});
  EXPECT_THAT(nodes_due(schedule, 9), ElementsAre("early", "late", "late too"));
}

TEST(PunctuationSchedule, ForgetsWhatWasCancelled) {
  PunctuationSchedule schedule;
  schedule.add(1, "a", at(4), milliseconds(10), [](Timestamp) {});
  schedule.add(2, "b", at(7), milliseconds(10), [](Timestamp) {});
  EXPECT_TRUE(schedule.scheduled(1));
  schedule.cancel(1);
  schedule.cancel(1);
  schedule.cancel(99);
  EXPECT_FALSE(schedule.scheduled(1));
  EXPECT_EQ(schedule.next(), at(7));
  schedule.clear();
  EXPECT_EQ(schedule.next(), Timestamp::max());
}

TEST(OffsetMetadata, ReadsWhatItWrote) {
  OffsetMetadata metadata{at(1234567890123), "0_12", "app-1", "run-7"};
  EXPECT_EQ(metadata.encode(), "millrace/1 time=1234567890123 task=0_12 writer=app-1 commit=run-7");
  auto back = OffsetMetadata::decode(metadata.encode());
  EXPECT_EQ(back.partition_time, metadata.partition_time);
  EXPECT_EQ(back.task, "0_12");
  EXPECT_EQ(back.writer_id, "app-1");
  EXPECT_EQ(back.commit_id, "run-7");
}

TEST(OffsetMetadata, CarriesTheTimesOfOperatorsAndStores) {
  OffsetMetadata metadata{at(7), "0_0", "app-1", "run-7", {{0x1a2b3c4d, at(1234567890123)}, {0x5, at(0)}}};
  EXPECT_EQ(metadata.encode(),
            "millrace/1 time=7 task=0_0 writer=app-1 commit=run-7 t1a2b3c4d=1234567890123 t00000005=0");
  EXPECT_EQ(OffsetMetadata::decode(metadata.encode()).times, metadata.times);
  // Words that only look like one.
  EXPECT_TRUE(OffsetMetadata::decode("millrace/1 t1a2b3c4=5 t1a2b3c4dd=5 txyzxyzxy=5 time=5").times.empty());
}

TEST(OffsetMetadata, FitsIntoWhatKafkaTakesWithAllTimesThereMayBe) {
  OffsetMetadata metadata{Timestamp::max(), "2147483647_2147483647", std::string(260, 'a'), std::string(300, 'b'), {}};
  for (std::size_t i = 0; i < kObservedTimesMax; ++i) metadata.times.push_back({0xffffffff, Timestamp::min()});
  EXPECT_LE(metadata.encode().size(), kOffsetMetadataMaxBytes);
}

TEST(OffsetMetadata, KnowsNothingOfForeignText) {
  for (const char* text :
       {"", " ", "millrace/2 time=5 task=0_1", "AQAAAXqP4bQ=", "millrace/1", "{\"time\":5}", "time=5"}) {
    auto metadata = OffsetMetadata::decode(text);
    EXPECT_EQ(metadata.partition_time, kNoTimestamp) << text;
    EXPECT_EQ(metadata.task, "") << text;
    EXPECT_EQ(metadata.commit_id, "") << text;
  }
}

TEST(OffsetMetadata, SurvivesItsOwnFormDamaged) {
  EXPECT_EQ(OffsetMetadata::decode("millrace/1 time= task=0_1").partition_time, kNoTimestamp);
  EXPECT_EQ(OffsetMetadata::decode("millrace/1 time=x").partition_time, kNoTimestamp);
  EXPECT_EQ(OffsetMetadata::decode("millrace/1 time=99999999999999999999").partition_time, kNoTimestamp);
  EXPECT_EQ(OffsetMetadata::decode("millrace/1 later=1 task=0_1   = nothing").task, "0_1");
}

TaskId task(int subtopology, int partition) { return {SubtopologyId(subtopology), Partition(partition)}; }
TaskAction close(TaskId id) { return {TaskAction::Kind::Close, id}; }
TaskAction restore(TaskId id) { return {TaskAction::Kind::Restore, id}; }

TEST(Reconcile, TurnsWhatIsOwnedIntoWhatIsAssigned) {
  const TaskId a = task(0, 0), b = task(0, 1), c = task(1, 0);
  struct Case {
    std::set<TaskId> owned, assigned;
    std::vector<TaskAction> actions;
  };
  const Case cases[] = {
      {{}, {}, {}},
      {{a, b}, {a, b}, {}},
      {{}, {c, a}, {restore(a), restore(c)}},
      {{c, a}, {}, {close(a), close(c)}},
      {{a, b}, {b, c}, {close(a), restore(c)}},
      {{c}, {a, b}, {close(c), restore(a), restore(b)}},
  };
  for (const Case& c_ : cases) EXPECT_EQ(reconcile(c_.owned, c_.assigned), c_.actions);
}

}  // namespace
}  // namespace millrace
