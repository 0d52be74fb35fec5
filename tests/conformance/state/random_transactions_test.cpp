// A store with a transaction buffer, and a changelog on top, against std::map with random operations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_play.hpp"
#include "store_under_test.hpp"
#include "transaction_model.hpp"

namespace millrace::state_conformance {
namespace {

constexpr std::uint64_t kSeeds = 24;
constexpr int kSteps = 2500;
// What an entry of the buffer may cost beyond its bytes.
constexpr std::size_t kMostOverheadBytes = 256;

class RandomTransactions : public ::testing::TestWithParam<StoreKind> {};
INSTANTIATE_TEST_SUITE_P(State, RandomTransactions, ::testing::ValuesIn(all_buffered_stores()),
                         [](const auto& kind) { return kind.param.name(); });

/// From none to more than all of it.
std::int64_t clean_budget(std::uint64_t seed) {
  constexpr std::int64_t kBudgets[] = {0, 1000, 6000, 1 << 24};
  return kBudgets[seed % std::size(kBudgets)];
}

class Play {
 public:
  Play(const StoreKind& kind, std::uint64_t seed)
      : kind_(kind), random_(seed), budget_bytes_(clean_budget(seed)), under_test_(kind, budget_bytes_) {}

  void step() {
    std::size_t choice = random_.below(100);
    if (choice < 30) put(random_.value());
    else if (choice < 40) put(std::nullopt);
    else if (choice < 43) copy_a_value();
    else if (choice < 63) get();
    else if (choice < 68) walk();
    else if (choice < 71) begin_walk();
    else if (choice < 79) walks_.go_on(random_);
    else if (choice < 88) seal();
    else if (choice < 92) rollback();
    else if (choice < 95) freeze();
    else if (choice < 98) commit_frozen();
    else if (random_.one_in(3)) drop_all();
    else if (random_.one_in(20)) wipe();
    else if (random_.one_in(20)) crash();
    if (random_.one_in(12)) give_out_some();
    if (random_.one_in(12)) try_a_part();
    check_accounts();
  }

  void finish() {
    walks_.finish(random_);
    end_record();
    commit_frozen();
    ASSERT_EQ(read(under_test_.store()), slice(model_.view(), {}));
    freeze();
    commit_frozen();
    ASSERT_EQ(under_test_.buffer().dirty_bytes(), 0);
    crash();
    ASSERT_EQ(read(under_test_.store()), slice(model_.committed, {}));
  }

 private:
  void put(const std::optional<Bytes>& value) {
    Bytes key = random_.key();
    model_.put(key, value);
    under_test_.store().put(key, value ? OptionalBytesView(*value) : OptionalBytesView()).value();
  }
  void copy_a_value() {
    Bytes from = random_.key();
    Bytes to = random_.one_in(2) ? from : random_.key();
    model_.put(to, model_.get(from));
    under_test_.store().put(to, under_test_.store().get(from).value()).value();
  }
  void get() {
    Bytes key = random_.key();
    auto found = under_test_.store().get(key).value();
    auto expected = model_.get(key);
    ASSERT_EQ(found.has_value(), expected.has_value()) << printable(key);
    if (found) {
      ASSERT_TRUE(*found == *expected) << printable(key) << " has " << printable(*found);
    }
  }
  void walk() {
    KeyRange range = random_.range();
    ASSERT_EQ(read(under_test_.store(), range), slice(model_.view(), range));
  }
  void begin_walk() {
    KeyRange range = random_.range();
    walks_.begin(under_test_.store().range(range).value(), slice(model_.view(), range));
  }

