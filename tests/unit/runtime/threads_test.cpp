// Several stream threads over one log: tasks move between them, and nothing is lost, doubled or reordered.
#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kPartitions = 16;

/// One branch without state, one that counts by key, one that counts by value behind a repartition topic.
Topology three_branches() {
  StreamsBuilder builder;
  auto in = builder.stream<Text, Text>("in");
  in.map_values([](const Text& value) { return value + "!"; }).to("stateless");
  in.group_by_key().count({.store_name = "by-key"}).to_stream().to("by-key-out");
  in.group_by([](const Text& value) { return value.substr(0, 1); })
      .count({.store_name = "by-value"})
      .to_stream()
      .to("by-value-out");
  return builder.build();
}

/// All that comes out of `count` inputs, with `each` called before each of them.
class Flow {
 public:
  explicit Flow(StreamsConfig config = {}) : world(three_branches(), std::move(config), kPartitions) {}

  void feed(int count, const std::function<void(int)>& each) {
    for (int i = 0; i < count; ++i) {
      each(i);
      const int partition = i * 7 % kPartitions;
      const std::string key = "k" + std::to_string(partition) + "." + std::to_string(i % 3);
      world.produce("in", key, std::string(1, static_cast<char>('a' + i % 5)) + std::to_string(i), at(i), partition);
      if (i % 4 == 3) world.run(i % 8 == 7);
    }
    world.run();
  }
  void expect_no_failure() {
    for (auto& [index, thread] : world.threads) {
      EXPECT_FALSE(thread->failure().has_value()) << thread->failure()->to_string();
    }
  }

  World world;
};

/// What does not depend on the number of threads: the records of each key, in order.
struct Outcome {
  std::vector<std::string> stateless, by_key, by_value, by_key_fold, by_value_fold;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::vector<std::string> fold(const std::vector<std::string>& changelog) {
  std::map<std::string, std::string> last;
  for (const std::string& entry : changelog) last[entry.substr(0, entry.find('='))] = entry;
  std::vector<std::string> entries;
  for (const auto& [key, entry] : last) entries.push_back(entry);
  return entries;
}

std::vector<std::string> by_key(std::vector<std::string> entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const std::string& a, const std::string& b) {
    return a.substr(0, a.find('=')) < b.substr(0, b.find('='));
  });
  return entries;
}

Outcome outcome(World& world) {
  return {by_key(world.texts("stateless")), by_key(world.numbers("by-key-out")), by_key(world.numbers("by-value-out")),
          fold(world.numbers("app-by-key-changelog")), fold(world.numbers("app-by-value-changelog"))};
}

Outcome of_one_thread(int count) {
  Flow flow;
  flow.world.start(1);
  flow.feed(count, [](int) {});
  return outcome(flow.world);
}

TEST(Threads, FourGiveTheResultsOfOne) {
  Flow four;
  for (int i = 1; i <= 4; ++i) four.world.start(i);
  four.feed(1000, [](int) {});
  four.expect_no_failure();
  for (auto& [index, thread] : four.world.threads) {
    const ThreadStatus status = thread->status();
    EXPECT_EQ(status.running.size(), 8U) << status.name;
    EXPECT_GT(status.processed_records, 0U) << status.name;
  }
  const Outcome expected = of_one_thread(1000);
  EXPECT_EQ(expected.stateless.size(), 1000U);
  EXPECT_EQ(outcome(four.world), expected);
}

TEST(Threads, ThatComeAndGoGiveTheResultsOfOne) {
  const Outcome expected = of_one_thread(600);
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Flow flow;
    flow.world.start(1);
    int next = 2;
    flow.feed(600, [&](int) {
      const auto chance = random() % 40;
      auto& threads = flow.world.threads;
      auto any = std::next(threads.begin(), static_cast<std::ptrdiff_t>(random() % threads.size()));
      if (chance == 0) {
        flow.world.start(next++);
      } else if (chance == 1 && threads.size() > 1) {
        flow.world.stop(any->first);
        threads.erase(any);
      } else if (chance == 2 && threads.size() > 1) {
        threads.erase(any);  // killed: what it has not committed is processed by those who get its tasks
      }
    });
    flow.expect_no_failure();
    EXPECT_EQ(outcome(flow.world), expected);
  }
}

TEST(Threads, ACommitInFlightIsNotFencedWhenAnotherThreadComes) {
  World world(counting(), {}, 2);
  world.start(1);
  world.run();
  world.faulty->hold_commit();
  world.produce("in", "k", "v");
  world.run();
  ASSERT_TRUE(world.faulty->holds_a_commit());
  world.start(2);
  world.run();
  EXPECT_THAT(world.thread(2).status().running, IsEmpty()) << "the task may not move before its commit has ended";
  world.faulty->answer_held();
  world.run();
  EXPECT_EQ(world.logger.text.find("MR-0507"), std::string::npos) << world.logger.text;
  EXPECT_EQ(world.thread(1).status().running.size(), 1U);
  EXPECT_EQ(world.thread(2).status().running.size(), 1U);
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1"));
}

