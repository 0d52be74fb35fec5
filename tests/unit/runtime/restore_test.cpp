// Starting, restoring and stopping: where reading begins, what the stores hold, which starts are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

void feed(World& world, int count) {
  for (int i = 0; i < count; ++i) world.produce("in", "k", "v");
  world.run();
}

TEST(Restore, FindsStateAndPositionAfterAStop) {
  World world(counting());
  world.start();
  feed(world, 3);
  world.stop();
  world.start();
  feed(world, 2);
  EXPECT_EQ(world.stored("k"), 5);
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1", "k=2", "k=3", "k=4", "k=5"));
}

TEST(Restore, StopCommitsWhatWasProcessed) {
  World world(counting());
  world.start();
  world.run();
  world.produce("in", "k", "v");
  world.run(false);
  EXPECT_THAT(world.numbers("out"), IsEmpty());
  world.stop();
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1"));
  EXPECT_EQ(world.committed_offset("in"), 1);
}

TEST(Restore, ACrashBeforeTheCommitLeavesNothing) {
  World world(counting());
  world.start();
  feed(world, 1);
  world.produce("in", "k", "v");
  world.run(false);
  EXPECT_EQ(world.stored("k"), 2);
  world.crash();
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1"));
  EXPECT_THAT(world.numbers("app-counts-changelog"), ElementsAre("k=1"));
  world.start();
  world.run();
  EXPECT_EQ(world.stored("k"), 2);
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1", "k=2"));
}

TEST(Restore, BringsBackStateThatWasWiped) {
  for (bool stopped : {true, false}) {
    World world(counting(), {}, 2);
    world.start();
    world.produce("in", "a", "v", {}, 0);
    world.produce("in", "b", "v", {}, 1);
    world.produce("in", "b", "v", {}, 1);
    world.run();
    if (stopped) world.stop();
    world.crash();
    (void)world.backends.take();
    world.start();
    world.run();
    EXPECT_EQ(world.stored("a", 0), 1);
    EXPECT_EQ(world.stored("b", 1), 2);
    EXPECT_EQ(world.stored("a", 1), 0);
    EXPECT_THAT(world.numbers("out"), UnorderedElementsAre("a=1", "b=1", "b=2"));
  }
}

TEST(Restore, CatchesUpStateThatIsBehind) {
  World world(counting());
  world.start();
  feed(world, 2);
  world.stop();
  // Another program of the same group goes on with state of its own.
  auto behind = world.backends.take();
  world.start();
  feed(world, 2);
  world.stop();
  world.backends.put(std::move(behind));
  world.start();
  world.run();
  EXPECT_EQ(world.stored("k"), 4);
}

TEST(Restore, WipesStateOfAnotherChangelogTopicWithAWarning) {
  World world(counting());
  world.start();
  feed(world, 3);
  world.stop();
  // Somebody deletes the changelog and begins anew with the same state directory.
  world.log->admin().delete_topics({"app-counts-changelog"}).take().value();
  world.prepare();
  world.start();
  world.run();
  EXPECT_EQ(world.stored("k"), 0);
  EXPECT_THAT(world.logger.text, AllOf(HasSubstr("task 0_0"), HasSubstr("store counts"),
                                       HasSubstr("wiped and restored"), HasSubstr("another changelog topic")));
}

TEST(Restore, RefusesAChangelogWithoutCommittedOffsets) {
  World world(counting());
  world.start();
  feed(world, 3);
  world.stop();
  world.log->admin().delete_group("app").take().value();
  world.start();
  world.run();
  ASSERT_TRUE(world.thread().dead());
  EXPECT_EQ(world.thread().failure()->code(), ErrorCode::ChangelogWithoutOffsets);
  EXPECT_THAT(world.thread().failure()->to_string(), AllOf(HasSubstr("MR-0512"), HasSubstr("app-counts-changelog[0]"),
                                                           HasSubstr("the offsets 0 to 2"), HasSubstr("reset")));
  EXPECT_EQ(world.committed_offset("in"), -1);
}

