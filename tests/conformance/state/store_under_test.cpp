#include "store_under_test.hpp"

namespace millrace::state_conformance {

namespace {

/// Writes through to a backend.
class DirectStore final : public KeyValueBytesStore {
 public:
  DirectStore(std::string name, TaskBackend& backend) : name_(std::move(name)), backend_(backend) {}

  const std::string& name() const override { return name_; }
  Result<OptionalBytesView> get(BytesView key) override {
    auto found = backend_.store(name_).get(key, value_);
    if (!found) return found.error();
    return *found ? OptionalBytesView(value_) : OptionalBytesView();
  }
  Result<void> put(BytesView key, OptionalBytesView value) override {
    TaskChanges changes;
    changes.stores.push_back({name_, {{key, value}}, std::nullopt});
    return backend_.apply(changes);
  }
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) override {
    return backend_.store(name_).range(range);
  }
  std::uint64_t approximate_entries() const override { return backend_.store(name_).approximate_entries(); }

 private:
  std::string name_;
  TaskBackend& backend_;
  Bytes value_;
};

std::vector<StoreKind> stores_with(const std::vector<Access>& accesses) {
  std::vector<StoreKind> kinds;
  for (const BackendKind& backend : kAllBackends) {
    for (Access access : accesses) kinds.push_back({backend, access});
  }
  return kinds;
}

}  // namespace

std::string StoreKind::name() const {
  constexpr const char* kNames[] = {"Direct", "Buffered", "Logged", "Cached"};
  return std::string(backend.name) + kNames[static_cast<std::size_t>(access)];
}

std::vector<StoreKind> all_stores() {
  return stores_with({Access::Direct, Access::Buffered, Access::Logged, Access::Cached});
}
std::vector<StoreKind> all_buffered_stores() {
  return stores_with({Access::Buffered, Access::Logged, Access::Cached});
}

void TestChangelog::log_change(BytesView key, OptionalBytesView value, std::optional<Timestamp> timestamp) {
  open_.push_back({Bytes(key), value ? std::optional<Bytes>(*value) : std::nullopt, timestamp});
}

void TestChangelog::commit() {
  committed_.insert(committed_.end(), frozen_.begin(), frozen_.end());
  frozen_.clear();
}

void TestChangelog::drop() {
  open_.clear();
  frozen_.clear();
  sealed_ = 0;
}

void TestChangelog::clear() {
  drop();
  committed_.clear();
}

Map TestChangelog::fold() const {
  Map map;
  for (const Change& change : committed_) {
    if (change.value) map[change.key] = *change.value;
    else map.erase(change.key);
  }
  return map;
}

StoreUnderTest::StoreUnderTest(const StoreKind& kind, std::int64_t clean_budget_bytes)
    : kind_(kind), budget_(clean_budget_bytes), state_(kind.backend, {"main", "other"}) {
  assemble();
}

StoreUnderTest::~StoreUnderTest() = default;

void StoreUnderTest::assemble() {
  if (kind_.access == Access::Direct) {
    base_ = std::make_unique<DirectStore>("main", backend());
  } else {
    buffer_ = std::make_unique<TransactionBuffer>(backend().store("main"), budget_);
    base_ = std::make_unique<BufferedKeyValueBytesStore>("main", *buffer_);
  }
  top_ = base_.get();
  if (kind_.access == Access::Cached) {
    logging_ = std::make_unique<CachingKeyValueBytesStore>(*base_, &changelog_, false, no_record_, cache_budget_);
    top_ = logging_.get();
    told_.clear();
    for (const Entry& entry : read(*base_)) told_.insert(entry);
  }
  if (kind_.access != Access::Logged) return;
  logging_ = std::make_unique<ChangeLoggingKeyValueBytesStore>(*base_, changelog_, false);
  top_ = logging_.get();
}

void StoreUnderTest::seal() {
  if (!buffer_) return;
  buffer_->seal();
  changelog_.seal();
  if (cache() != nullptr) cache()->seal();
}

void StoreUnderTest::rollback() {
  buffer_->rollback();
  changelog_.rollback();
  if (cache() != nullptr) cache()->rollback();
}

void StoreUnderTest::mark() {
  mark_ = {buffer_->mark(), changelog_.mark(), cache() != nullptr ? cache()->mark() : 0};
}

void StoreUnderTest::rollback_to_mark() {
  buffer_->rollback(mark_.buffer);
  changelog_.rollback(mark_.changelog);
  if (cache() != nullptr) cache()->rollback(mark_.cache);
}

void StoreUnderTest::tell(const CachedChange& change) {
  const Bytes key(change.key);
  auto known = told_.find(key);
  EXPECT_EQ(change.old_value.has_value(), known != told_.end()) << printable(key);
  if (change.old_value && known != told_.end()) {
    EXPECT_TRUE(*change.old_value == known->second);
  }
  EXPECT_TRUE(change.old_value || change.new_value) << "nothing became nothing";
  if (change.new_value) told_[key] = Bytes(*change.new_value);
  else told_.erase(key);
}

void StoreUnderTest::flush_one(bool well) {
  const Map before = well ? Map() : told_;
  if (auto change = cache()->take().value()) {
    cache()->log(*change);
    tell(*change);
  }
  if (well) return seal();
  rollback();
  told_ = before;
}

void StoreUnderTest::freeze() {
  while (cache() != nullptr && cache()->pending()) flush_one();
  buffer_->freeze();
  changelog_.freeze();
}

void StoreUnderTest::commit_frozen() {
  changelog_.commit();
  TaskChanges changes;
  changes.stores.push_back({"main", {}, ChangelogStamp{"topic", changelog_.end()}});
  buffer_->collect_frozen(changes.stores.front().changes);
  backend().apply(changes).value();
  buffer_->commit_frozen();
}

void StoreUnderTest::drop_all() {
  buffer_->drop_all();
  changelog_.drop();
  if (cache() == nullptr) return;
  cache()->clear();
  told_.clear();
  for (const Entry& entry : read(*top_)) told_.insert(entry);
}

void StoreUnderTest::wipe() {
  if (buffer_) buffer_->clear();
  if (cache() != nullptr) cache()->clear();
  told_.clear();
  changelog_.clear();
  backend().wipe("main").value();
}

void StoreUnderTest::commit() {
  if (!buffer_) return;
  seal();
  freeze();
  commit_frozen();
}

void StoreUnderTest::crash() {
  logging_.reset();
  base_.reset();
  buffer_.reset();
  changelog_.drop();
  state_.reopen();
  assemble();
}

}  // namespace millrace::state_conformance
