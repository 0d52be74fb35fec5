// TaskBackend against a std::map per store, with random operations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_play.hpp"
#include "state_under_test.hpp"

namespace millrace::state_conformance {
namespace {

constexpr std::uint64_t kSeeds = 20;
// A database is opened anew some dozen times for each.
constexpr std::uint64_t kSeedsOnDisk = 6;
constexpr int kSteps = 2500;

class RandomBackend : public ::testing::TestWithParam<BackendKind> {};
INSTANTIATE_TEST_SUITE_P(State, RandomBackend, ::testing::ValuesIn(kAllBackends),
                         [](const auto& kind) { return std::string(kind.param.name); });

/// One play of random operations on the stores of one task.
class Play {
 public:
  Play(const BackendKind& kind, std::uint64_t seed) : kind_(kind), random_(seed), state_(kind, {"0", "1"}) {}

  void step() {
    switch (random_.below(12)) {
      case 0:
      case 1:
      case 2: apply_batch(); break;
      case 3:
      case 4:
      case 5: get(); break;
      case 6:
      case 7: walk(); break;
      case 8: begin_walk(); break;
      case 9:
      case 10: walks_.go_on(random_); break;
      default:
        if (random_.one_in(80)) wipe();
        else if (random_.one_in(80)) reopen();
        else check_stamps();
    }
  }
  void finish() {
    walks_.finish(random_);
    reopen();
    for (std::size_t i = 0; i < kStores; ++i) EXPECT_EQ(read(store(i)), slice(models_[i].entries, {}));
    check_stamps();
  }

 private:
  static constexpr std::size_t kStores = 2;
  struct Model {
    Map entries;
    ChangelogStamp stamp;
  };

  StoreBackend& store(std::size_t number) { return state_.backend().store(std::to_string(number)); }

  void apply_batch() {
    std::vector<std::vector<OwnedChange>> changes(kStores);
    TaskChanges batch;
    for (std::size_t i = 0; i < kStores; ++i) {
      if (random_.one_in(3)) continue;
      for (std::size_t n = random_.below(10); n > 0; --n) {
        changes[i].push_back({random_.key(), random_.one_in(3) ? std::nullopt : std::optional<Bytes>(random_.value())});
      }
      std::optional<ChangelogStamp> stamp;
      if (!random_.one_in(3)) stamp = {random_.key() + "t", Offset(static_cast<std::int64_t>(random_.below(1 << 30)))};
      batch.stores.push_back(changes_of(std::to_string(i), changes[i], stamp));
      if (stamp) models_[i].stamp = *stamp;
      for (const OwnedChange& change : changes[i]) {
        if (change.value) models_[i].entries[change.key] = *change.value;
        else models_[i].entries.erase(change.key);
      }
    }
    state_.backend().apply(batch).value();
  }
  void get() {
    std::size_t i = random_.below(kStores);
    Bytes key = random_.key();
    Bytes value = "left over";
    bool found = store(i).get(key, value).value();
    auto expected = models_[i].entries.find(key);
    ASSERT_EQ(found, expected != models_[i].entries.end());
    if (found) {
      ASSERT_TRUE(value == expected->second) << printable(value);
    }
  }
  void walk() {
    std::size_t i = random_.below(kStores);
    KeyRange range = random_.range();
    ASSERT_EQ(read(store(i), range), slice(models_[i].entries, range));
  }
  void begin_walk() {
    std::size_t i = random_.below(kStores);
    KeyRange range = random_.range();
    walks_.begin(store(i).range(range).value(), slice(models_[i].entries, range));
  }
  void check_stamps() {
    for (std::size_t i = 0; i < kStores; ++i) {
      ASSERT_EQ(state_.backend().stamp(std::to_string(i)).value(), models_[i].stamp);
      if (!kind_.persistent) {
        ASSERT_EQ(store(i).approximate_entries(), models_[i].entries.size());
      }
    }
  }
  void wipe() {
    std::size_t i = random_.below(kStores);
    state_.backend().wipe(std::to_string(i)).value();
    models_[i] = {};
  }
  void reopen() {
    walks_.clear();
    state_.reopen();
    if (!kind_.persistent) models_.assign(kStores, {});
  }

  const BackendKind kind_;
  RandomSource random_;
  TaskState state_;
  std::vector<Model> models_{kStores};
  OpenWalks walks_;
};

TEST_P(RandomBackend, EqualsAMapPerStore) {
  play_seeds<Play>(GetParam(), GetParam().persistent ? kSeedsOnDisk : kSeeds, kSteps);
}

}  // namespace
}  // namespace millrace::state_conformance
