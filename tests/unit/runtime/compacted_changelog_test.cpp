// Restoring from changelogs that were compacted in the meantime: gaps, and deletions that are no longer there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/log/log_housekeeper.hpp>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::HasSubstr;
using ::testing::Not;

const TopicPartition kChangelog{"app-latest-changelog", Partition(0)};

/// "in" as a table in the store "latest".
Topology latest() {
  StreamsBuilder builder;
  builder.table<Text, Text>("in", {.store_name = "latest"}).to_stream().to("out");
  return builder.build();
}

class CompactedChangelog : public ::testing::Test {
 protected:
  void put(const Text& key, OptionalBytesView value) { world_.produce("in", key, value); }
  void compact() {
    LogHousekeeper keeper(*world_.log, world_.clock, &world_.logger, {.min_dirty_bytes = 1, .delete_retention = {}});
    world_.clock.advance(std::chrono::minutes(1));
    while (keeper.step() <= world_.clock.steady_now()) {
    }
    EXPECT_GT(keeper.stats().passes, 0U);
  }
  std::optional<Text> stored(const Text& key) {
    auto value = world_.thread().find_store({SubtopologyId(0), Partition(0)}, "latest")->get(key).value();
    return value ? std::optional<Text>(Text(value_of(*value))) : std::nullopt;
  }
  OffsetRange range() { return world_.log->admin().offset_ranges({kChangelog}).take().value().at(kChangelog); }

  World world_{latest()};
};

TEST_F(CompactedChangelog, RestoresAStoreThatWasLost) {
  world_.start();
  for (int i = 0; i < 50; ++i) put("k" + std::to_string(i % 5), std::to_string(i));
  put("k0", std::nullopt);
  world_.run();
  world_.stop();
  compact();
  world_.backends.take();
  world_.start();
  world_.run();
  EXPECT_TRUE(world_.thread().caught_up());
  EXPECT_EQ(stored("k0"), std::nullopt);
  for (int i = 1; i < 5; ++i) EXPECT_EQ(stored("k" + std::to_string(i)), std::to_string(45 + i));
  for (const auto& restoring : world_.thread().status().restoring) EXPECT_EQ(restoring.remaining_records, 0);
  put("k0", "new");
  world_.run();
  EXPECT_EQ(stored("k0"), "new");
}

TEST_F(CompactedChangelog, CatchesAStoreUpThatIsBehind) {
  world_.start();
  put("a", "1");
  put("b", "1");
  world_.run();
  world_.stop();
  // As a crash leaves it after the log's commit and before the store's.
  for (int i = 0; i < 10; ++i) world_.produce(kChangelog.topic, "a", std::to_string(i));
  compact();
  world_.start();
  world_.run();
  EXPECT_EQ(stored("a"), "9");
  EXPECT_EQ(stored("b"), "1");
  EXPECT_THAT(world_.logger.text, Not(HasSubstr("wiped")));
}

TEST_F(CompactedChangelog, RestoresAnewWhereDeletionsAreGoneThatTheStoreHasNotSeen) {
  world_.start();
  put("a", "1");
  put("b", "1");
  world_.run();
  world_.stop();
  world_.produce(kChangelog.topic, "a", std::nullopt);
  compact();
  world_.produce(kChangelog.topic, "c", Text(500, 'c'));
  compact();
  ASSERT_GT(range().tombstones_gone, Offset(2));
  world_.start();
  world_.run();
  EXPECT_EQ(stored("a"), std::nullopt);
  EXPECT_EQ(stored("b"), "1");
  EXPECT_EQ(stored("c"), Text(500, 'c'));
  EXPECT_THAT(world_.logger.text, HasSubstr("no more deletions before"));
}

}  // namespace
}  // namespace millrace