  void seal() {
    under_test_.seal();
    model_.seal();
  }
  void rollback() {
    under_test_.rollback();
    model_.rollback();
  }
  void put_some(std::size_t most) {
    for (std::size_t n = random_.below(most); n > 0; --n) {
      if (random_.one_in(4)) put(std::nullopt);
      else put(random_.value());
    }
  }
  /// A part of a record that may fail by itself: what was written before it stays.
  void try_a_part() {
    put_some(3);
    under_test_.mark();
    model_.mark();
    put_some(6);
    if (random_.one_in(3)) return;
    under_test_.rollback_to_mark();
    model_.rollback_to_mark();
    if (!random_.one_in(4)) return;
    ASSERT_EQ(read(under_test_.store()), slice(model_.view(), {}));
  }
  /// Generations change between records only.
  void end_record() {
    if (random_.one_in(4)) rollback();
    else seal();
  }
  /// As where the cache has no room for more.
  void give_out_some() {
    if (under_test_.cache() == nullptr) return;
    end_record();
    for (std::size_t n = random_.below(6); n > 0; --n) under_test_.flush_one(!random_.one_in(4));
    ASSERT_EQ(read(under_test_.store()), slice(model_.view(), {}));
  }
  void freeze() {
    if (under_test_.buffer().has_frozen()) return;
    end_record();
    under_test_.freeze();
    if (under_test_.cache() != nullptr) {
      ASSERT_TRUE(under_test_.told() == model_.view());
      ASSERT_EQ(under_test_.cache()->pending_bytes(), 0);
    }
    model_.freeze();
    ASSERT_EQ(under_test_.buffer().has_frozen(), !model_.frozen.empty());
  }
  void commit_frozen() {
    end_record();
    std::vector<StateChange> changes;
    under_test_.buffer().collect_frozen(changes);
    Writes collected;
    for (const StateChange& change : changes) {
      auto value = change.value ? std::optional<Bytes>(*change.value) : std::nullopt;
      ASSERT_TRUE(collected.emplace(Bytes(change.key), std::move(value)).second) << "a key is there twice";
    }
    ASSERT_TRUE(collected == model_.frozen);
    under_test_.commit_frozen();
    model_.commit_frozen();
    stamp_ = {"topic", under_test_.changelog().end()};
    check_committed();
  }
  void drop_all() {
    under_test_.drop_all();
    model_.drop_all();
    ASSERT_EQ(under_test_.buffer().dirty_bytes(), 0);
    check_committed();
  }
  void wipe() {
    under_test_.wipe();
    model_ = {};
    stamp_ = {};
    check_committed();
  }
  void crash() {
    walks_.clear();
    under_test_.crash();
    model_.drop_all();
    if (!under_test_.persistent()) {
      model_ = {};
      stamp_ = {};
      under_test_.changelog().clear();
    }
    check_committed();
  }

  void check_committed() {
    // Not all each time, for the sake of speed.
    if (!random_.one_in(4)) return;
    ASSERT_EQ(read(under_test_.backend().store("main")), slice(model_.committed, {}));
    ASSERT_THAT(read(under_test_.backend().store("other")), ::testing::IsEmpty());
    ASSERT_EQ(under_test_.backend().stamp("main").value(), stamp_);
    if (kind_.access == Access::Logged || kind_.access == Access::Cached) {
      ASSERT_TRUE(under_test_.changelog().fold() == model_.committed);
    }
    if (!under_test_.persistent()) {
      ASSERT_EQ(under_test_.store().approximate_entries(), model_.committed.size());
    }
  }
  void check_accounts() {
    TransactionBuffer& buffer = under_test_.buffer();
    auto dirty_bytes = static_cast<std::size_t>(buffer.dirty_bytes());
    std::size_t written_bytes = model_.written_bytes();
    ASSERT_GE(dirty_bytes, written_bytes);
    ASSERT_LE(dirty_bytes, written_bytes + model_.writes() * kMostOverheadBytes);
    ASSERT_EQ(buffer.dirty(), model_.writes() > 0);
    ASSERT_GE(under_test_.budget().used_bytes(), 0);
  }

  const StoreKind kind_;
  RandomSource random_;
  const std::int64_t budget_bytes_;
  StoreUnderTest under_test_;
  TransactionModel model_;
  ChangelogStamp stamp_;
  OpenWalks walks_;
};

TEST_P(RandomTransactions, EqualAMap) {
  play_seeds<Play>(GetParam(), kSeeds, kSteps);
}

}  // namespace
}  // namespace millrace::state_conformance
