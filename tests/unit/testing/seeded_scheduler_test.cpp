// What the scheduler and the parts of a simulation promise.
#include <millrace/testing/seeded_scheduler.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/testing/durable_memory_state.hpp>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The order in which the work of two lanes is done.
std::string order(std::uint64_t seed) {
  SeededScheduler scheduler(seed);
  auto a = scheduler.new_lane("a");
  auto b = scheduler.new_lane("b");
  std::string done;
  for (char i = '1'; i <= '6'; ++i) {
    a->post([&done, i] { (done += 'a') += i; });
    b->post([&done, i] { (done += 'b') += i; });
  }
  while (!a->empty() || !b->empty()) scheduler.pick();
  return done;
}

TEST(SeededRandom, DrawsTheSameForTheSameSeed) {
  SeededRandom one(7);
  SeededRandom other(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(one.next(), other.next());
  // As published for SplitMix64: the same with every compiler.
  EXPECT_EQ(SeededRandom(1234567).next(), 6457827717110365317U);
}

TEST(SeededRandom, DrawsNothingForAFaultThatIsOff) {
  SeededRandom one(7);
  SeededRandom other(7);
  EXPECT_FALSE(one.chance(0));
  EXPECT_EQ(one.next(), other.next());
}

TEST(SeededScheduler, OrdersTheSameForTheSameSeed) { EXPECT_EQ(order(3), order(3)); }

TEST(SeededScheduler, OrdersOtherwiseForAnotherSeed) { EXPECT_NE(order(3), order(4)); }

TEST(SeededScheduler, KeepsTheOrderWithinALane) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::string only_a;
    std::string all = order(seed);
    for (std::size_t i = 0; i < all.size(); i += 2) {
      if (all[i] == 'a') only_a += all[i + 1];
    }
    EXPECT_EQ(only_a, "123456");
  }
}

TEST(SeededScheduler, RunsWorkNotBeforeItIsDue) {
  SeededScheduler scheduler(1);
  auto lane = scheduler.new_lane("slow");
  SteadyTime ran{};
  lane->post_after(milliseconds(70), [&] { ran = scheduler.clock().steady_now(); });
  while (!lane->empty()) scheduler.pick();
  EXPECT_GE(ran, SteadyTime(milliseconds(70)));
  EXPECT_LT(ran, SteadyTime(milliseconds(80)));
}

TEST(SeededScheduler, DropsTheWorkOfTheDead) {
  SeededScheduler scheduler(1);
  auto lane = scheduler.new_lane("a");
  bool ran = false;
  lane->post([&] { ran = true; });
  scheduler.drop_work();
  for (int i = 0; i < 10; ++i) scheduler.pick();
  EXPECT_FALSE(ran);
}

TEST(SeededScheduler, TakesActionsAsOftenAsTheyWeigh) {
  SeededScheduler scheduler(1);
  int often = 0;
  int seldom = 0;
  scheduler.set_action("often", 90, [&] { ++often; });
  scheduler.set_action("seldom", 10, [&] { ++seldom; });
  for (int i = 0; i < 1000; ++i) scheduler.pick();
  EXPECT_GT(often, 5 * seldom);
  EXPECT_GT(seldom, 0);
  scheduler.set_action("often", 0, nullptr);
  const int before = often;
  for (int i = 0; i < 100; ++i) scheduler.pick();
  EXPECT_EQ(often, before);
}

TEST(EventTrace, HasTheLastLinesAndAHashOfAll) {
  EventTrace trace(2);
  for (const char* line : {"one", "two", "three"}) trace.add(line);
  EXPECT_THAT(trace.last(), ElementsAre("two", "three"));
  EXPECT_EQ(trace.lines(), 3U);
  EventTrace other(2);
  for (const char* line : {"zero", "two", "three"}) other.add(line);
  EXPECT_NE(trace.hash(), other.hash());
}

TaskChanges change(const std::string& value, std::int64_t next) {
  TaskChanges changes;
  changes.stores.push_back({"s", {{"k", BytesView(value)}}, ChangelogStamp{"topic", Offset(next)}});
  return changes;
}

TEST(DurableMemoryState, KeepsWhatWasAppliedWhenItsBackendGoes) {
  DurableMemoryState disk;
  const std::string value = "v1";
  {
    auto backend = disk.open("0_0", {"s"}).value();
    ASSERT_TRUE(backend->apply(change(value, 5)));
  }
  auto backend = disk.open("0_0", {"s"}).value();
  Bytes found;
  EXPECT_TRUE(*backend->store("s").get("k", found));
  EXPECT_EQ(found, "v1");
  EXPECT_EQ(backend->stamp("s")->next, Offset(5));
}

TEST(DurableMemoryState, IsOpenOnceAtATime) {
  DurableMemoryState disk;
  auto backend = disk.open("0_0", {"s"}).value();
  EXPECT_EQ(disk.open("0_0", {"s"}).error().code(), ErrorCode::StateDirectoryUnusable);
  EXPECT_EQ(disk.destroy("0_0").error().code(), ErrorCode::StateDirectoryUnusable);
}

TEST(DurableMemoryState, LosesWholeChangesWithThePower) {
  DurableMemoryState disk;
  const std::vector<std::string> values = {"v1", "v2", "v3"};
  {
    auto backend = disk.open("0_0", {"s"}).value();
    std::int64_t next = 0;
    for (const std::string& value : values) ASSERT_TRUE(backend->apply(change(value, ++next)));
  }
  disk.lose_last(2);
  auto left = disk.contents("0_0").at("s");
  EXPECT_EQ(left.entries->at("k"), "v1");
  EXPECT_EQ(left.stamp.next, Offset(1));
}

TEST(DurableMemoryState, ForgetsWhatIsDestroyedAndStoresThatAreGone) {
  DurableMemoryState disk;
  { auto backend = disk.open("0_0", {"s", "t"}).value(); }
  EXPECT_THAT(disk.contents("0_0"), SizeIs(2));
  { auto backend = disk.open("0_0", {"s"}).value(); }
  EXPECT_THAT(disk.contents("0_0"), SizeIs(1));
  ASSERT_TRUE(disk.destroy("0_0"));
  EXPECT_THAT(disk.contents("0_0"), IsEmpty());
}

}  // namespace
}  // namespace millrace
