// Commits that fail, at every point: nothing is lost, and under exactly-once nothing is doubled.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Number kRounds = 6;
constexpr Number kPerRound = 5;

/// Feeds the world and says what "out" must hold then.
std::vector<std::string> feed(World& world) {
  std::vector<std::string> expected;
  for (Number round = 0; round < kRounds; ++round) {
    for (Number i = 0; i < kPerRound; ++i) {
      world.produce("in", "k", "v");
      expected.push_back("k=" + std::to_string(round * kPerRound + i + 1));
    }
    world.run_with_retries();
  }
  return expected;
}

struct Failure {
  const char* name;
  ErrorCode code;
  FaultyLog::Commit how;
};
std::ostream& operator<<(std::ostream& out, const Failure& failure) { return out << failure.name; }

class CommitFailure : public ::testing::TestWithParam<std::tuple<Failure, int>> {};

TEST_P(CommitFailure, LosesAndDoublesNothing) {
  auto [failure, nth] = GetParam();
  World world(counting());
  world.faulty->spoil_commit(nth, failure.how, Error(failure.code, "the test spoiled this commit"));
  world.start();
  auto expected = feed(world);
  ASSERT_GE(world.faulty->commits(), nth);
  EXPECT_FALSE(world.thread().failure().has_value()) << world.thread().failure()->to_string();
  EXPECT_EQ(world.numbers("out"), expected);
  EXPECT_EQ(world.numbers("app-counts-changelog"), expected);
  EXPECT_EQ(world.stored("k"), kRounds * kPerRound);
  EXPECT_EQ(world.committed_offset("in"), kRounds * kPerRound);
  // And what is left behind is good for the next run.
  world.crash();
  world.start();
  world.run();
  EXPECT_EQ(world.stored("k"), kRounds * kPerRound);
  EXPECT_EQ(world.numbers("out"), expected);
}

TEST_P(CommitFailure, LosesNothingUnderAtLeastOnce) {
  auto [failure, nth] = GetParam();
  StreamsConfig config;
  config.processing_guarantee = ProcessingGuarantee::AtLeastOnce;
  World world(counting(), config);
  world.faulty->spoil_commit(nth, failure.how, Error(failure.code, "the test spoiled this commit"));
  world.start();
  auto expected = feed(world);
  EXPECT_FALSE(world.thread().failure().has_value()) << world.thread().failure()->to_string();
  EXPECT_EQ(world.committed_offset("in"), kRounds * kPerRound);
  EXPECT_GE(world.stored("k"), kRounds * kPerRound);
  EXPECT_GE(world.numbers("out").size(), expected.size());
}

INSTANTIATE_TEST_SUITE_P(
    All, CommitFailure,
    ::testing::Combine(::testing::Values(Failure{"Aborted", ErrorCode::TransactionAborted, FaultyLog::Commit::Lost},
                                         Failure{"Fenced", ErrorCode::MemberFenced, FaultyLog::Commit::Lost},
                                         Failure{"Unavailable", ErrorCode::LogUnavailable, FaultyLog::Commit::Lost},
                                         Failure{"UnknownAndLost", ErrorCode::CommitUnknown, FaultyLog::Commit::Lost},
                                         Failure{"UnknownAndWritten", ErrorCode::CommitUnknown,
                                                 FaultyLog::Commit::WrittenUnanswered},
                                         Failure{"UnavailableAndWritten", ErrorCode::LogUnavailable,
                                                 FaultyLog::Commit::WrittenUnanswered}),
                       ::testing::Values(1, 2, 3, 5)),
    [](const auto& parameter) {
      return std::string(std::get<0>(parameter.param).name) + "Nr" + std::to_string(std::get<1>(parameter.param));
    });

TEST(Commit, ThatIsNeverAnsweredEndsTheThread) {
  World world(counting());
  world.start();
  world.run();
  world.faulty->spoil_commit(1, FaultyLog::Commit::NeverAnswered, Error(ErrorCode::LogUnavailable, "unused"));
  world.produce("in", "k", "v");
  world.run();
  EXPECT_FALSE(world.thread().dead());
  world.clock.advance(world.config.commit_timeout + milliseconds(1));
  for (int i = 0; i < 10; ++i) world.thread().step();
  ASSERT_TRUE(world.thread().dead());
  ASSERT_TRUE(world.thread().failure().has_value());
  EXPECT_EQ(world.thread().failure()->code(), ErrorCode::CommitTimedOut);
  EXPECT_THAT(world.thread().failure()->to_string(), HasSubstr("MR-0604"));
  // The next run settles it.
  world.start();
  world.run();
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1"));
}

TEST(Commit, ThatIsNeverAnsweredDoesNotKeepAStoppingThread) {
  World world(counting());
  world.start();
  world.run();
  world.faulty->spoil_commit(1, FaultyLog::Commit::NeverAnswered, Error(ErrorCode::LogUnavailable, "unused"));
  world.produce("in", "k", "v");
  world.run(false);
  world.thread().request_stop();
  for (int i = 0; i < 10; ++i) world.thread().step();
  world.clock.advance(world.config.commit_timeout + milliseconds(1));
  for (int i = 0; i < 10; ++i) world.thread().step();
  EXPECT_TRUE(world.thread().dead());
}

