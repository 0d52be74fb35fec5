// What happens while a commit is in flight: processing goes on, and its outcome is that of the commits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A thread with a commit of one record in flight.
class ProcessingAhead : public ::testing::Test {
 protected:
  explicit ProcessingAhead(Topology topology = counting(), StreamsConfig config = {})
      : world(std::move(topology), std::move(config)) {
    world.start();
    world.run();
    world.faulty->hold_commit();
    world.produce("in", "k", "v");
    world.run();
    EXPECT_TRUE(world.faulty->holds_a_commit());
  }
  World world;
};

TEST_F(ProcessingAhead, GoesOnWhileACommitIsInFlight) {
  world.produce("in", "k", "v");
  world.produce("in", "other", "v");
  world.run();
  EXPECT_EQ(world.stored("k"), 2);
  EXPECT_EQ(world.stored("other"), 1);
  EXPECT_THAT(world.numbers("out"), IsEmpty());
  world.faulty->answer_held();
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1")) << "the commit held what was processed before it, no more";
  EXPECT_EQ(world.committed_offset("in"), 1);
  world.run();
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1", "k=2", "other=1"));
  EXPECT_EQ(world.committed_offset("in"), 3);
  world.crash();
  world.start();
  world.run();
  EXPECT_EQ(world.stored("k"), 2);
  EXPECT_EQ(world.stored("other"), 1);
}

TEST_F(ProcessingAhead, BeginsWithTheFirstCommitAfterAStart) {
  // A thread that commits in the turn in which its tasks are restored, and again whenever a commit has ended.
  world.faulty->answer_held();
  world.run();
  world.crash();
  world.config.commit_interval = milliseconds(0);
  world.produce("in", "k", "v");
  world.faulty->hold_commit();
  world.start();
  world.run();
  ASSERT_TRUE(world.faulty->holds_a_commit());
  EXPECT_EQ(world.thread().state(), ThreadState::Running);
  world.produce("in", "k", "v");
  world.run();
  EXPECT_EQ(world.stored("k"), 3);
}

TEST_F(ProcessingAhead, BeginsNoSecondCommit) {
  const int commits = world.faulty->commits();
  world.produce("in", "k", "v");
  world.clock.advance(world.config.commit_interval * 3);
  world.run();
  EXPECT_EQ(world.faulty->commits(), commits);
}

TEST_F(ProcessingAhead, IsLostWithACrash) {
  world.produce("in", "k", "v");
  world.run();
  world.faulty->answer_held();
  world.crash();
  world.start();
  world.run();
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1", "k=2"));
  EXPECT_EQ(world.stored("k"), 2);
}

TEST_F(ProcessingAhead, EndsInOrderWhenTheThreadIsStopped) {
  world.produce("in", "k", "v");
  world.run();
  world.thread().request_stop();
  world.run();
  EXPECT_FALSE(world.thread().dead()) << "the commit is not answered yet";
  world.faulty->answer_held();
  world.stop();
  EXPECT_FALSE(world.thread().failure().has_value());
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1", "k=2"));
  EXPECT_EQ(world.committed_offset("in"), 2);
}

struct Outcome {
  const char* name;
  ErrorCode code;
  bool written;
};

class ProcessingAheadOfAFailure : public ProcessingAhead, public ::testing::WithParamInterface<Outcome> {};

TEST_P(ProcessingAheadOfAFailure, IsDoneAgainOnce) {
  world.produce("in", "k", "v");
  world.run();
  world.faulty->fail_held(Error(GetParam().code, "the test failed this commit"), GetParam().written);
  world.run_with_retries();
  EXPECT_FALSE(world.thread().failure().has_value());
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1", "k=2"));
  EXPECT_THAT(world.numbers("app-counts-changelog"), ElementsAre("k=1", "k=2"));
  EXPECT_EQ(world.stored("k"), 2);
  EXPECT_EQ(world.committed_offset("in"), 2);
}

