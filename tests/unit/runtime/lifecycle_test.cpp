// The states of threads and tasks: which may follow which, and what listeners are told.
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class State>
std::string allowed(State last) {
  std::string text;
  for (int from = 0; from <= static_cast<int>(last); ++from) {
    text += std::string(to_string(static_cast<State>(from))) + ":";
    for (int to = 0; to <= static_cast<int>(last); ++to) {
      if (may_follow(static_cast<State>(from), static_cast<State>(to)))
        text += " " + std::string(to_string(static_cast<State>(to)));
    }
    text += "\n";
  }
  return text;
}

TEST(ThreadLifecycle, FollowsTheTable) {
  EXPECT_EQ(allowed(ThreadState::Dead),
            "created: starting pending_shutdown\n"
            "starting: partitions_revoked partitions_assigned running pending_shutdown\n"
            "partitions_revoked: partitions_assigned running pending_shutdown\n"
            "partitions_assigned: partitions_revoked running pending_shutdown\n"
            "running: partitions_revoked partitions_assigned pending_shutdown\n"
            "pending_shutdown: dead\n"
            "dead:\n");
}

TEST(TaskLifecycles, FollowTheTable) {
  EXPECT_EQ(allowed(TaskState::Closed),
            "created: restoring suspended\n"
            "restoring: running suspended\n"
            "running: suspended\n"
            "suspended: closed\n"
            "closed: created\n");
}

/// Writes down what it is told, and checks that one state follows the other.
class Told final : public StateRestoreListener {
 public:
  explicit Told(World& world) {
    world.listeners.thread_state = [this](const std::string& thread, ThreadState now, ThreadState before) {
      EXPECT_TRUE(may_follow(before, now));
      auto [at, fresh] = thread_states_.try_emplace(thread, ThreadState::Created);
      EXPECT_EQ(at->second, before);
      at->second = now;
      threads[thread] += std::string(to_string(now)) + "\n";
    };
    world.listeners.task_state = [this](const std::string& thread, TaskId task, TaskState now, TaskState before) {
      EXPECT_TRUE(may_follow(before, now));
      if (now == TaskState::Restoring) {
        EXPECT_TRUE(owner.try_emplace(task, thread).second) << to_string(task) << " has two owners";
      } else if (now == TaskState::Closed) {
        EXPECT_EQ(owner[task], thread);
        owner.erase(task);
      }
      tasks += thread + " " + to_string(task) + " " + std::string(to_string(now)) + "\n";
    };
    world.listeners.restore = std::shared_ptr<StateRestoreListener>(this, [](auto*) {});
  }
  void on_restore_start(const TopicPartition& changelog, const std::string& store, Offset start, Offset end) override {
    restores.push_back(to_string(changelog) + " " + store + " start " + std::to_string(start.value()) + " to " +
                       std::to_string(end.value()));
  }
  void on_batch_restored(const TopicPartition&, const std::string& store, Offset next, std::int64_t count) override {
    restores.push_back(store + " batch of " + std::to_string(count) + " to " + std::to_string(next.value()));
  }
  void on_restore_end(const TopicPartition&, const std::string& store, std::int64_t total) override {
    restores.push_back(store + " end " + std::to_string(total));
  }
  void on_restore_suspended(const TopicPartition&, const std::string& store, std::int64_t total) override {
    restores.push_back(store + " suspended " + std::to_string(total));
  }
  std::map<std::string, std::string> threads;
  std::string tasks;
  std::vector<std::string> restores;
  std::map<TaskId, std::string> owner;

 private:
  std::map<std::string, ThreadState> thread_states_;
};

TEST(Listeners, AreToldTheLifeOfAThreadAndItsTask) {
  World world(counting());
  Told told(world);
  world.start();
  world.run();
  world.produce("in", "k", "v");
  world.run();
  world.stop();
  EXPECT_EQ(told.threads["app-1"], "starting\npartitions_assigned\nrunning\npending_shutdown\ndead\n");
  EXPECT_EQ(told.tasks,
            "app-1 0_0 created\napp-1 0_0 restoring\napp-1 0_0 running\napp-1 0_0 suspended\napp-1 0_0 closed\n");
}

TEST(Listeners, AreToldOfATaskThatMoves) {
  World world(counting(), {}, 2);
  Told told(world);
  world.start(1);
  world.run();
  EXPECT_EQ(told.owner.size(), 2U);
  told.threads.clear();
  world.produce("in", "k", "v", at(1), 1);
  world.run(false);  // a commit has to come before the task may go
  world.start(2);
  world.run();
  EXPECT_EQ(told.threads["app-1"], "partitions_revoked\nrunning\n");
  EXPECT_EQ(told.threads["app-2"], "starting\nrunning\npartitions_assigned\nrunning\n");
  ASSERT_EQ(told.owner.size(), 2U);
  EXPECT_NE(told.owner.begin()->second, told.owner.rbegin()->second);
  EXPECT_EQ(world.numbers("out"), std::vector<std::string>{"k=1"});
}

TEST(Listeners, AreToldHowStoresAreRestored) {
  World world(counting());
  world.start();
  world.run();
  for (int i = 0; i < 3; ++i) world.produce("in", "k", "v");
  world.run();
  world.stop();
  world.backends.take();  // the disk is gone
  Told told(world);
  world.start();
  world.run();
  EXPECT_THAT(told.restores,
              ElementsAre("app-counts-changelog[0] counts start 0 to 3", "counts batch of 3 to 3", "counts end 3"));
  EXPECT_EQ(world.stored("k"), 3);
}

TEST(Listeners, AreToldOfARestoreThatIsGivenUp) {
  World world(counting());
  world.start();
  world.run();
  // More than one batch.
  for (char c = 'a'; c < 'g'; ++c) world.produce("in", std::string(900'000, c), "v");
  world.run();
  world.stop();
  world.backends.take();
  Told told(world);
  StreamThread& thread = world.start();
  while (told.restores.size() < 2) thread.step();
  EXPECT_THAT(told.restores[1], HasSubstr("counts batch of "));
  world.stop();
  ASSERT_EQ(told.restores.size(), 3U);
  EXPECT_THAT(told.restores[2], HasSubstr("counts suspended "));
  EXPECT_TRUE(told.owner.empty());
}

TEST(Listeners, ThatThrowHaveNoEffect) {
  World world(counting());
  world.listeners.thread_state = [](const std::string&, ThreadState, ThreadState) { throw std::runtime_error("oops"); };
  world.listeners.task_state = [](const std::string&, TaskId, TaskState, TaskState) { throw 7; };
  world.start();
  world.run();
  world.produce("in", "k", "v");
  world.run();
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1"));
  EXPECT_THAT(world.logger.text, HasSubstr("app-1 listener: the thread state listener threw: oops"));
  EXPECT_THAT(world.logger.text, HasSubstr("the task state listener threw something"));
}

}  // namespace
}  // namespace millrace