/// Found by the simulation: a member that is about to lose its task reads the offsets, another one commits, and the
/// ranges are of afterwards. It was a reason to stop the application.
TEST(Restore, OffsetsOlderThanTheChangelogAreReadOnceMore) {
  World world(counting());
  world.start();
  feed(world, 3);
  world.stop();
  world.faulty->answer_stale({});
  world.start();
  world.run();
  ASSERT_FALSE(world.thread().dead());
  EXPECT_EQ(world.stored("k"), 3);
  EXPECT_EQ(world.committed_offset("in"), 3);
}

/// The same with offsets that lie outside of the topic by now.
TEST(Restore, OffsetsOutOfRangeAreReadOnceMore) {
  World world(counting());
  world.start();
  feed(world, 3);
  world.stop();
  world.faulty->answer_stale({{{"in", Partition(0)}, {Offset(1000), ""}}});
  world.start();
  world.run();
  ASSERT_FALSE(world.thread().dead());
  EXPECT_EQ(world.stored("k"), 3);
}

StreamsConfig with_reset(OffsetReset reset) {
  StreamsConfig config;
  config.auto_offset_reset = reset;
  return config;
}

TEST(Restore, BeginsWhereAutoOffsetResetSays) {
  for (OffsetReset reset : {OffsetReset::Earliest, OffsetReset::Latest}) {
    World world(counting(), with_reset(reset));
    world.produce("in", "k", "early");
    world.start();
    world.run();
    world.produce("in", "k", "late");
    world.run();
    EXPECT_EQ(world.stored("k"), reset == OffsetReset::Earliest ? 2 : 1);
  }
}

TEST(Restore, RefusesToBeginWithoutAnOffsetIfAutoOffsetResetIsNone) {
  World world(counting(), with_reset(OffsetReset::None));
  world.start();
  world.run();
  ASSERT_TRUE(world.thread().dead());
  EXPECT_EQ(world.thread().failure()->code(), ErrorCode::NoCommittedOffset);
  EXPECT_THAT(world.thread().failure()->to_string(), AllOf(HasSubstr("in[0]"), HasSubstr("auto.offset.reset")));
}

TEST(Restore, LetsASourceHaveItsOwnReset) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in", {.offset_reset = OffsetReset::Latest}).to("out");
  World world(builder.build(), with_reset(OffsetReset::None));
  world.produce("in", "k", "early");
  world.start();
  world.run();
  world.produce("in", "k", "late");
  world.run();
  EXPECT_THAT(world.texts("out"), ElementsAre("k=late"));
}

TEST(Restore, CommitsWhereItBeginsBeforeTheFirstRecord) {
  // So that "latest" means the same after a crash.
  World world(counting(), with_reset(OffsetReset::Latest));
  world.produce("in", "k", "early");
  world.start();
  world.run(false);
  EXPECT_EQ(world.committed_offset("in"), 1);
  world.produce("in", "k", "between");
  world.run(false);
  world.crash();
  world.start();
  world.run();
  EXPECT_EQ(world.stored("k"), 1);
}

TEST(Restore, ReadsRepartitionTopicsFromTheirBeginningWhateverTheReset) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by([](const Text& v) { return v; }, {.name = "g"})
      .count({.store_name = "counts"})
      .to_stream()
      .to("out");
  World world(builder.build(), with_reset(OffsetReset::Latest));
  world.start();
  world.run();
  world.produce("in", "k", "word");
  world.run();
  EXPECT_THAT(world.numbers("out"), ElementsAre("word=1"));
}

TEST(Restore, RefusesACommittedOffsetThatTheLogDoesNotHave) {
  World world(counting());
  world.produce("in", "k", "v");
  world.commit_offset("in", 7);
  world.start();
  world.run();
  ASSERT_TRUE(world.thread().dead());
  EXPECT_EQ(world.thread().failure()->code(), ErrorCode::OffsetOutOfRange);
  EXPECT_THAT(world.thread().failure()->to_string(), AllOf(HasSubstr("in[0]@7"), HasSubstr("not within [0, 1]")));
}

