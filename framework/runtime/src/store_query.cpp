#include <millrace/runtime/store_query.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>
#include <millrace/model/partitioner.hpp>

namespace millrace {

namespace {

/// Walks over several tasks at once. Few of them: the next entry is looked for among all.
class MergedTasksIterator final : public KeyValueIterator {
 public:
  MergedTasksIterator(std::vector<std::unique_ptr<KeyValueIterator>> tasks, KeyOrder order)
      : tasks_(std::move(tasks)), order_(order) {
    settle();
  }
  bool valid() const override { return at_ != nullptr; }
  void next() override {
    at_->next();
    settle();
  }
  BytesView key() const override { return at_->key(); }
  BytesView value() const override { return at_->value(); }
  Result<void> status() const override {
    for (const auto& task : tasks_) MILLRACE_TRY(task->status());
    return {};
  }

 private:
  void settle() {
    at_ = nullptr;
    for (const auto& task : tasks_) {
      if (!task->valid()) {
        // Where one task breaks off, entries may be missing: nothing is shown beyond.
        if (!task->status()) {
          at_ = nullptr;
          return;
        }
        continue;
      }
      if (at_ == nullptr) at_ = task.get();
      else if (order_ == KeyOrder::Ascending ? task->key() < at_->key() : at_->key() < task->key()) at_ = task.get();
    }
  }

  std::vector<std::unique_ptr<KeyValueIterator>> tasks_;
  const KeyOrder order_;
  KeyValueIterator* at_ = nullptr;
};

}  // namespace

StoreQuery::StoreQuery(StoreSpec spec, std::vector<std::shared_ptr<TaskReads>> tasks, StoreQueryOptions options)
    : spec_(std::move(spec)),
      tasks_(std::move(tasks)),
      index_(tasks_.front()->index_of(spec_.name)),
      options_(options) {}

/// nullptr: every task is asked.
const TaskReads* StoreQuery::task_of(BytesView key) const {
  if (options_.partition) return tasks_[static_cast<std::size_t>(options_.partition->value())].get();
  if (tasks_.size() == 1) return tasks_.front().get();
  if (options_.ask_every_partition) return nullptr;
  auto partition = partition_for_key(key, static_cast<std::int32_t>(tasks_.size()));
  return tasks_[static_cast<std::size_t>(partition.value())].get();
}

Result<bool> StoreQuery::get(BytesView key, BytesView routed_by, Bytes& value) const {
  if (const TaskReads* task = task_of(routed_by)) return task->get(index_, key, value);
  for (const auto& task : tasks_) {
    auto found = task->get(index_, key, value);
    if (!found || *found) return found;
  }
  return false;
}

Result<std::unique_ptr<KeyValueIterator>> StoreQuery::range(const KeyRange& range) const {
  std::vector<std::size_t> asked;
  if (options_.partition) return merge({static_cast<std::size_t>(options_.partition->value())}, range);
  for (std::size_t i = 0; i < tasks_.size(); ++i) asked.push_back(i);
  return merge(asked, range);
}

Result<std::unique_ptr<KeyValueIterator>> StoreQuery::range_of(BytesView routed_by, const KeyRange& range) const {
  const TaskReads* task = task_of(routed_by);
  return task == nullptr ? this->range(range)
                         : merge({static_cast<std::size_t>(task->task().partition.value())}, range);
}

Result<std::unique_ptr<KeyValueIterator>> StoreQuery::merge(const std::vector<std::size_t>& tasks,
                                                            const KeyRange& range) const {
  std::vector<std::unique_ptr<KeyValueIterator>> walks;
  for (std::size_t task : tasks) {
    auto walk = tasks_[task]->range(index_, range);
    if (!walk) return walk.error();
    if (tasks.size() == 1) return walk;
    walks.push_back(std::move(*walk));
  }
  return std::unique_ptr<KeyValueIterator>(std::make_unique<MergedTasksIterator>(std::move(walks), range.order));
}

Result<std::uint64_t> StoreQuery::approximate_entries() const {
  std::uint64_t sum = 0;
  for (const auto& task : tasks_) {
    if (options_.partition && task->task().partition != *options_.partition) continue;
    auto entries = task->approximate_entries(index_);
    if (!entries) return entries;
    sum += *entries;
  }
  return sum;
}

StoreRegistry::StoreRegistry(const Topology& topology, const std::vector<TaskId>& tasks, ExplainAbsence explain)
    : explanation_(std::make_shared<Explanation>()), stores_(topology.stores()) {
  explanation_->ask = std::move(explain);
  auto ask = [explanation = explanation_](TaskId task, const std::string& store) {
    std::lock_guard lock(explanation->mutex);
    if (explanation->ask) return explanation->ask(task, store);
    return Error(ErrorCode::StreamsNotRunning, "the application that the store belonged to is gone");
  };
  std::vector<TaskId> sorted = tasks;
  std::sort(sorted.begin(), sorted.end());
  for (TaskId task : sorted) {
    const std::vector<std::string>& stores = topology.subtopology(task.subtopology).stores;
    auto reads = std::make_shared<TaskReads>(task, stores, ask);
    tasks_.emplace(task, reads);
    for (const std::string& store : stores) tasks_of_store_[store].push_back(reads);
  }
}

TaskReads& StoreRegistry::reads(TaskId task) {
  auto found = tasks_.find(task);
  MILLRACE_ASSERT(found != tasks_.end(), "the topology has no task " + to_string(task));
  return *found->second;
}

Result<StoreQuery> StoreRegistry::query(const std::string& store, const StoreQueryOptions& options) const {
  auto spec = stores_.find(store);
  auto tasks = tasks_of_store_.find(store);
  if (spec == stores_.end() || tasks == tasks_of_store_.end()) {
    std::string known;
    for (const auto& [name, ignored] : tasks_of_store_) known += (known.empty() ? "" : ", ") + name;
    return Error(ErrorCode::StoreUnknown,
                 fmt::format("there is no state store \"{}\" (there are: {})", store, known.empty() ? "none" : known));
  }
  auto partitions = static_cast<std::int32_t>(tasks->second.size());
  if (options.partition && (options.partition->value() < 0 || options.partition->value() >= partitions)) {
    return Error(ErrorCode::StoreUnknown,
                 fmt::format("partition {} of the store is asked for, and it has partitions 0 to {}",
                             options.partition->value(), partitions - 1),
                 {.store = store});
  }
  return StoreQuery(spec->second, tasks->second, options);
}

bool StoreRegistry::all_published() const {
  return std::all_of(tasks_.begin(), tasks_.end(), [](const auto& task) { return task.second->published(); });
}

void StoreRegistry::detach() {
  std::lock_guard lock(explanation_->mutex);
  explanation_->ask = nullptr;
}

}  // namespace millrace