TEST(Threads, OpenTheStateOfATaskOneAtATime) {
  std::map<std::filesystem::path, int> open;
  World world(counting(), {}, 8);
  world.backends.on_open = [&](const std::filesystem::path& path) { EXPECT_EQ(++open[path], 1) << path; };
  world.backends.on_close = [&](const std::filesystem::path& path) { --open[path]; };
  for (int i = 1; i <= 3; ++i) {
    world.start(i);
    for (int partition = 0; partition < 8; ++partition) world.produce("in", "k", "v", at(1), partition);
    world.run(i == 2);
  }
  world.stop(2);
  world.run();
  EXPECT_EQ(open.size(), 8U);
  for (const auto& [path, count] : open) EXPECT_EQ(count, 1) << path;
}

TEST(Threads, ShowTheSumOfTheirGauges) {
  StreamsConfig config;
  World world(counting(), config, 2);
  world.start(1);
  world.start(2);
  world.run();
  auto gauge = [&](std::string_view name) {
    double sum = 0;
    for (const auto& family : world.metrics.snapshot()) {
      if (family.info.name != name) continue;
      EXPECT_EQ(family.series.size(), 1U) << name;
      for (const auto& series : family.series) sum += series.value;
    }
    return sum;
  };
  world.produce("in", "k", "v", at(1), 0);
  world.run(false);
  world.clock.advance(milliseconds(1));
  const double one = gauge("streams_transaction_buffer_bytes");
  EXPECT_GT(one, 0);
  world.produce("in", "k", "v", at(1), 1);
  world.run(false);
  EXPECT_EQ(gauge("streams_transaction_buffer_bytes"), 2 * one);
  EXPECT_GT(gauge("streams_outbox_bytes"), 0);
  world.run();
  EXPECT_EQ(gauge("streams_transaction_buffer_bytes"), 0);
  EXPECT_EQ(gauge("streams_outbox_bytes"), 0);
}

TEST(Threads, PutTheirNamesIntoTheLog) {
  World world(counting());
  world.faulty->spoil_commit(2, FaultyLog::Commit::Lost, Error(ErrorCode::TransactionAborted, "by the test"));
  world.start(3);
  world.run();
  world.produce("in", "k", "v");
  world.run_with_retries();
  EXPECT_THAT(world.logger.text, HasSubstr("app-3 thread: MR-0508"));
  EXPECT_THAT(world.numbers("out"), ElementsAre("k=1"));
}

class Paused : public ::testing::Test {
 protected:
  World world{counting(), {}, 2};
};

TEST_F(Paused, NothingIsProcessedUntilItGoesOn) {
  world.start();
  world.run();
  world.produce("in", "a", "v");
  world.run(false);  // processed, not committed
  world.thread().pause();
  world.produce("in", "b", "v");
  world.run();
  EXPECT_THAT(world.numbers("out"), ElementsAre("a=1")) << "what is done is committed, nothing more is done";
  world.thread().resume();
  world.run();
  EXPECT_THAT(world.numbers("out"), ElementsAre("a=1", "b=1"));
}

TEST_F(Paused, NothingIsRestoredUntilItGoesOn) {
  world.start();
  world.thread().pause();
  world.produce("in", "a", "v");
  world.run();
  EXPECT_EQ(world.thread().state(), ThreadState::PartitionsAssigned);
  EXPECT_EQ(world.committed_offset("in"), -1);
  world.thread().resume();
  world.run();
  EXPECT_EQ(world.thread().state(), ThreadState::Running);
  EXPECT_THAT(world.numbers("out"), ElementsAre("a=1"));
}

TEST_F(Paused, TasksStillMove) {
  world.start(1);
  world.run();
  world.thread(1).pause();
  world.start(2);
  world.run();
  EXPECT_EQ(world.thread(1).status().running.size(), 1U);
  EXPECT_EQ(world.thread(2).status().running.size(), 1U);
  world.thread(2).pause();
  world.stop(1);
  world.run();
  world.thread(2).resume();
  world.run();
  EXPECT_EQ(world.thread(2).status().running.size(), 2U);
}

TEST_F(Paused, ItCanBeStopped) {
  world.start();
  world.thread().pause();
  world.run();
  world.stop();
  EXPECT_FALSE(world.thread().failure().has_value());
}

}  // namespace
}  // namespace millrace
