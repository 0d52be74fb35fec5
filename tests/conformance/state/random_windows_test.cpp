// A window store over each backend, through the transaction buffer, against std::map with random operations: puts,
// reads, records that fail, commits that clean up, aborts and crashes.
#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/state/transaction_buffer.hpp>
#include <millrace/state/window_bytes_store.hpp>
#include <millrace/state/window_cleaner.hpp>

#include "random_play.hpp"
#include "state_under_test.hpp"

namespace millrace::state_conformance {
namespace {

constexpr std::uint64_t kSeeds = 18;
constexpr int kSteps = 2000;
constexpr milliseconds kRetention{40};
constexpr const char* kStore = "windows";
// Nothing stays in memory, some of it, all of it.
constexpr std::int64_t kBudgets[] = {0, 20'000, 1 << 20};

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

/// What a window store has to show, said as simply as possible.
struct WindowModel {
  std::map<std::pair<Bytes, Timestamp>, std::vector<Bytes>> windows;
  Timestamp observed = kNoTimestamp;

  [[nodiscard]] bool live(Timestamp start) const { return observed == kNoTimestamp || start > observed - kRetention; }
  bool put(const Bytes& key, Timestamp start, const std::optional<Bytes>& value, bool duplicates) {
    if (duplicates && !value) return true;
    observed = std::max(observed, start);
    if (!live(start)) return false;
    auto& values = windows[{key, start}];
    if (!duplicates) values.clear();
    if (value) values.push_back(*value);
    return true;
  }
  [[nodiscard]] std::vector<std::tuple<Bytes, Timestamp, Bytes>> walk(const std::optional<Bytes>& key, Timestamp from,
                                                                      Timestamp to) const {
    std::vector<std::tuple<Bytes, Timestamp, Bytes>> found;
    for (const auto& [window, values] : windows) {
      if ((key && window.first != *key) || window.second < from || window.second > to || !live(window.second)) continue;
      for (const Bytes& value : values) found.emplace_back(window.first, window.second, value);
    }
    return found;
  }
};

class WindowPlay {
 public:
  WindowPlay(const BackendKind& kind, std::uint64_t seed)
      : random_(seed), duplicates_(seed % 2 == 0), budget_(kBudgets[seed % 3]), state_(kind, {kStore}) {
    persistent_ = kind.persistent;
    open();
  }

  void step() {
    std::size_t choice = random_.below(100);
    if (choice < 45) put();
    else if (choice < 60) get();
    else if (choice < 75) fetch();
    else if (choice < 78) fetch_all();
    else if (choice < 88) seal();
    else if (choice < 91) rollback();
    else if (choice < 98) commit();
    else if (choice < 99) abort();
    else if (random_.one_in(3)) crash();
  }
  void finish() {
    fetch_all();
    crash();
    fetch_all();
  }

 private:
  void open() {
    buffer_ = std::make_unique<TransactionBuffer>(state_.backend().store(kStore), budget_,
                                                  TransactionBuffer::Keys::Windows);
    entries_ = std::make_unique<BufferedKeyValueBytesStore>(kStore, *buffer_);
    cleaner_ = std::make_unique<WindowCleaner>(state_.backend().store(kStore), kRetention);
    begin_again();
  }
  void begin_again() {
    times_ = std::make_unique<ObservedTimes>(committed_times_);
    store_ = std::make_unique<WindowBytesStore>(*entries_, *times_, kRetention, duplicates_);
    model_ = sealed_ = committed_;
  }

  Bytes key() {
    Bytes key = random_.key();
    // Keys that look like the beginning of another one's window.
    if (random_.one_in(4)) append_window_suffix(key, time(), 0);
    return key;
  }
  Timestamp time() {
    if (random_.one_in(8)) now_ += static_cast<std::int64_t>(random_.below(20));
    return at(std::max<std::int64_t>(0, now_ - static_cast<std::int64_t>(random_.below(60))));
  }
  KeyOrder some_order() { return random_.one_in(2) ? KeyOrder::Ascending : KeyOrder::Descending; }
  void put() {
    const Bytes to = key();
    const Timestamp start = time();
    std::optional<Bytes> value;
    if (!random_.one_in(6)) value = random_.value();
    const bool kept = store_->put(to, start, value ? OptionalBytesView(*value) : OptionalBytesView()).value();
    ASSERT_EQ(kept, model_.put(to, start, value, duplicates_));
  }
  void get() {
    const Bytes from = key();
    const Timestamp start = time();
    auto found = store_->get(from, start).value();
    auto expected = model_.walk(from, start, start);
    ASSERT_EQ(found.has_value(), !expected.empty());
    ASSERT_TRUE(!found || *found == std::get<2>(expected.front()));
  }
  void check(WindowIterator walk, KeyOrder order, const std::vector<std::tuple<Bytes, Timestamp, Bytes>>& expected) {
    std::vector<std::tuple<Bytes, Timestamp, Bytes>> found;
    for (; walk.valid(); walk.next()) found.emplace_back(Bytes(walk.key()), walk.start(), Bytes(walk.value()));
    ASSERT_TRUE(walk.status());
    if (order == KeyOrder::Descending) std::reverse(found.begin(), found.end());
    // Stored keys of which one is the beginning of another are not in the order of the keys.
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
    });
    ASSERT_TRUE(found == expected) << found.size() << " windows, not " << expected.size();
  }
  void fetch() {
    const Bytes from_key = key();
    Timestamp from = time();
    Timestamp to = random_.one_in(10) ? Timestamp::max() : time();
    const KeyOrder order = some_order();
    check(std::move(*store_->fetch(from_key, from, to, order)), order, model_.walk(from_key, from, to));
  }
  void fetch_all() {
    Timestamp from = random_.one_in(3) ? at(0) : time();
    Timestamp to = random_.one_in(3) ? Timestamp::max() : time();
    const KeyOrder order = some_order();
    check(std::move(*store_->fetch_all(from, to, order)), order, model_.walk(std::nullopt, from, to));
  }

