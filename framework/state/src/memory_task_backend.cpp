#include <millrace/state/memory_task_backend.hpp>

#include <mutex>

#include <millrace/base/assert.hpp>
#include <millrace/state/map_iterator.hpp>

#include "memory_committed_store.hpp"

namespace millrace {

class MemoryStoreBackend final : public StoreBackend {
 public:
  explicit MemoryStoreBackend(ReadMostlyMutex& mutex_of_task) : data_(mutex_of_task) {}

  Result<bool> get(BytesView key, Bytes& value) override {
    auto found = data_.entries->find(key);
    if (found == data_.entries->end()) return false;
    value = found->second;
    return true;
  }
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) override {
    return std::unique_ptr<KeyValueIterator>(std::make_unique<MapIterator>(data_.entries, range));
  }
  std::uint64_t approximate_entries() const override { return data_.entries->size(); }

  const CommittedStore& committed() const override { return committed_; }

  /// REQUIRES: the task's mutex is held.
  void apply(const std::vector<StateChange>& changes) {
    // An iterator of the owner's that is still open keeps the entries as they were: copy before the first write.
    if (data_.entries.use_count() > 1) data_.entries = std::make_shared<MemoryStoreData::Entries>(*data_.entries);
    data_.history.begin_apply();
    for (const StateChange& change : changes) {
      auto found = data_.entries->lower_bound(change.key);
      bool exists = found != data_.entries->end() && found->first == change.key;
      if (data_.history.watched()) data_.history.keep(change.key, exists ? &found->second : nullptr);
      if (!change.value) {
        if (exists) data_.entries->erase(found);
      } else if (exists) {
        found->second = *change.value;
      } else {
        data_.entries->emplace_hint(found, Bytes(change.key), Bytes(*change.value));
      }
    }
  }
  /// REQUIRES: the task's mutex is held.
  void clear() { data_.entries = std::make_shared<MemoryStoreData::Entries>(); }

 private:
  MemoryStoreData data_;
  MemoryCommittedStore committed_{data_};
};

MemoryTaskBackend::MemoryTaskBackend(const std::vector<std::string>& stores) {
  for (const std::string& name : stores) stores_[name] = std::make_unique<MemoryStoreBackend>(mutex_);
}

MemoryTaskBackend::~MemoryTaskBackend() = default;

StoreBackend& MemoryTaskBackend::store(const std::string& name) {
  auto found = stores_.find(name);
  MILLRACE_ASSERT(found != stores_.end(), "the backend was not opened with store " + name);
  return *found->second;
}

Result<ChangelogStamp> MemoryTaskBackend::stamp(const std::string& store) { return stamps_[store]; }

Result<void> MemoryTaskBackend::apply(const TaskChanges& changes) {
  std::unique_lock lock(mutex_);
  for (const TaskChanges::Store& change : changes.stores) {
    static_cast<MemoryStoreBackend&>(store(change.name)).apply(change.changes);
    if (change.stamp) stamps_[change.name] = *change.stamp;
  }
  return {};
}

Result<void> MemoryTaskBackend::wipe(const std::string& name) {
  std::unique_lock lock(mutex_);
  static_cast<MemoryStoreBackend&>(store(name)).clear();
  stamps_.erase(name);
  return {};
}

}  // namespace millrace
