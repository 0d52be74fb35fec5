// A disk that is full, as stream threads meet it: a commit that waits, and a state that cannot be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace::runtime_test {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Error kLogFull(ErrorCode::LogFull, "/log: No space left on device: 7 bytes are free");
const Error kStateFull(ErrorCode::StateFull, "/state: No space left on device: 7 bytes are free");

int lines_with(const std::string& text, const std::string& part) {
  int count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// A commit is in flight, and waits.
class WaitingCommit : public ::testing::Test {
 protected:
  WaitingCommit() {
    world_.start();
    world_.run();
    world_.faulty->hold_commit();
    world_.faulty->obstacle_error = kLogFull;
    world_.produce("in", "k", "v");
    world_.run();
  }
  void wait(milliseconds time) {
    world_.clock.advance(time);
    for (int i = 0; i < 10; ++i) world_.thread().step();
  }
  World world_{counting()};
};

TEST_F(WaitingCommit, IsNotOverdueAndWhatComesMeanwhileIsProcessedAhead) {
  ASSERT_TRUE(world_.faulty->holds_a_commit());
  wait(3 * world_.config.commit_timeout);
  EXPECT_FALSE(world_.thread().dead());
  world_.produce("in", "k", "v");
  wait(seconds(1));
  EXPECT_EQ(world_.thread().status().processed_records, 2U);
  EXPECT_EQ(world_.thread().status().commits, 0U);
  world_.faulty->obstacle_error.reset();
  world_.faulty->answer_held();
  world_.run();
  EXPECT_THAT(world_.numbers("out"), ElementsAre("k=1", "k=2"));
  EXPECT_EQ(world_.committed_offset("in"), 2);
}

TEST_F(WaitingCommit, IsOverdueOnceNothingIsInItsWayAndItIsNotAnswered) {
  wait(3 * world_.config.commit_timeout);
  world_.faulty->obstacle_error.reset();
  wait(world_.config.commit_timeout - milliseconds(1));
  EXPECT_FALSE(world_.thread().dead());
  wait(milliseconds(2));
  ASSERT_TRUE(world_.thread().dead());
  EXPECT_EQ(world_.thread().failure()->code(), ErrorCode::CommitTimedOut);
}

TEST_F(WaitingCommit, IsGivenUpShortlyBeforeAStopHasToBeOver) {
  world_.thread().request_stop();
  wait(milliseconds(0));
  wait(world_.config.shutdown_timeout - milliseconds(501));
  EXPECT_FALSE(world_.thread().dead());
  wait(milliseconds(2));
  ASSERT_TRUE(world_.thread().dead());
  ASSERT_TRUE(world_.thread().failure().has_value());
  EXPECT_EQ(world_.thread().failure()->code(), ErrorCode::LogFull);
  EXPECT_THAT(world_.thread().failure()->message(), HasSubstr("stopped while a commit waited: /log: No space left"));
  // Nothing is lost, and nothing is there twice.
  world_.faulty->obstacle_error.reset();
  world_.start();
  world_.run();
  EXPECT_THAT(world_.numbers("out"), ElementsAre("k=1"));
}

TEST_F(WaitingCommit, ThatFindsRoomWhileTheApplicationStopsEndsItInOrder) {
  world_.thread().request_stop();
  wait(seconds(2));
  world_.faulty->obstacle_error.reset();
  world_.faulty->answer_held();
  wait(milliseconds(0));
  ASSERT_TRUE(world_.thread().dead());
  EXPECT_FALSE(world_.thread().failure().has_value());
  EXPECT_THAT(world_.numbers("out"), ElementsAre("k=1"));
}

TEST(FullState, IsTriedAgainUntilThereIsRoomAndToldOfOnce) {
  World world(counting());
  world.start();
  world.run();
  world.backends.every_apply = kStateFull;
  world.produce("in", "k", "v");
  for (int i = 0; i < 60; ++i) {
    world.run();
    world.clock.advance(seconds(1));
  }
  EXPECT_FALSE(world.thread().dead());
  ASSERT_TRUE(world.thread().status().retrying.has_value());
  EXPECT_EQ(world.thread().status().retrying->code(), ErrorCode::StateFull);
  EXPECT_EQ(lines_with(world.logger.text, "MR-0412"), 1) << world.logger.text;
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1")) << "the log has it";
  world.backends.every_apply.reset();
  world.run();
  world.produce("in", "k", "v");
  world.run();
  EXPECT_FALSE(world.thread().status().retrying.has_value());
  EXPECT_EQ(world.stored("k"), 2);
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1", "k=2"));
}

TEST(FullState, ThatComesBackAtOnceIsToldOfOnceAndItsEndWhenItLasts) {
  World world(counting());
  world.start();
  world.run();
  for (int i = 0; i < 20; ++i) {
    world.backends.next_apply = kStateFull;
    world.produce("in", "k", "v");
    world.run();
    world.clock.advance(seconds(1));
    world.run();
    world.clock.advance(seconds(1));
  }
  EXPECT_EQ(lines_with(world.logger.text, "MR-0412"), 1) << world.logger.text;
  EXPECT_THAT(world.logger.text, ::testing::Not(HasSubstr("is over")));
  for (int i = 0; i < 8; ++i) {
    world.run();
    world.clock.advance(seconds(1));
  }
  EXPECT_EQ(lines_with(world.logger.text, "MR-0412 StateFull is over"), 1) << world.logger.text;
  EXPECT_EQ(world.stored("k"), 20);
  // The next one is another one.
  world.backends.next_apply = kStateFull;
  world.produce("in", "k", "v");
  world.run();
  EXPECT_EQ(lines_with(world.logger.text, "/state: No space left"), 2) << world.logger.text;
}

}  // namespace
}  // namespace millrace::runtime_test
