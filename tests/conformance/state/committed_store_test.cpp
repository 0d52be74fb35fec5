// CommittedStore: what other threads see of a store while its owner goes on.
#include <algorithm>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/base/big_endian.hpp>

#include "random_source.hpp"
#include "state_under_test.hpp"

namespace millrace::state_conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class Committed : public ::testing::TestWithParam<BackendKind> {
 protected:
  const CommittedStore& store(const std::string& name = "s") { return state_.backend().store(name).committed(); }
  std::optional<Bytes> get(const Bytes& key) {
    Bytes value = "left over";
    return store().get(key, value).value() ? std::optional(value) : std::nullopt;
  }
  Entries walk(const KeyRange& range = {}) { return drain(*store().range(range).value()); }
  void apply(const std::vector<OwnedChange>& changes) { state_conformance::apply(state_.backend(), "s", changes); }

  TaskState state_{GetParam(), {"s", "other"}};
};
INSTANTIATE_TEST_SUITE_P(State, Committed, ::testing::ValuesIn(kAllBackends),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Committed, ReadsWhatWasApplied) {
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_THAT(walk(), IsEmpty());
  apply({{"a", "1"}, {"b", "2"}, {"c", ""}});
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("c"), "");
  EXPECT_EQ(get("d"), std::nullopt);
  EXPECT_THAT(walk(), ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("c", "")));
  apply({{"a", std::nullopt}});
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(Committed, WalksRangesInBothDirections) {
  apply({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}});
  EXPECT_THAT(walk({"b", "d"}), ElementsAre(Pair("b", "2"), Pair("c", "3")));
  EXPECT_THAT(walk({"b", "d", KeyOrder::Descending}), ElementsAre(Pair("c", "3"), Pair("b", "2")));
  EXPECT_THAT(walk({std::nullopt, "b", KeyOrder::Descending}), ElementsAre(Pair("a", "1")));
  EXPECT_THAT(walk({"c", std::nullopt}), ElementsAre(Pair("c", "3"), Pair("d", "4")));
  EXPECT_THAT(walk({"d", "b"}), IsEmpty());
  EXPECT_THAT(walk({"b", "b"}), IsEmpty());
}

TEST_P(Committed, WalksShowTheStoreAsItWas) {
  apply({{"a", "1"}, {"b", "2"}, {"d", "4"}});
  auto before = store().range({}).value();
  auto before_down = store().range({std::nullopt, std::nullopt, KeyOrder::Descending}).value();
  apply({{"a", "x"}, {"b", std::nullopt}, {"c", "new"}});
  auto between = store().range({}).value();
  apply({{"a", std::nullopt}, {"b", "again"}, {"c", std::nullopt}, {"d", "y"}, {"e", "new"}});
  EXPECT_THAT(drain(*before), ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("d", "4")));
  EXPECT_THAT(drain(*before_down), ElementsAre(Pair("d", "4"), Pair("b", "2"), Pair("a", "1")));
  EXPECT_THAT(drain(*between), ElementsAre(Pair("a", "x"), Pair("c", "new"), Pair("d", "4")));
  EXPECT_THAT(walk(), ElementsAre(Pair("b", "again"), Pair("d", "y"), Pair("e", "new")));
}

// Walks that begin and end at random between random commits, over more entries than are copied at once.
TEST_P(Committed, WalksAgreeWithAModelThatWasCopied) {
  RandomSource random(7);
  struct Walk {
    std::unique_ptr<KeyValueIterator> iterator;
    Entries expected;
    std::size_t at = 0;
  };
  Map model;
  std::vector<Walk> walks;
  const auto random_key = [&] { return Bytes("k") + std::to_string(random.below(1500)); };
  for (int round = 0; round < 300; ++round) {
    std::vector<OwnedChange> changes;
    for (std::uint64_t i = random.below(60); i > 0; --i) {
      Bytes key = random_key();
      auto value = random.below(4) == 0 ? std::nullopt : std::optional(Bytes(random.below(200), 'v') + key);
      changes.push_back({key, value});
      if (value) model[key] = *value;
      else model.erase(key);
    }
    apply(changes);
    if (random.below(3) == 0) {
      KeyRange range;
      if (random.below(3) == 0) range.from = random_key();
      if (random.below(3) == 0) range.to = random_key();
      Entries expected = slice(model, range);
      if (random.one_in(2)) {
        range.order = KeyOrder::Descending;
        std::reverse(expected.begin(), expected.end());
      }
      walks.push_back({store().range(range).value(), std::move(expected)});
    }
    for (Walk& walk : walks) {
      for (std::uint64_t i = random.below(200); i > 0 && walk.at < walk.expected.size(); --i, ++walk.at) {
        ASSERT_TRUE(walk.iterator->valid());
        ASSERT_EQ(walk.iterator->key(), walk.expected[walk.at].first);
        ASSERT_EQ(walk.iterator->value(), walk.expected[walk.at].second);
        walk.iterator->next();
      }
    }
    std::erase_if(walks, [&](const Walk& walk) {
      if (walk.at < walk.expected.size()) return random.below(50) == 0;
      EXPECT_FALSE(walk.iterator->valid());
      return true;
    });
  }
}

// A commit writes one number under many keys of two stores: readers find it whole, and never an older one later.
TEST_P(Committed, OtherThreadsSeeWholeCommitsInTheirOrder) {
  constexpr int kCommits = 100;
  constexpr int kKeys = 400;
  std::atomic<bool> done{false};
  std::atomic<int> faults{0};
  std::atomic<int> rounds{0};
  const auto number = [](BytesView bytes) { return read_big_endian<std::int32_t>(bytes); };
  apply({{"zero", "0000"}});
  const auto read = [&](const std::string& name, bool walks) {
    const CommittedStore& mine = store(name);
    std::int32_t newest = 0;
    Bytes value;
    while (!done) {
      if (walks) {
        std::optional<std::int32_t> first;
        int count = 0;
        auto walk = mine.range(prefix_range("k")).value();
        for (; walk->valid(); walk->next(), ++count) {
          if (!first) first = number(walk->value());
          if (*first != number(walk->value())) ++faults;
        }
        if (count != 0 && count != kKeys) ++faults;
        if (first && *first < newest) ++faults;
        newest = first.value_or(newest);
      } else if (mine.get("k13", value).value()) {
        if (number(value) < newest) ++faults;
        newest = number(value);
      }
      ++rounds;
    }
  };
  std::thread walker([&] { read("s", true); });
  std::thread getter([&] { read("s", false); });
  std::thread other([&] { read("other", true); });
  for (std::int32_t commit = 1; commit <= kCommits || rounds < 20; ++commit) {
    Bytes value;
    append_big_endian(value, commit);
    std::vector<OwnedChange> changes;
    for (int key = 0; key < kKeys; ++key) changes.push_back({"k" + std::to_string(key), value});
    TaskChanges both;
    both.stores.push_back(changes_of("s", changes));
    both.stores.push_back(changes_of("other", changes));
    state_.backend().apply(both).value();
    ASSERT_EQ(get("k1"), value);
  }
  done = true;
  walker.join();
  getter.join();
  other.join();
  EXPECT_EQ(faults, 0);
}

}  // namespace
}  // namespace millrace::state_conformance
