#include <millrace/runtime/task_stores.hpp>

#include <algorithm>

#include <millrace/base/assert.hpp>
#include <millrace/base/crash_point.hpp>

namespace millrace {

namespace {

std::vector<std::string> names_of(const std::vector<StoreSpec>& specs, bool persistent) {
  std::vector<std::string> names;
  for (const StoreSpec& spec : specs) {
    if (spec.persistent == persistent) names.push_back(spec.name);
  }
  return names;
}

Result<std::unique_ptr<TaskBackend>> open_persistent(TaskBackendFactory& factory,
                                                     const std::filesystem::path& directory,
                                                     const std::vector<std::string>& names,
                                                     std::vector<Error>& warnings) {
  auto opened = factory.open(directory, names);
  if (opened || opened.error().code() != ErrorCode::StateCorrupted) return opened;
  warnings.push_back(opened.error());
  MILLRACE_TRY(factory.destroy(directory));
  return factory.open(directory, names);
}

}  // namespace

Result<std::unique_ptr<TaskStores>> TaskStores::open(const std::vector<StoreSpec>& specs,
                                                     const std::filesystem::path& directory,
                                                     TaskBackendFactory& factory, CacheBudget& clean_budget,
                                                     std::vector<Error>& warnings) {
  std::unique_ptr<TaskStores> stores(new TaskStores());
  stores->specs_ = specs;
  if (auto names = names_of(specs, true); !names.empty()) {
    auto backend = open_persistent(factory, directory, names, warnings);
    if (!backend) return backend.error();
    stores->persistent_ = std::move(*backend);
  }
  if (auto names = names_of(specs, false); !names.empty()) stores->memory_ = std::make_unique<MemoryTaskBackend>(names);
  for (const StoreSpec& spec : specs) {
    Slot slot{spec, nullptr, nullptr, nullptr, nullptr, nullptr};
    const bool windows = spec.kind == StoreKind::Window;
    slot.buffer = std::make_unique<TransactionBuffer>(
        stores->backend_of(spec.name).store(spec.name), clean_budget,
        windows ? TransactionBuffer::Keys::Windows : TransactionBuffer::Keys::Any);
    if (windows) {
      slot.cleaner =
          std::make_unique<WindowCleaner>(stores->backend_of(spec.name).store(spec.name), spec.retention);
    }
    slot.buffered = std::make_unique<BufferedKeyValueBytesStore>(spec.name, *slot.buffer);
    stores->slots_.push_back(std::move(slot));
  }
  return stores;
}

void TaskStores::log_changes_to(ChangeLoggerFactory& factory, const WriteContextSource& source,
                                CacheBudget& cache_budget) {
  caches_.clear();
  for (Slot& slot : slots_) {
    slot.over.reset();  // before the logger that it writes to
    if (slot.spec.logged) slot.logger = factory.make_logger(slot.spec);
    if (slot.spec.caching) {
      auto caching = std::make_unique<CachingKeyValueBytesStore>(*slot.buffered, slot.logger.get(),
                                                                 slot.spec.timestamped, source, cache_budget);
      caches_.push_back(caching.get());
      slot.over = std::move(caching);
    } else if (slot.logger) {
      slot.over =
          std::make_unique<ChangeLoggingKeyValueBytesStore>(*slot.buffered, *slot.logger, slot.spec.timestamped);
    }
  }
}

KeyValueBytesStore* TaskStores::find(std::string_view name) {
  auto found = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) { return slot.spec.name == name; });
  return found == slots_.end() ? nullptr : &found->top();
}

TaskBackend& TaskStores::backend_of(const std::string& store) {
  auto found = std::find_if(specs_.begin(), specs_.end(), [&](const StoreSpec& spec) { return spec.name == store; });
  MILLRACE_ASSERT(found != specs_.end(), "the task has no store " + store);
  return found->persistent ? *persistent_ : *memory_;
}

std::vector<const CommittedStore*> TaskStores::committed() {
  std::vector<const CommittedStore*> stores;
  for (const StoreSpec& spec : specs_) stores.push_back(&backend_of(spec.name).store(spec.name).committed());
  return stores;
}

Result<void> TaskStores::wipe(const std::string& store) {
  for (Slot& slot : slots_) {
    if (slot.spec.name != store) continue;
    slot.buffer->clear();
    if (slot.cleaner) slot.cleaner->forget();
    if (auto* cache = slot.top().cache()) cache->clear();
  }
  return backend_of(store).wipe(store);
}

