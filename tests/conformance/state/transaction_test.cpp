// The transaction buffer over every backend: records, generations, and the accounts of both.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store_under_test.hpp"

namespace millrace::state_conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class Transactions : public ::testing::TestWithParam<StoreKind> {
 protected:
  std::optional<Bytes> get(const Bytes& key) {
    auto found = state_.store().get(key).value();
    return found ? std::optional<Bytes>(*found) : std::nullopt;
  }
  void put(const Bytes& key, const std::optional<Bytes>& value) {
    state_.store().put(key, value ? OptionalBytesView(*value) : OptionalBytesView()).value();
  }
  Entries entries() { return read(state_.store()); }
  Entries backend_entries() { return read(state_.backend().store("main")); }
  /// A record of its own for each.
  void put_sealed(const Bytes& key, const std::optional<Bytes>& value) {
    put(key, value);
    state_.seal();
  }

  StoreUnderTest state_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(State, Transactions, ::testing::ValuesIn(all_buffered_stores()),
                         [](const auto& kind) { return kind.param.name(); });

TEST_P(Transactions, ReachTheBackendWithTheirCommitOnly) {
  put_sealed("k", "v");
  EXPECT_EQ(get("k"), "v");
  EXPECT_THAT(backend_entries(), IsEmpty());
  state_.freeze();
  EXPECT_THAT(backend_entries(), IsEmpty());
  state_.commit_frozen();
  EXPECT_THAT(backend_entries(), ElementsAre(Pair("k", "v")));
}

TEST_P(Transactions, BringBackWhatAFailedRecordOverwrote) {
  put("committed", "c");
  put("to be erased", "e");
  state_.commit();
  put_sealed("open", "o");
  for (int i = 0; i < 2; ++i) {
    // Twice each: the second write overwrites one of the same record.
    for (const char* key : {"committed", "open", "fresh"}) put(key, "failed " + std::to_string(i));
    put("to be erased", std::nullopt);
  }
  state_.rollback();
  EXPECT_THAT(entries(), ElementsAre(Pair("committed", "c"), Pair("open", "o"), Pair("to be erased", "e")));
  EXPECT_EQ(get("fresh"), std::nullopt);
  state_.commit();
  EXPECT_THAT(backend_entries(), ElementsAre(Pair("committed", "c"), Pair("open", "o"), Pair("to be erased", "e")));
}

TEST_P(Transactions, KeepTheRecordsBeforeAFailedOne) {
  put_sealed("a", "1");
  put_sealed("a", "2");
  put("a", "3");
  state_.rollback();
  EXPECT_EQ(get("a"), "2");
  // Nothing is left to be taken back.
  state_.rollback();
  EXPECT_EQ(get("a"), "2");
}

TEST_P(Transactions, GoOnWhileOneCommits) {
  put_sealed("both", "frozen");
  put_sealed("erased meanwhile", "frozen");
  state_.freeze();
  put("both", "open");
  put("erased meanwhile", std::nullopt);
  put("open only", "open");
  EXPECT_THAT(entries(), ElementsAre(Pair("both", "open"), Pair("open only", "open")));
  state_.seal();
  state_.commit_frozen();
  // What was frozen is committed as it was frozen.
  EXPECT_THAT(backend_entries(), ElementsAre(Pair("both", "frozen"), Pair("erased meanwhile", "frozen")));
  EXPECT_THAT(entries(), ElementsAre(Pair("both", "open"), Pair("open only", "open")));
  state_.commit();
  EXPECT_THAT(backend_entries(), ElementsAre(Pair("both", "open"), Pair("open only", "open")));
}

TEST_P(Transactions, BringBackAFrozenValueThatAFailedRecordOverwrote) {
  put_sealed("k", "frozen");
  put_sealed("gone", std::nullopt);
  state_.freeze();
  for (int i = 0; i < 2; ++i) {
    put("k", "failed");
    put("gone", "failed");
  }
  state_.rollback();
  EXPECT_EQ(get("k"), "frozen");
  EXPECT_EQ(get("gone"), std::nullopt);
  state_.commit_frozen();
  EXPECT_THAT(backend_entries(), ElementsAre(Pair("k", "frozen")));
}

TEST_P(Transactions, ThatAreAbortedLeaveNothing) {
  put("kept", "committed");
  put("erased", "committed");
  state_.commit();
  put("kept", "frozen");
  put("erased", std::nullopt);
  state_.seal();
  state_.freeze();
  put("kept", "open");
  put("new", "open");
  state_.drop_all();
  EXPECT_THAT(entries(), ElementsAre(Pair("erased", "committed"), Pair("kept", "committed")));
  EXPECT_EQ(get("kept"), "committed");
  EXPECT_EQ(get("new"), std::nullopt);
  EXPECT_EQ(state_.buffer().dirty_bytes(), 0);
  // And nothing of them comes with the next commit.
  put("next", "n");
  state_.commit();
  EXPECT_THAT(backend_entries(),
              ElementsAre(Pair("erased", "committed"), Pair("kept", "committed"), Pair("next", "n")));
}

TEST_P(Transactions, CommitEachKeyOnceWithItsLastValue) {
  for (const char* value : {"1", "2", "3"}) put_sealed("k", value);
  put_sealed("gone", "x");
  put_sealed("gone", std::nullopt);
  state_.freeze();
  std::vector<StateChange> changes;
  state_.buffer().collect_frozen(changes);
  std::map<Bytes, std::optional<Bytes>> collected;
  for (const StateChange& change : changes) {
    collected[Bytes(change.key)] = change.value ? std::optional<Bytes>(*change.value) : std::nullopt;
  }
  EXPECT_EQ(changes.size(), 2U);
  EXPECT_THAT(collected, ElementsAre(Pair("gone", std::nullopt), Pair("k", "3")));
}

TEST_P(Transactions, AccountForBothGenerationsAndForNothingAfterwards) {
  EXPECT_EQ(state_.buffer().dirty_bytes(), 0);
  put_sealed("k", Bytes(1000, 'x'));
  EXPECT_GE(state_.buffer().dirty_bytes(), 1001);
  state_.freeze();
  EXPECT_GE(state_.buffer().dirty_bytes(), 1001);
  // The frozen value is still held while a smaller one is open.
  put("k", "y");
  EXPECT_GE(state_.buffer().dirty_bytes(), 1002);
  state_.rollback();
  EXPECT_GE(state_.buffer().dirty_bytes(), 1001);
  put_sealed("k", Bytes(5000, 'z'));
  EXPECT_GE(state_.buffer().dirty_bytes(), 6001);
  state_.commit_frozen();
  EXPECT_GE(state_.buffer().dirty_bytes(), 5001);
  EXPECT_LT(state_.buffer().dirty_bytes(), 6000);
  state_.commit();
  EXPECT_EQ(state_.buffer().dirty_bytes(), 0);
  EXPECT_FALSE(state_.buffer().dirty());
}

TEST_P(Transactions, AreLostWithTheProcessUnlessApplied) {
  put("applied", "1");
  state_.commit();
  put_sealed("frozen", "2");
  state_.freeze();
  put_sealed("open", "3");
  state_.crash();
  if (state_.persistent()) {
    EXPECT_THAT(entries(), ElementsAre(Pair("applied", "1")));
  } else {
    EXPECT_THAT(entries(), IsEmpty());
  }
}

}  // namespace
}  // namespace millrace::state_conformance