TEST(Commit, OfAStoppingThreadThatIsFencedDoesNotBringItBack) {
  for (ErrorCode code : {ErrorCode::MemberFenced, ErrorCode::LogUnavailable, ErrorCode::TransactionAborted}) {
    World world(counting());
    world.start();
    world.run();
    world.produce("in", "k", "v");
    world.run(false);
    world.faulty->spoil_commit(1, FaultyLog::Commit::Lost, Error(code, "spoiled"));
    world.thread().request_stop();
    for (int i = 0; i < 10; ++i) world.thread().step();
    EXPECT_TRUE(world.thread().dead()) << to_string(code);
    EXPECT_THAT(world.numbers("out"), ElementsAre());
    world.start();
    world.run();
    EXPECT_THAT(world.numbers("out"), ElementsAre("k=1"));
  }
}

void expect_a_commit_before_its_time(const StreamsConfig& config) {
  World world(counting(), config);
  world.start();
  world.run(false);
  world.produce("in", "k", "v");
  world.run(false);
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1"));
}

TEST(Commit, ComesEarlyWhenTheOutboxIsFull) {
  StreamsConfig config;
  config.outbox_max_bytes = 1;
  expect_a_commit_before_its_time(config);
}

TEST(Commit, ComesEarlyWhenTheTransactionBufferIsFull) {
  StreamsConfig config;
  config.transaction_buffer_max_bytes = 1;
  expect_a_commit_before_its_time(config);
}

TEST(Commit, WaitsForTheInterval) {
  World world(counting());
  world.start();
  world.run(false);
  world.produce("in", "k", "v");
  world.run(false);
  EXPECT_THAT(world.numbers("out"), ElementsAre());
  EXPECT_EQ(world.committed_offset("in"), 0);
  world.clock.advance(world.config.commit_interval);
  world.run(false);
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1"));
  EXPECT_EQ(world.committed_offset("in"), 1);
}

TEST(Commit, IsAskedForByTheDeadlineThatStepReturns) {
  World world(counting());
  StreamThread& thread = world.start();
  world.run();
  world.produce("in", "k", "v");
  world.run(false);
  EXPECT_EQ(thread.step() - world.clock.steady_now(), world.config.commit_interval);
}

class EagerInit : public Processor<Text, Text, Text, Text> {
 public:
  void init(Context& context) override { context.request_commit(); }
  void process(const Record<Text, Text>& record) override { context().forward(record); }
};

TEST(Commit, AskedForInInitDoesNotStopTheTask) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").process([] { return std::make_unique<EagerInit>(); }).to("out");
  World world(builder.build());
  world.start();
  world.produce("in", "k", "v");
  world.run();
  EXPECT_THAT(world.texts("out"), ElementsAre("k=v"));
}

TEST(Commit, ThatCannotBeAppliedRestoresTheTaskAndDoublesNothing) {
  for (int partitions : {1, 3}) {
    World world(counting(), {}, partitions);
    world.start();
    world.run();
    for (int p = 0; p < partitions; ++p) world.produce("in", "k" + std::to_string(p), "v", {}, p);
    world.backends.next_apply = Error(ErrorCode::StateCorrupted, "the test spoiled the state");
    world.run_with_retries();
    EXPECT_EQ(world.backends.destroyed, 1);
    for (int p = 0; p < partitions; ++p) world.produce("in", "k" + std::to_string(p), "v", {}, p);
    world.run_with_retries();
    std::vector<std::string> expected;
    for (int p = 0; p < partitions; ++p) {
      std::string key = "k" + std::to_string(p);
      expected.insert(expected.end(), {key + "=1", key + "=2"});
      EXPECT_EQ(world.stored(key, p), 2);
    }
    EXPECT_THAT(world.numbers("out"), ::testing::UnorderedElementsAreArray(expected));
    EXPECT_FALSE(world.thread().failure().has_value()) << world.thread().failure()->to_string();
  }
}

TEST(Commit, ThatCannotBeWrittenToTheStateEndsTheThreadAndTheNextRunCatchesUp) {
  World world(counting());
  world.start();
  world.run();
  world.produce("in", "k", "v");
  world.backends.next_apply = Error(ErrorCode::StateWriteFailed, "no space left");
  world.run();
  ASSERT_TRUE(world.thread().dead());
  EXPECT_EQ(world.thread().failure()->code(), ErrorCode::StateWriteFailed);
  EXPECT_THAT(world.thread().failure()->to_string(), HasSubstr("task 0_0"));
  world.start();
  world.run();
  EXPECT_EQ(world.stored("k"), 1);
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1"));
}

}  // namespace
}  // namespace millrace