/// Three records processed, three that were not, and nothing before offset 5 is left in the log.
void lose_records(World& world) {
  world.start();
  feed(world, 3);
  world.stop();
  for (int i = 0; i < 3; ++i) world.produce("in", "k", "v");
  world.log->admin().delete_records({{{"in", Partition(0)}, Offset(5)}}).take().value();
  ASSERT_EQ(world.committed_offset("in"), 3);
}

double records_lost(World& world) {
  for (const auto& family : world.metrics.snapshot()) {
    if (family.info.name != "streams_dropped_records_total") continue;
    for (const auto& series : family.series) {
      if (series.label_values.back() == "offset_out_of_range") return series.value;
    }
  }
  return 0;
}

TEST(Restore, GoesOnWhereTheLogBeginsIfItsOffsetWasDeleted) {
  World world(counting());
  lose_records(world);
  world.start();
  world.run();
  ASSERT_FALSE(world.thread().dead());
  EXPECT_EQ(world.stored("k"), 4);
  EXPECT_EQ(world.committed_offset("in"), 6);
  EXPECT_EQ(records_lost(world), 2);
  EXPECT_THAT(world.logger.text,
              HasSubstr("task 0_0, in[0]: the committed offset 3 is no longer in the log, which has [5, 6]: 2 records "
                        "were never processed; going on at 5, as auto.offset.reset says"));
}

TEST(Restore, GoesOnWithTheNextRecordIfItsOffsetWasDeletedAndTheResetIsLatest) {
  World world(counting());
  lose_records(world);
  world.config.auto_offset_reset = OffsetReset::Latest;
  world.start();
  world.run();
  EXPECT_EQ(world.stored("k"), 3);
  EXPECT_EQ(world.committed_offset("in"), 6) << "also if nothing comes";
  EXPECT_EQ(records_lost(world), 3);
}

TEST(Restore, StopsIfItsOffsetWasDeletedAndTheResetIsNone) {
  World world(counting());
  lose_records(world);
  world.config.auto_offset_reset = OffsetReset::None;
  world.start();
  world.run();
  ASSERT_TRUE(world.thread().dead());
  EXPECT_THAT(world.thread().failure()->to_string(),
              AllOf(HasSubstr("MR-0510"), HasSubstr("in[0]@3"), HasSubstr("not within [5, 6]"),
                    HasSubstr("set auto.offset.reset to earliest or latest")));
  EXPECT_EQ(records_lost(world), 0);
  EXPECT_EQ(world.committed_offset("in"), 3);
}

TEST(Restore, GoesOnWhereTheLogBeginsIfRecordsAreDeletedAheadOfARunningTask) {
  World world(counting());
  world.start();
  feed(world, 3);
  for (int i = 0; i < 3; ++i) world.produce("in", "k", "v");
  world.log->admin().delete_records({{{"in", Partition(0)}, Offset(5)}}).take().value();
  world.run();
  ASSERT_FALSE(world.thread().dead());
  EXPECT_EQ(world.stored("k"), 4);
  EXPECT_EQ(world.committed_offset("in"), 6);
  EXPECT_EQ(records_lost(world), 2);
  EXPECT_EQ(world.backends.destroyed, 0) << "its state is in order";
}

TEST(Restore, RefusesARepartitionTopicWithoutWhatWasNotProcessed) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by([](const Text& v) { return v; }, {.name = "g"})
      .count({.store_name = "counts"})
      .to_stream()
      .to("out");
  World world(builder.build());
  world.start();
  world.produce("in", "k", "word");
  world.run();
  world.stop();
  for (int i = 0; i < 2; ++i) world.produce("app-g-repartition", "k", "word");
  world.log->admin().delete_records({{{"app-g-repartition", Partition(0)}, Offset(2)}}).take().value();
  world.start();
  world.run();
  ASSERT_TRUE(world.thread().dead());
  EXPECT_EQ(world.thread().failure()->code(), ErrorCode::OffsetOutOfRange);
}

