// TransactionBuffer by itself: the cache of clean entries and its budget, errors of the backend, broken rules.
// What it does as a store is in tests/conformance/state.
#include <millrace/state/transaction_buffer.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripted_backend.hpp"

namespace millrace {
namespace {

using state_test::ScriptedBackend;
using ::testing::HasSubstr;

constexpr std::int64_t kPlenty = 1 << 20;

void commit(TransactionBuffer& buffer, ScriptedBackend& backend) {
  buffer.seal();
  buffer.freeze();
  std::vector<StateChange> changes;
  buffer.collect_frozen(changes);
  for (const StateChange& change : changes) {
    if (change.value) backend.entries[Bytes(change.key)] = *change.value;
    else backend.entries.erase(Bytes(change.key));
  }
  buffer.commit_frozen();
}

/// What one clean entry of `key` and `value` takes from the budget.
std::int64_t cost_of(const Bytes& key, const Bytes& value) {
  ScriptedBackend backend;
  backend.entries[key] = value;
  CacheBudget budget(kPlenty);
  TransactionBuffer buffer(backend, budget);
  buffer.get(key).value();
  return budget.used_bytes();
}

TEST(CacheBudget, IsExceededBeyondItsBytesOnly) {
  CacheBudget budget(10);
  EXPECT_FALSE(budget.exceeded());
  budget.add(10);
  EXPECT_FALSE(budget.exceeded());
  budget.add(1);
  EXPECT_TRUE(budget.exceeded());
  budget.add(-11);
  EXPECT_EQ(budget.used_bytes(), 0);
}

TEST(TransactionBuffer, AsksTheBackendOncePerKey) {
  ScriptedBackend backend;
  backend.entries["k"] = "v";
  CacheBudget budget(kPlenty);
  TransactionBuffer buffer(backend, budget);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(buffer.get("k").value(), "v");
    EXPECT_EQ(buffer.get("missing").value(), std::nullopt);
  }
  EXPECT_EQ(backend.gets, 2);
}

TEST(TransactionBuffer, DoesNotAskForWhatItHasWritten) {
  ScriptedBackend backend;
  CacheBudget budget(kPlenty);
  TransactionBuffer buffer(backend, budget);
  buffer.put("k", "v");
  buffer.put("gone", std::nullopt);
  EXPECT_EQ(buffer.get("k").value(), "v");
  EXPECT_EQ(buffer.get("gone").value(), std::nullopt);
  commit(buffer, backend);
  EXPECT_EQ(buffer.get("k").value(), "v");
  EXPECT_EQ(buffer.get("gone").value(), std::nullopt);
  EXPECT_EQ(backend.gets, 0);
}

TEST(TransactionBuffer, AsksAgainForWhatAnAbortTouchedAndForEverythingOnceCleared) {
  ScriptedBackend backend;
  backend.entries = {{"read", "r"}, {"written", "w"}};
  CacheBudget budget(kPlenty);
  TransactionBuffer buffer(backend, budget);
  buffer.get("read").value();
  buffer.put("written", "lost");
  buffer.drop_all();
  EXPECT_EQ(buffer.get("read").value(), "r");
  EXPECT_EQ(backend.gets, 1);
  EXPECT_EQ(buffer.get("written").value(), "w");
  EXPECT_EQ(backend.gets, 2);
  backend.entries = {{"read", "other"}};
  buffer.clear();
  EXPECT_EQ(buffer.get("read").value(), "other");
  EXPECT_EQ(buffer.get("written").value(), std::nullopt);
  EXPECT_EQ(backend.gets, 4);
}

TEST(TransactionBuffer, KeepsCleanEntriesWithinTheBudget) {
  ScriptedBackend backend;
  for (int i = 0; i < 100; ++i) backend.entries[std::to_string(100 + i)] = "v";
  CacheBudget budget(10 * cost_of("100", "v"));
  TransactionBuffer buffer(backend, budget);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(buffer.get(std::to_string(100 + i)).value(), "v");
    EXPECT_FALSE(budget.exceeded());
  }
  EXPECT_EQ(budget.used_bytes(), 10 * cost_of("100", "v"));
}