  void seal() {
    buffer_->seal();
    times_->seal();
    sealed_ = model_;
  }
  void rollback() {
    buffer_->rollback();
    times_->rollback();
    model_ = sealed_;
  }
  void commit() {
    random_.one_in(4) ? rollback() : seal();
    buffer_->freeze();
    auto times = times_->snapshot();
    WindowModel frozen = model_;
    // Processed ahead, while the commit is in flight.
    for (std::size_t ahead = random_.below(4); ahead > 0; --ahead) put();
    seal();
    TaskChanges changes;
    changes.stores.push_back({kStore, {}, std::nullopt});
    buffer_->collect_frozen(changes.stores.front().changes);
    ASSERT_TRUE(cleaner_->collect(find_observed_time(times, kStore), changes.stores.front().changes));
    ASSERT_TRUE(state_.backend().apply(changes));
    buffer_->commit_frozen();
    for (const Bytes& gone : cleaner_->collected()) buffer_->forget_clean(gone);
    if (cleaner_->horizon()) buffer_->learn_horizon(*cleaner_->horizon());
    committed_times_ = times;
    committed_ = frozen;
  }
  void abort() {
    buffer_->drop_all();
    begin_again();
  }
  void crash() {
    store_.reset();
    entries_.reset();
    buffer_.reset();
    cleaner_.reset();
    state_.reopen();
    if (!persistent_) {
      committed_ = {};
      committed_times_ = {};
    }
    open();
  }

  RandomSource random_;
  const bool duplicates_;
  bool persistent_ = false;
  CacheBudget budget_;
  TaskState state_;
  std::unique_ptr<TransactionBuffer> buffer_;
  std::unique_ptr<BufferedKeyValueBytesStore> entries_;
  std::unique_ptr<WindowCleaner> cleaner_;
  std::unique_ptr<ObservedTimes> times_;
  std::unique_ptr<WindowBytesStore> store_;
  WindowModel model_, sealed_, committed_;
  ObservedTimes::Snapshot committed_times_;
  std::int64_t now_ = 0;
};

class RandomWindows : public ::testing::TestWithParam<BackendKind> {};
INSTANTIATE_TEST_SUITE_P(State, RandomWindows, ::testing::ValuesIn(kAllBackends),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(RandomWindows, EqualAMap) {
  play_seeds<WindowPlay>(GetParam(), kSeeds, kSteps);
}

}  // namespace
}  // namespace millrace::state_conformance
