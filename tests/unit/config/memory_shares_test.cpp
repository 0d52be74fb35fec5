#include <millrace/config/memory_shares.hpp>

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kAuto = kFromMemoryBudget;

struct Case {
  const char* name;
  std::int64_t budget;
  std::vector<std::int64_t> set;     ///< in the order of MemoryOwner
  std::vector<std::int64_t> shares;  ///< as well
};

StreamsConfig config_of(const Case& given) {
  StreamsConfig config;
  config.memory_budget_bytes = given.budget;
  config.block_cache_max_bytes = given.set[0];
  config.memtables_max_bytes = given.set[1];
  config.transaction_buffer_max_bytes = given.set[2];
  config.record_cache_max_bytes = given.set[3];
  config.input_buffer_max_bytes = given.set[4];
  config.outbox_max_bytes = given.set[5];
  return config;
}

TEST(MemoryShares, FollowFromTheBudgetAndThePartsThatAreSet) {
  const std::vector<std::int64_t> none(kMemoryOwners, kAuto);
  const std::vector<Case> cases = {
      {"the default", 512 * kMiB, none, {128 * kMiB, 128 * kMiB, 64 * kMiB, 64 * kMiB, 64 * kMiB, 64 * kMiB}},
      {"twice of it", 1024 * kMiB, none, {256 * kMiB, 256 * kMiB, 128 * kMiB, 128 * kMiB, 128 * kMiB, 128 * kMiB}},
      {"a small one", 32 * kMiB, none, {8 * kMiB, 8 * kMiB, 4 * kMiB, 4 * kMiB, 4 * kMiB, 4 * kMiB}},
      // The memtables have their least; two parts of six share the rest.
      {"the smallest",
       16 * kMiB,
       none,
       {8 * kMiB / 6 * 2, 8 * kMiB, 8 * kMiB / 6, 8 * kMiB / 6, 8 * kMiB / 6, 8 * kMiB / 6}},
      {"no record cache",
       512 * kMiB,
       {kAuto, kAuto, kAuto, 0, kAuto, kAuto},
       {512 * kMiB / 7 * 2, 512 * kMiB / 7 * 2, 512 * kMiB / 7, 0, 512 * kMiB / 7, 512 * kMiB / 7}},
      {"a large cache of blocks",
       512 * kMiB,
       {392 * kMiB, kAuto, kAuto, kAuto, kAuto, kAuto},
       {392 * kMiB, 40 * kMiB, 20 * kMiB, 20 * kMiB, 20 * kMiB, 20 * kMiB}},
      {"everything set",
       100 * kMiB,
       {10 * kMiB, 20 * kMiB, 1 * kMiB, 2 * kMiB, 3 * kMiB, 4 * kMiB},
       {10 * kMiB, 20 * kMiB, 1 * kMiB, 2 * kMiB, 3 * kMiB, 4 * kMiB}},
  };
  for (const Case& given : cases) {
    SCOPED_TRACE(given.name);
    StreamsConfig config = config_of(given);
    MemoryShares shares = memory_shares(config);
    EXPECT_FALSE(memory_fault(config).has_value());
    EXPECT_THAT(shares.bytes, ::testing::ElementsAreArray(given.shares));
    EXPECT_LE(shares.total(), given.budget);
  }
}

TEST(MemoryShares, OfPartsThatDoNotFitAreAFaultThatSaysHowMuchIsNeeded) {
  StreamsConfig config;
  config.memory_budget_bytes = 64 * kMiB;
  config.block_cache_max_bytes = 40 * kMiB;
  config.outbox_max_bytes = 20 * kMiB;
  auto fault = memory_fault(config);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->message,
            "memory.budget.bytes is 64MiB, but rocksdb.block.cache.max.bytes 40MiB + producer.buffer.max.bytes 20MiB "
            "and the least for the other parts (8320KiB) come to 69760KiB");
  EXPECT_EQ(fault->remedy, "raise memory.budget.bytes to 69760KiB or more, or lower the parts");
  // Whoever goes on all the same has parts that work.
  EXPECT_GE(memory_shares(config).of(MemoryOwner::Memtables), 8 * kMiB);
}

TEST(MemoryShares, OwnersHaveTheirNamesInTheirOrder) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kMemoryOwners; ++i) names.push_back(to_string(static_cast<MemoryOwner>(i)));
  EXPECT_THAT(names, ::testing::ElementsAre("block_cache", "memtables", "transaction_buffers", "record_caches",
                                            "fetched_records", "outbox"));
}

}  // namespace
}  // namespace millrace
