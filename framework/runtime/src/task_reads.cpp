#include <millrace/runtime/task_reads.hpp>

#include <algorithm>
#include <optional>
#include <shared_mutex>

#include <millrace/base/assert.hpp>

namespace millrace {

/// An iterator of the store that can be taken away from its user. Holds copies of key and value: what it borrows from
/// may go at any time.
class TaskReads::LeasedIterator final : public KeyValueIterator {
 public:
  /// REQUIRES: a lease is held.
  LeasedIterator(std::shared_ptr<TaskReads> reads, std::size_t store, std::unique_ptr<KeyValueIterator> inner)
      : reads_(std::move(reads)), store_(store), inner_(std::move(inner)) {
    take_entry();
    reads_->enter(*this);
  }
  ~LeasedIterator() override {
    // In this order: as long as it is known, withdraw() waits for what it holds.
    end();
    reads_->leave(*this);
  }

  bool valid() const override { return valid_; }
  void next() override {
    std::lock_guard lock(mutex_);
    if (!inner_) {
      valid_ = false;
      gone_ = true;
      return;
    }
    inner_->next();
    take_entry();
  }
  BytesView key() const override { return key_; }
  BytesView value() const override { return value_; }
  Result<void> status() const override {
    if (gone_) return reads_->absent(store_);
    if (failure_) return *failure_;
    return {};
  }

  /// Lets go of the store. Thread: any.
  void end() {
    std::lock_guard lock(mutex_);
    inner_.reset();
  }

 private:
  void take_entry() {
    valid_ = inner_->valid();
    if (valid_) {
      key_.assign(inner_->key());
      value_.assign(inner_->value());
      return;
    }
    if (auto status = inner_->status(); !status) failure_ = reads_->located(status.error(), store_);
  }

  std::shared_ptr<TaskReads> reads_;
  const std::size_t store_;
  std::mutex mutex_;
  std::unique_ptr<KeyValueIterator> inner_;  // guarded by mutex_
  // The user's.
  Bytes key_;
  Bytes value_;
  bool valid_ = false;
  bool gone_ = false;
  std::optional<Error> failure_;
};

TaskReads::Publication TaskReads::publish(std::vector<const CommittedStore*> stores) {
  MILLRACE_ASSERT(stores.size() == names_.size(), "every store of the task is published");
  std::unique_lock lock(leases_);
  end_iterators();
  stores_ = std::move(stores);
  return ++publication_;
}

void TaskReads::withdraw(Publication publication) {
  std::unique_lock lock(leases_);
  if (publication != publication_) return;
  stores_.clear();
  end_iterators();
}

void TaskReads::end_iterators() {
  // No iterator is made while the leases are held: these are all.
  std::lock_guard iterators_lock(iterators_mutex_);
  for (LeasedIterator* iterator : iterators_) iterator->end();
}

bool TaskReads::published() const {
  std::shared_lock lease(leases_);
  return stores_.size() == names_.size();
}

std::size_t TaskReads::index_of(const std::string& store) const {
  auto found = std::find(names_.begin(), names_.end(), store);
  MILLRACE_ASSERT(found != names_.end(), "the task has no store " + store);
  return static_cast<std::size_t>(found - names_.begin());
}

Result<bool> TaskReads::get(std::size_t store, BytesView key, Bytes& value) const {
  {
    std::shared_lock lease(leases_);
    if (!stores_.empty()) [[likely]] {
      auto found = stores_[store]->get(key, value);
      if (!found) [[unlikely]]
        return located(found.error(), store);
      return found;
    }
  }
  return absent(store);
}

Result<std::unique_ptr<KeyValueIterator>> TaskReads::range(std::size_t store, const KeyRange& range) {
  {
    std::shared_lock lease(leases_);
    if (!stores_.empty()) {
      auto inner = stores_[store]->range(range);
      if (!inner) return located(inner.error(), store);
      return std::unique_ptr<KeyValueIterator>(
          std::make_unique<LeasedIterator>(shared_from_this(), store, std::move(*inner)));
    }
  }
  return absent(store);
}

Result<std::uint64_t> TaskReads::approximate_entries(std::size_t store) const {
  {
    std::shared_lock lease(leases_);
    if (!stores_.empty()) return stores_[store]->approximate_entries();
  }
  return absent(store);
}

Error TaskReads::absent(std::size_t store) const {
  return explain_(task_, names_[store]).at({.task = to_string(task_), .store = names_[store]});
}

Error TaskReads::located(const Error& error, std::size_t store) const {
  return error.at({.task = to_string(task_), .store = names_[store]});
}

void TaskReads::enter(LeasedIterator& iterator) {
  std::lock_guard lock(iterators_mutex_);
  iterators_.push_back(&iterator);
}

void TaskReads::leave(LeasedIterator& iterator) {
  std::lock_guard lock(iterators_mutex_);
  iterators_.erase(std::find(iterators_.begin(), iterators_.end(), &iterator));
}

}  // namespace millrace