TEST(TransactionBuffer, KeepsCommittedWritesWithinTheBudget) {
  ScriptedBackend backend;
  CacheBudget budget(10 * cost_of("100", "v"));
  TransactionBuffer buffer(backend, budget);
  for (int i = 0; i < 100; ++i) buffer.put(std::to_string(100 + i), "v");
  commit(buffer, backend);
  EXPECT_EQ(budget.used_bytes(), 10 * cost_of("100", "v"));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(buffer.get(std::to_string(100 + i)).value(), "v");
}

TEST(TransactionBuffer, KeepsWhatIsReadOftenRatherThanWhatIsReadOnce) {
  ScriptedBackend backend;
  for (int i = 0; i < 100; ++i) backend.entries[std::to_string(100 + i)] = "v";
  backend.entries["hot"] = "h";
  CacheBudget budget(10 * cost_of("100", "v"));
  TransactionBuffer buffer(backend, budget);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(buffer.get("hot").value(), "h");
    EXPECT_EQ(buffer.get(std::to_string(100 + i)).value(), "v");
  }
  EXPECT_EQ(backend.gets, 101);
}

TEST(TransactionBuffer, AnswersWithoutAnyRoomForCleanEntries) {
  ScriptedBackend backend;
  backend.entries["k"] = "v";
  CacheBudget budget(0);
  TransactionBuffer buffer(backend, budget);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(buffer.get("k").value(), "v");
  EXPECT_EQ(buffer.get("missing").value(), std::nullopt);
  EXPECT_EQ(backend.gets, 3);
  EXPECT_EQ(budget.used_bytes(), 0);
}

TEST(TransactionBuffer, NeverEvictsWhatIsNotCommitted) {
  ScriptedBackend backend;
  CacheBudget budget(0);
  TransactionBuffer buffer(backend, budget);
  buffer.put("frozen", "f");
  buffer.seal();
  buffer.freeze();
  buffer.put("open", "o");
  for (int i = 0; i < 10; ++i) buffer.get(std::to_string(i)).value();
  backend.gets = 0;
  EXPECT_EQ(buffer.get("frozen").value(), "f");
  EXPECT_EQ(buffer.get("open").value(), "o");
  EXPECT_EQ(backend.gets, 0);
}

TEST(TransactionBuffer, TakesFromTheBudgetForCleanEntriesOnly) {
  ScriptedBackend backend;
  CacheBudget budget(kPlenty);
  TransactionBuffer buffer(backend, budget);
  buffer.put("k", "v");
  EXPECT_EQ(budget.used_bytes(), 0);
  commit(buffer, backend);
  EXPECT_EQ(budget.used_bytes(), cost_of("k", "v"));
  buffer.put("k", "longer");
  EXPECT_EQ(budget.used_bytes(), 0);
  buffer.rollback();
  EXPECT_EQ(budget.used_bytes(), cost_of("k", "v"));
  buffer.put("k", "longer");
  buffer.drop_all();
  EXPECT_EQ(budget.used_bytes(), 0);
}

TEST(TransactionBuffer, GivesBackToTheBudgetWhatItTook) {
  CacheBudget budget(kPlenty);
  ScriptedBackend backend;
  {
    TransactionBuffer buffer(backend, budget);
    buffer.get("missing").value();
    buffer.put("k", "v");
    commit(buffer, backend);
    EXPECT_GT(budget.used_bytes(), 0);
    buffer.clear();
    EXPECT_EQ(budget.used_bytes(), 0);
    buffer.get("k").value();
    EXPECT_GT(budget.used_bytes(), 0);
  }
  EXPECT_EQ(budget.used_bytes(), 0);
}

TEST(TransactionBuffer, MakesRoomForOthersThatShareTheBudget) {
  ScriptedBackend backend;
  for (int i = 0; i < 100; ++i) backend.entries[std::to_string(100 + i)] = "v";
  CacheBudget budget(10 * cost_of("100", "v"));
  TransactionBuffer first(backend, budget);
  TransactionBuffer second(backend, budget);
  for (int i = 0; i < 10; ++i) first.get(std::to_string(100 + i)).value();
  for (int i = 10; i < 20; ++i) second.get(std::to_string(100 + i)).value();
  EXPECT_FALSE(budget.exceeded());
  // Whoever reads next gives way.
  first.get("150").value();
  EXPECT_FALSE(budget.exceeded());
}