INSTANTIATE_TEST_SUITE_P(All, ProcessingAheadOfAFailure,
                         ::testing::Values(Outcome{"Aborted", ErrorCode::TransactionAborted, false},
                                           Outcome{"Fenced", ErrorCode::MemberFenced, false},
                                           Outcome{"UnknownAndLost", ErrorCode::CommitUnknown, false},
                                           Outcome{"UnknownAndWritten", ErrorCode::CommitUnknown, true},
                                           Outcome{"UnavailableAndWritten", ErrorCode::LogUnavailable, true}),
                         [](const auto& outcome) { return std::string(outcome.param.name); });

/// Throws at the value "bad"; counts its calls for it.
Topology choosy(int& met) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .map_values([&met](const Text& value) {
        if (value == "bad") {
          ++met;
          throw std::runtime_error("boom");
        }
        return value;
      })
      .to("out");
  return builder.build();
}

class ProcessingAheadToABadRecord : public ProcessingAhead {
 protected:
  ProcessingAheadToABadRecord() : ProcessingAhead(choosy(met)) {
    world.produce("in", "k", "good");
    world.produce("in", "k", "bad");
    world.run();
  }
  static int met;
  void SetUp() override { EXPECT_EQ(met, 1); }
  void TearDown() override { met = 0; }
};
int ProcessingAheadToABadRecord::met = 0;

TEST_F(ProcessingAheadToABadRecord, FailsWhenTheCommitHasEnded) {
  EXPECT_FALSE(world.thread().failure().has_value()) << "the commit in flight still needs the task";
  world.faulty->answer_held();
  world.run();
  ASSERT_TRUE(world.thread().dead());
  EXPECT_THAT(world.thread().failure()->to_string(), HasSubstr("in[0]@2"));
  EXPECT_EQ(met, 1) << "user code does not meet the record twice";
  EXPECT_THAT(world.texts("out"), ElementsAre("k=v", "k=good"));
  EXPECT_EQ(world.committed_offset("in"), 2);
}

TEST_F(ProcessingAheadToABadRecord, MeetsItAgainIfTheCommitWasAborted) {
  world.faulty->fail_held(Error(ErrorCode::TransactionAborted, "the test failed this commit"), false);
  world.run_with_retries();
  ASSERT_TRUE(world.thread().dead());
  EXPECT_THAT(world.thread().failure()->to_string(), HasSubstr("in[0]@2"));
  EXPECT_EQ(met, 2);
  EXPECT_THAT(world.texts("out"), ElementsAre("k=v", "k=good"));
}

TEST(ProcessingAheadLimits, StopsWhenTheBufferIsFull) {
  StreamsConfig config;
  config.transaction_buffer_max_bytes = 4096;
  World world(counting(), config);
  world.start();
  world.run();
  world.faulty->hold_commit();
  for (int i = 0; i < 200; ++i) world.produce("in", "key" + std::to_string(i), "v");
  world.run();
  ASSERT_TRUE(world.faulty->holds_a_commit());
  EXPECT_GT(world.thread().status().lag_records, 100) << "frozen and open writes share one cap";
  world.faulty->answer_held();
  world.run();
  EXPECT_EQ(world.committed_offset("in"), 200);
  EXPECT_EQ(world.numbers("out").size(), 200U);
}

TEST(ProcessingAheadSwitchedOff, NothingIsProcessedWhileACommitIsInFlight) {
  StreamsConfig config;
  config.process_ahead = false;
  World world(counting(), config);
  world.start();
  world.run();
  world.faulty->hold_commit();
  world.produce("in", "k", "v");
  world.run();
  ASSERT_TRUE(world.faulty->holds_a_commit());
  world.produce("in", "k", "v");
  world.run();
  EXPECT_EQ(world.thread().status().lag_records, 1);
  world.faulty->answer_held();
  world.run();
  EXPECT_EQ(world.numbers("out").size(), 2U);
}

}  // namespace
}  // namespace millrace
