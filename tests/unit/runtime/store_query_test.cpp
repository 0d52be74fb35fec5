// Reading stores from outside: what is seen before, between and after commits, and while a task is not there.
#include <millrace/runtime/store_query.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/model/partitioner.hpp>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StoreQueries : public ::testing::Test {
 protected:
  void make(Topology topology, int partitions = 1) {
    world_ = std::make_unique<World>(std::move(topology), StreamsConfig{}, partitions);
    world_->registry = std::make_unique<StoreRegistry>(
        world_->topology, plan_tasks(world_->topology, "app", world_->catalog),
        [](TaskId, const std::string&) { return Error(ErrorCode::StoreNotReady, "the test says so"); });
  }
  World& world() { return *world_; }
  StoreQuery query(StoreQueryOptions options = {}) { return world_->registry->query("counts", options).value(); }

  static Number number(BytesView stored) { return Serde<Number>().deserialize(value_of(stored)).value(); }
  /// -1 if there is none.
  static Number get(const StoreQuery& query, BytesView key) {
    Bytes value;
    return query.get(key, key, value).value() ? number(value) : -1;
  }
  static std::vector<std::string> drain(KeyValueIterator& walk) {
    std::vector<std::string> entries;
    for (; walk.valid(); walk.next()) entries.push_back(Text(walk.key()) + "=" + std::to_string(number(walk.value())));
    return entries;
  }
  std::vector<std::string> walk(const KeyRange& range = {}, StoreQueryOptions options = {}) {
    auto iterator = query(options).range(range).value();
    auto entries = drain(*iterator);
    iterator->status().value();
    return entries;
  }
  /// To the partition where the default partitioner puts it.
  void produce(const std::string& key, int partitions) {
    world().produce("in", key, "v", {}, partition_for_key(key, partitions).value());
  }

 private:
  std::unique_ptr<World> world_;
};

TEST_F(StoreQueries, SeeWhatIsCommittedAndNothingElse) {
  make(counting());
  world().start();
  world().run();
  world().produce("in", "k", "v");
  world().run(false);
  EXPECT_EQ(world().stored("k"), 1);
  EXPECT_EQ(get(query(), "k"), -1);
  EXPECT_THAT(walk(), IsEmpty());
  world().run();
  EXPECT_EQ(get(query(), "k"), 1);
  EXPECT_THAT(walk(), ElementsAre("k=1"));
}

TEST_F(StoreQueries, SeeNothingOfACommitInFlight) {
  make(counting());
  world().start();
  world().run();
  world().produce("in", "k", "v");
  world().faulty->hold_commit();
  world().run();
  ASSERT_TRUE(world().faulty->holds_a_commit());
  EXPECT_EQ(get(query(), "k"), -1);
  world().faulty->answer_held();
  world().run();
  EXPECT_EQ(get(query(), "k"), 1);
}

TEST_F(StoreQueries, SeeNothingOfAnAbortedTransaction) {
  make(counting());
  world().start();
  world().run();
  world().produce("in", "k", "v");
  world().run();
  world().produce("in", "k", "v");
  world().faulty->hold_commit();
  world().run();
  world().faulty->fail_held(Error(ErrorCode::TransactionAborted, "the test aborted it"), false);
  EXPECT_EQ(get(query(), "k"), 1);
  // Taken back, and not yet done again.
  world().thread().step();
  EXPECT_LE(get(query(), "k"), 2);
  world().run();
  EXPECT_EQ(get(query(), "k"), 2);
}

TEST_F(StoreQueries, AskTheTaskOfTheKeyAndMergeWalksOverAllTasks) {
  constexpr int kPartitions = 4;
  make(counting(), kPartitions);
  world().start();
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) produce(key, kPartitions);
  world().run();
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) EXPECT_EQ(get(query(), key), 1);
  EXPECT_EQ(get(query(), "g"), -1);
  EXPECT_THAT(walk(), ElementsAre("a=1", "b=1", "c=1", "d=1", "e=1", "f=1"));
  EXPECT_THAT(walk({"b", "e", KeyOrder::Descending}), ElementsAre("d=1", "c=1", "b=1"));
  EXPECT_EQ(query().approximate_entries().value(), 6U);
}

TEST_F(StoreQueries, AskTheTaskThatTheOptionsName) {
  make(counting(), 2);
  world().start();
  int wrong = 1 - partition_for_key("k", 2).value();
  world().produce("in", "k", "v", {}, wrong);
  world().run();
  EXPECT_EQ(get(query(), "k"), -1);
  EXPECT_EQ(get(query({.ask_every_partition = true}), "k"), 1);
  EXPECT_EQ(get(query({.partition = Partition(wrong)}), "k"), 1);
  EXPECT_EQ(get(query({.partition = Partition(1 - wrong)}), "k"), -1);
  EXPECT_THAT(walk({}, {.partition = Partition(wrong)}), ElementsAre("k=1"));
  EXPECT_THAT(walk({}, {.partition = Partition(1 - wrong)}), IsEmpty());
  EXPECT_EQ(query({.partition = Partition(1 - wrong)}).approximate_entries().value(), 0U);
}