TEST(TransactionBuffer, PassesOnAnErrorOfAGetAndForgetsIt) {
  ScriptedBackend backend;
  backend.entries["k"] = "v";
  backend.get_error = Error(ErrorCode::StateReadFailed, "the disk says no", {.store = "counts"});
  CacheBudget budget(kPlenty);
  TransactionBuffer buffer(backend, budget);
  auto got = buffer.get("k");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), ErrorCode::StateReadFailed);
  EXPECT_EQ(got.error().where().store, "counts");
  EXPECT_THAT(got.error().to_string(), HasSubstr("the disk says no"));
  EXPECT_EQ(budget.used_bytes(), 0);
  backend.get_error.reset();
  EXPECT_EQ(buffer.get("k").value(), "v");
}

TEST(TransactionBuffer, PassesOnThatAWalkCannotBegin) {
  ScriptedBackend backend;
  backend.range_error = Error(ErrorCode::StateCorrupted, "bad block", {.store = "counts"});
  CacheBudget budget(kPlenty);
  TransactionBuffer buffer(backend, budget);
  buffer.put("k", "v");
  auto walk = buffer.range({});
  ASSERT_FALSE(walk);
  EXPECT_EQ(walk.error().code(), ErrorCode::StateCorrupted);
  EXPECT_EQ(walk.error().where().store, "counts");
}

TEST(TransactionBuffer, TellsAWalkThatBrokeOffFromOneThatEnded) {
  ScriptedBackend backend;
  backend.entries = {{"a", "1"}, {"c", "3"}, {"e", "5"}};
  backend.walk_error = Error(ErrorCode::StateCorrupted, "bad block", {.store = "counts"});
  backend.walk_error_after = 2;
  CacheBudget budget(kPlenty);
  TransactionBuffer buffer(backend, budget);
  buffer.put("b", "2");
  buffer.put("c", "changed");
  auto walk = buffer.range({}).value();
  Bytes keys;
  for (; walk->valid(); walk->next()) keys += walk->key();
  EXPECT_EQ(keys, "abc");
  ASSERT_FALSE(walk->status());
  EXPECT_EQ(walk->status().error().code(), ErrorCode::StateCorrupted);
  EXPECT_EQ(walk->status().error().where().store, "counts");
}

TEST(TransactionBuffer, StopsAWalkWhereTheBackendBrokeOff) {
  ScriptedBackend backend;
  backend.entries = {{"a", "1"}, {"c", "3"}};
  backend.walk_error = Error(ErrorCode::StateReadFailed, "the disk says no");
  backend.walk_error_after = 1;
  CacheBudget budget(kPlenty);
  TransactionBuffer buffer(backend, budget);
  buffer.put("d", "4");
  auto walk = buffer.range({}).value();
  ASSERT_TRUE(walk->valid());
  EXPECT_EQ(walk->key(), "a");
  walk->next();
  // "c" may be there or not: what comes after it must not be shown as if it were not.
  EXPECT_FALSE(walk->valid());
  EXPECT_FALSE(walk->status());
}

TEST(TransactionBufferDeathTest, AbortsWhenAGenerationIsFrozenTwice) {
  ScriptedBackend backend;
  CacheBudget budget(kPlenty);
  TransactionBuffer buffer(backend, budget);
  buffer.put("k", "v");
  buffer.seal();
  buffer.freeze();
  EXPECT_DEATH(buffer.freeze(), "a generation is frozen already");
}

TEST(TransactionBufferDeathTest, AbortsWhenAGenerationIsFrozenWithinARecord) {
  ScriptedBackend backend;
  CacheBudget budget(kPlenty);
  TransactionBuffer buffer(backend, budget);
  buffer.put("k", "v");
  EXPECT_DEATH(buffer.freeze(), "within a record");
}

}  // namespace
}  // namespace millrace
