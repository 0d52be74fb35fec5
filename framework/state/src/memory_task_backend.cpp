#include <millrace/state/memory_task_backend.hpp>

#include <iterator>

#include <millrace/base/assert.hpp>

namespace millrace {

namespace {

using Entries = std::map<Bytes, Bytes, std::less<>>;

class MemoryIterator final : public KeyValueIterator {
 public:
  MemoryIterator(std::shared_ptr<const Entries> entries, const KeyRange& range)
      : entries_(std::move(entries)), descending_(range.order == KeyOrder::Descending) {
    first_ = range.from ? entries_->lower_bound(*range.from) : entries_->begin();
    last_ = range.to ? entries_->lower_bound(*range.to) : entries_->end();
    if (range.empty()) first_ = last_;
  }
  bool valid() const override { return first_ != last_; }
  void next() override {
    if (descending_) --last_;
    else ++first_;
  }
  BytesView key() const override { return here().first; }
  BytesView value() const override { return here().second; }
  Result<void> status() const override { return {}; }

 private:
  [[nodiscard]] const Entries::value_type& here() const { return descending_ ? *std::prev(last_) : *first_; }

  std::shared_ptr<const Entries> entries_;
  const bool descending_;
  // What is left to be shown: [first_, last_).
  Entries::const_iterator first_;
  Entries::const_iterator last_;
};

}  // namespace

class MemoryStoreBackend final : public StoreBackend {
 public:
  Result<bool> get(BytesView key, Bytes& value) override {
    auto found = entries_->find(key);
    if (found == entries_->end()) return false;
    value = found->second;
    return true;
  }
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) override {
    return std::unique_ptr<KeyValueIterator>(std::make_unique<MemoryIterator>(entries_, range));
  }
  std::uint64_t approximate_entries() const override { return entries_->size(); }

  void apply(const std::vector<StateChange>& changes) {
    // An iterator that is still open keeps the entries as they were: copy before the first write.
    if (entries_.use_count() > 1) entries_ = std::make_shared<Entries>(*entries_);
    for (const StateChange& change : changes) {
      auto found = entries_->lower_bound(change.key);
      bool exists = found != entries_->end() && found->first == change.key;
      if (!change.value) {
        if (exists) entries_->erase(found);
      } else if (exists) {
        found->second = *change.value;
      } else {
        entries_->emplace_hint(found, Bytes(change.key), Bytes(*change.value));
      }
    }
  }
  void clear() { entries_ = std::make_shared<Entries>(); }

 private:
  std::shared_ptr<Entries> entries_ = std::make_shared<Entries>();
};

MemoryTaskBackend::MemoryTaskBackend(const std::vector<std::string>& stores) {
  for (const std::string& name : stores) stores_[name] = std::make_unique<MemoryStoreBackend>();
}

MemoryTaskBackend::~MemoryTaskBackend() = default;

StoreBackend& MemoryTaskBackend::store(const std::string& name) {
  auto found = stores_.find(name);
  MILLRACE_ASSERT(found != stores_.end(), "the backend was not opened with store " + name);
  return *found->second;
}

Result<ChangelogStamp> MemoryTaskBackend::stamp(const std::string& store) { return stamps_[store]; }

Result<void> MemoryTaskBackend::apply(const TaskChanges& changes) {
  for (const TaskChanges::Store& change : changes.stores) {
    static_cast<MemoryStoreBackend&>(store(change.name)).apply(change.changes);
    if (change.stamp) stamps_[change.name] = *change.stamp;
  }
  return {};
}

Result<void> MemoryTaskBackend::wipe(const std::string& name) {
  static_cast<MemoryStoreBackend&>(store(name)).clear();
  stamps_.erase(name);
  return {};
}

}  // namespace millrace