Result<void> TaskStores::restore(const std::string& store, const std::vector<RecordView>& records,
                                 ChangelogStamp stamp) {
  auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) { return s.spec.name == store; });
  TaskChanges changes;
  changes.stores.push_back({store, {}, std::move(stamp)});
  auto& entries = changes.stores.front().changes;
  std::vector<Bytes> timestamped;  // reserved: entries borrow from its elements
  if (slot->spec.timestamped) timestamped.reserve(records.size());
  entries.reserve(records.size());
  for (const RecordView& record : records) {
    if (!record.key) continue;  // not one of ours: changelogs are keyed
    if (!slot->spec.timestamped || !record.value) {
      entries.push_back({*record.key, record.value});
      continue;
    }
    encode_timestamped(record.timestamp, *record.value, timestamped.emplace_back());
    entries.push_back({*record.key, BytesView(timestamped.back())});
  }
  return backend_of(store).apply(changes);
}

void TaskStores::seal() {
  for (Slot& slot : slots_) slot.buffer->seal();
  for (CachingKeyValueBytesStore* cache : caches_) cache->seal();
}

void TaskStores::rollback() {
  for (Slot& slot : slots_) slot.buffer->rollback();
  for (CachingKeyValueBytesStore* cache : caches_) cache->rollback();
}

TaskStores::Savepoint TaskStores::savepoint() const {
  Savepoint now;
  for (const Slot& slot : slots_) now.buffers.push_back(slot.buffer->mark());
  for (const CachingKeyValueBytesStore* cache : caches_) now.caches.push_back(cache->mark());
  return now;
}

void TaskStores::rollback(const Savepoint& to) {
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].buffer->rollback(to.buffers[i]);
  for (std::size_t i = 0; i < caches_.size(); ++i) caches_[i]->rollback(to.caches[i]);
}

void TaskStores::freeze() {
  MILLRACE_ASSERT(pending_cache() == nullptr, "a change would be committed that nobody was told");
  for (Slot& slot : slots_) slot.buffer->freeze();
}

Result<void> TaskStores::apply_to(TaskBackend& backend, bool persistent,
                                  const std::map<std::string, ChangelogStamp>& stamps,
                                  const ObservedTimes::Snapshot& times) {
  TaskChanges changes;
  bool anything = false;
  for (Slot& slot : slots_) {
    if (slot.spec.persistent != persistent) continue;
    TaskChanges::Store store{slot.spec.name, {}, std::nullopt};
    slot.buffer->collect_frozen(store.changes);
    if (slot.cleaner) MILLRACE_TRY(slot.cleaner->collect(find_observed_time(times, slot.spec.name), store.changes));
    if (auto stamp = stamps.find(slot.spec.name); stamp != stamps.end()) store.stamp = stamp->second;
    anything |= store.stamp.has_value() || !store.changes.empty();
    changes.stores.push_back(std::move(store));
  }
  if (!anything) return {};
  return backend.apply(changes);
}

Result<void> TaskStores::apply_frozen(const std::map<std::string, ChangelogStamp>& stamps,
                                      const ObservedTimes::Snapshot& times) {
  MILLRACE_CRASH_POINT("state/before-apply");
  if (persistent_) MILLRACE_TRY(apply_to(*persistent_, true, stamps, times));
  if (memory_) MILLRACE_TRY(apply_to(*memory_, false, stamps, times));
  MILLRACE_CRASH_POINT("state/after-apply");
  for (Slot& slot : slots_) {
    slot.buffer->commit_frozen();
    if (!slot.cleaner) continue;
    for (const Bytes& key : slot.cleaner->collected()) slot.buffer->forget_clean(key);
    if (slot.cleaner->horizon()) slot.buffer->learn_horizon(*slot.cleaner->horizon());
  }
  return {};
}

void TaskStores::drop_all() {
  for (Slot& slot : slots_) slot.buffer->drop_all();
  for (CachingKeyValueBytesStore* cache : caches_) cache->clear();
}

CachingKeyValueBytesStore* TaskStores::pending_cache() const {
  auto found = std::find_if(caches_.begin(), caches_.end(), [](const auto* cache) { return cache->pending(); });
  return found == caches_.end() ? nullptr : *found;
}

CachingKeyValueBytesStore* TaskStores::fullest_cache() const {
  auto fullest = std::max_element(caches_.begin(), caches_.end(), [](const auto* left, const auto* right) {
    return left->pending_bytes() < right->pending_bytes();
  });
  return fullest == caches_.end() || !(*fullest)->pending() ? nullptr : *fullest;
}

std::int64_t TaskStores::dirty_bytes() const {
  std::int64_t bytes = 0;
  for (const Slot& slot : slots_) bytes += slot.buffer->dirty_bytes();
  return bytes;
}

}  // namespace millrace