TEST_F(StoreQueries, SayWhichTaskIsNotThere) {
  make(counting());
  StoreQuery before = query();
  Bytes value;
  auto read = before.get("k", "k", value);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::StoreNotReady);
  EXPECT_EQ(read.error().disposition(), Disposition::Retry);
  EXPECT_THAT(read.error().to_string(), AllOf(HasSubstr("task 0_0"), HasSubstr("counts"), HasSubstr("ask again")));
  EXPECT_EQ(before.range({}).error().code(), ErrorCode::StoreNotReady);
  EXPECT_EQ(before.approximate_entries().error().code(), ErrorCode::StoreNotReady);
  world().start();
  world().produce("in", "k", "v");
  world().run();
  EXPECT_EQ(get(before, "k"), 1);
  world().stop();
  EXPECT_EQ(before.get("k", "k", value).error().code(), ErrorCode::StoreNotReady);
  world().start();
  world().run();
  EXPECT_EQ(get(before, "k"), 1);
}

TEST_F(StoreQueries, WalksShowTheStoreAsOfTheirBeginningAndEndWithTheTask) {
  make(counting());
  world().start();
  for (const char* key : {"a", "b", "c"}) world().produce("in", key, "v");
  world().run();
  auto iterator = query().range({}).value();
  auto left_alone = query().range({}).value();
  world().produce("in", "b", "v");
  world().produce("in", "d", "v");
  world().run();
  EXPECT_THAT(drain(*query().range({}).value()), ElementsAre("a=1", "b=2", "c=1", "d=1"));
  iterator->next();
  EXPECT_EQ(iterator->key(), "b");
  world().stop();
  // What was taken stays; more does not come, and not silently.
  ASSERT_TRUE(iterator->valid());
  EXPECT_EQ(number(iterator->value()), 1);
  iterator->next();
  EXPECT_FALSE(iterator->valid());
  EXPECT_EQ(iterator->status().error().code(), ErrorCode::StoreNotReady);
}

TEST_F(StoreQueries, StayUsableWhileTasksChangeHands) {
  constexpr int kPartitions = 2;
  make(counting(), kPartitions);
  StoreQuery counts = query();
  world().start(1);
  for (const char* key : {"a", "b", "c", "d"}) produce(key, kPartitions);
  world().run();
  world().start(2);
  world().run_with_retries();
  EXPECT_FALSE(world().thread(2).status().running.empty());
  for (const char* key : {"a", "b", "c", "d"}) EXPECT_EQ(get(counts, key), 1);
  world().stop(1);
  world().run_with_retries();
  for (const char* key : {"a", "b", "c", "d"}) produce(key, kPartitions);
  world().run();
  EXPECT_THAT(walk(), ElementsAre("a=2", "b=2", "c=2", "d=2"));
}

TEST_F(StoreQueries, SeeNoOlderStateOfATaskThatIsRestored) {
  make(counting());
  world().start();
  world().produce("in", "k", "v");
  world().run();
  world().produce("in", "k", "v");
  world().backends.next_apply = Error(ErrorCode::StateCorrupted, "the test spoiled the state");
  Number newest = 1;
  for (int i = 0; i < 50; ++i) {
    world().thread().request_commit();
    world().thread().step();
    world().clock.advance(milliseconds(20));
    Bytes value;
    auto read = query().get("k", "k", value);
    if (!read) {
      EXPECT_EQ(read.error().code(), ErrorCode::StoreNotReady);
      continue;
    }
    ASSERT_TRUE(*read);
    EXPECT_GE(number(value), newest);
    newest = number(value);
  }
  EXPECT_EQ(world().backends.destroyed, 1);
  EXPECT_EQ(newest, 2);
}

TEST_F(StoreQueries, NameTheStoresAndPartitionsThatThereAre) {
  make(counting(), 2);
  auto unknown = world().registry->query("count", {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), ErrorCode::StoreUnknown);
  EXPECT_THAT(unknown.error().message(), AllOf(HasSubstr("\"count\""), HasSubstr("counts")));
  auto beyond = world().registry->query("counts", {.partition = Partition(2)});
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code(), ErrorCode::StoreUnknown);
  EXPECT_THAT(beyond.error().message(), HasSubstr("0 to 1"));
}

TEST_F(StoreQueries, OutliveTheApplication) {
  make(counting());
  world().start();
  world().produce("in", "k", "v");
  world().run();
  StoreQuery counts = query();
  world().stop();
  world().crash();
  world().registry->detach();
  world().registry.reset();
  Bytes value;
  EXPECT_EQ(counts.get("k", "k", value).error().code(), ErrorCode::StreamsNotRunning);
}

// A thread that lost a task may close it only after another has taken it up.
TEST(TaskReads, ALateWithdrawalTakesNothingFromTheNextOwner) {
  MemoryTaskBackend first({"s"});
  MemoryTaskBackend second({"s"});
  auto reads = std::make_shared<TaskReads>(TaskId{}, std::vector<std::string>{"s"}, [](TaskId, const std::string&) {
    return Error(ErrorCode::StoreNotReady, "not here");
  });
  auto of_first = reads->publish({&first.store("s").committed()});
  auto walk = reads->range(0, {}).value();
  auto of_second = reads->publish({&second.store("s").committed()});
  reads->withdraw(of_first);
  Bytes value;
  EXPECT_FALSE(reads->get(0, "k", value).value());
  reads->withdraw(of_second);
  EXPECT_FALSE(reads->get(0, "k", value));
}

}  // namespace
}  // namespace millrace
