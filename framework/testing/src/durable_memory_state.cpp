#include <millrace/testing/durable_memory_state.hpp>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>
#include <millrace/state/map_iterator.hpp>

namespace millrace {

namespace {

constexpr std::size_t kRememberedChanges = 8;

using Entries = DurableMemoryState::Entries;

/// For the threads of a simulation, which are steps of one.
class DurableCommittedStore final : public CommittedStore {
 public:
  explicit DurableCommittedStore(const DurableMemoryState::Store& store) : store_(store) {}
  Result<bool> get(BytesView key, Bytes& value) const override {
    auto found = store_.entries->find(key);
    if (found == store_.entries->end()) return false;
    value = found->second;
    return true;
  }
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) const override {
    return std::unique_ptr<KeyValueIterator>(std::make_unique<MapIterator>(store_.entries, range));
  }
  std::uint64_t approximate_entries() const override { return store_.entries->size(); }

 private:
  const DurableMemoryState::Store& store_;
};

class DurableStoreBackend final : public StoreBackend {
 public:
  explicit DurableStoreBackend(DurableMemoryState::Store& store) : committed_(store) {}
  Result<bool> get(BytesView key, Bytes& value) override { return committed_.get(key, value); }
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) override { return committed_.range(range); }
  std::uint64_t approximate_entries() const override { return committed_.approximate_entries(); }
  const CommittedStore& committed() const override { return committed_; }

 private:
  DurableCommittedStore committed_;
};

}  // namespace

class DurableMemoryBackend final : public TaskBackend {
 public:
  DurableMemoryBackend(DurableMemoryState& state, std::shared_ptr<DurableMemoryState::Directory> directory)
      : state_(state), directory_(std::move(directory)) {
    directory_->open = true;
    for (auto& [name, store] : directory_->stores) views_[name] = std::make_unique<DurableStoreBackend>(store);
  }
  ~DurableMemoryBackend() override { directory_->open = false; }

  StoreBackend& store(const std::string& name) override {
    auto found = views_.find(name);
    MILLRACE_ASSERT(found != views_.end(), "the backend was not opened with store " + name);
    return *found->second;
  }
  Result<ChangelogStamp> stamp(const std::string& store) override { return directory_->stores.at(store).stamp; }

  Result<void> apply(const TaskChanges& changes) override {
    state_.changing(*directory_);
    for (const TaskChanges::Store& change : changes.stores) {
      DurableMemoryState::Store& store = directory_->stores.at(change.name);
      if (change.stamp) store.stamp = *change.stamp;
      if (change.changes.empty()) continue;
      auto entries = std::make_shared<Entries>(*store.entries);
      for (const StateChange& entry : change.changes) {
        if (entry.value) entries->insert_or_assign(Bytes(entry.key), Bytes(*entry.value));
        else if (auto found = entries->find(entry.key); found != entries->end()) entries->erase(found);
      }
      store.entries = std::move(entries);
    }
    state_.changed(*directory_);
    return {};
  }
  Result<void> wipe(const std::string& store) override {
    state_.changing(*directory_);
    directory_->stores.at(store) = {};
    state_.changed(*directory_);
    return {};
  }

 private:
  DurableMemoryState& state_;
  std::shared_ptr<DurableMemoryState::Directory> directory_;
  std::map<std::string, std::unique_ptr<DurableStoreBackend>> views_;
};

namespace {
Error in_use(const std::filesystem::path& directory) {
  return Error(ErrorCode::StateDirectoryUnusable, fmt::format("{} is open already", directory.string()));
}
}  // namespace

Result<std::unique_ptr<TaskBackend>> DurableMemoryState::open(const std::filesystem::path& path,
                                                              const std::vector<std::string>& stores) {
  auto& directory = directories_[path.string()];
  if (!directory) directory = std::make_shared<Directory>();
  directory->name = path.string();
  if (directory->open) return in_use(path);
  Stores kept;
  for (const std::string& name : stores) kept[name] = directory->stores[name];
  directory->stores = std::move(kept);
  return std::unique_ptr<TaskBackend>(std::make_unique<DurableMemoryBackend>(*this, directory));
}

Result<void> DurableMemoryState::destroy(const std::filesystem::path& path) {
  auto found = directories_.find(path.string());
  if (found == directories_.end()) return {};
  if (found->second->open) return in_use(path);
  directories_.erase(found);
  return {};
}

void DurableMemoryState::lose_last(std::size_t changes) {
  for (auto& [name, directory] : directories_) {
    MILLRACE_ASSERT(!directory->open, "the power goes with the process, not before it");
    for (std::size_t i = 0; i < changes && !directory->before.empty(); ++i) {
      directory->stores = std::move(directory->before.back());
      directory->before.pop_back();
    }
  }
}

std::vector<std::string> DurableMemoryState::directories() const {
  std::vector<std::string> names;
  for (const auto& [name, directory] : directories_) names.push_back(name);
  return names;
}

DurableMemoryState::Stores DurableMemoryState::contents(const std::string& directory) const {
  auto found = directories_.find(directory);
  return found == directories_.end() ? Stores() : found->second->stores;
}

void DurableMemoryState::changing(Directory& directory) {
  directory.before.push_back(directory.stores);
  if (directory.before.size() > kRememberedChanges) directory.before.pop_front();
}

void DurableMemoryState::changed(const Directory& directory) {
  if (watcher_) watcher_(directory.name);
}

}  // namespace millrace