TEST(Restore, TakesOffsetsThatOtherToolsCommitted) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").to("out");
  World world(builder.build());
  for (const char* value : {"0", "1", "2"}) world.produce("in", "k", value);
  world.commit_offset("in", 2);
  world.start();
  world.run();
  EXPECT_THAT(world.texts("out"), ElementsAre("k=2"));
}

TEST(Restore, TriesAgainWhenTheLogDoesNotAnswer) {
  World world(counting());
  world.produce("in", "k", "v");
  world.faulty->spoil_questions(2);
  world.start();
  for (int i = 0; i < 3; ++i) world.run_with_retries();
  EXPECT_EQ(world.stored("k"), 1);
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1"));
}

TEST(Members, ReplacedByOneOfTheSameNameAreFencedAndJoinAgain) {
  World world(counting());
  world.start();
  feed(world, 1);
  // A second writer under the same id, as a zombie's successor would open it.
  auto usurper = world.log->open_writer("app-1", {});
  usurper.reset();
  for (int i = 0; i < 3; ++i) {
    world.produce("in", "k", "v");
    world.run_with_retries();
  }
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1", "k=2", "k=3", "k=4"));
  EXPECT_EQ(world.stored("k"), 4);
  EXPECT_THAT(world.logger.text, HasSubstr("MR-0507"));
}

TEST(Members, ShareTheTasksAndHandThemOver) {
  World world(counting(), {}, 4);
  world.start(1);
  for (int p = 0; p < 4; ++p) world.produce("in", "k" + std::to_string(p), "v", {}, p);
  world.run();
  world.start(2);
  world.run();
  EXPECT_EQ(world.thread(1).status().running.size(), 2U);
  EXPECT_EQ(world.thread(2).status().running.size(), 2U);
  for (int p = 0; p < 4; ++p) world.produce("in", "k" + std::to_string(p), "v", {}, p);
  world.run();
  world.stop(1);
  world.run();
  EXPECT_EQ(world.thread(2).status().running.size(), 4U);
  for (int p = 0; p < 4; ++p) {
    world.produce("in", "k" + std::to_string(p), "v", {}, p);
    world.run();
    EXPECT_EQ(world.stored("k" + std::to_string(p), p, 2), 3);
  }
  EXPECT_EQ(world.numbers("out").size(), 12U);
}

TEST(Members, HandTasksOverWhileInputKeepsComing) {
  World world(counting(), {}, 2);
  world.start(1);
  world.run();
  int sent = 0;
  for (int p = 0; p < 2; ++p, ++sent) world.produce("in", "k", "v", {}, p);
  world.run(false);
  world.start(2);  // at this moment the first thread has something to commit
  for (int i = 0; i < 200; ++i) {
    // Before every step of the first thread there is something new for each of its tasks.
    for (int p = 0; p < 2; ++p, ++sent) world.produce("in", "k", "v", {}, p);
    world.thread(1).step();
    world.thread(2).request_commit();
    world.thread(2).step();
  }
  bool handed_over = world.stored("k", 0, 2) >= 0 || world.stored("k", 1, 2) >= 0;
  EXPECT_TRUE(handed_over);
  world.run();
  EXPECT_EQ(world.numbers("out").size(), static_cast<std::size_t>(sent));
}

TEST(Threads, SayWhatTheyAreDoing) {
  World world(counting(), {}, 2);
  StreamThread& thread = world.start();
  world.run();
  EXPECT_EQ(thread.status().state, ThreadState::Running);
  EXPECT_THAT(thread.status().running,
              ElementsAre(TaskId{SubtopologyId(0), Partition(0)}, TaskId{SubtopologyId(0), Partition(1)}));
  feed(world, 3);
  EXPECT_EQ(thread.status().processed_records, 3U);
  EXPECT_EQ(thread.status().lag_records, 0);
  EXPECT_TRUE(thread.quiescent());
  world.stop();
  EXPECT_EQ(thread.status().state, ThreadState::Dead);
  EXPECT_EQ(to_string(thread.status().state), "dead");
  EXPECT_FALSE(thread.status().failure.has_value());
}

}  // namespace
}  // namespace millrace
