// MemoryCommittedStore: one store in memory, as other threads read it: under a lock that is shared with the apply() of
// its task, a chunk at a time.
#pragma once

#include <map>
#include <memory>

#include <millrace/base/read_mostly_mutex.hpp>
#include <millrace/state/task_backend.hpp>

#include "memory_history.hpp"

namespace millrace {

/// The entries and what guards them. The owner writes under the lock, and reads without it: nobody else writes.
struct MemoryStoreData {
  using Entries = std::map<Bytes, Bytes, std::less<>>;

  explicit MemoryStoreData(ReadMostlyMutex& mutex_of_task) : mutex(mutex_of_task) {}

  ReadMostlyMutex& mutex;  ///< one for all stores of a task: an apply() changes them together
  std::shared_ptr<Entries> entries = std::make_shared<Entries>();
  MemoryHistory history;
};

class MemoryCommittedStore final : public CommittedStore {
 public:
  explicit MemoryCommittedStore(MemoryStoreData& data) : data_(data) {}

  Result<bool> get(BytesView key, Bytes& value) const override;
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) const override;
  std::uint64_t approximate_entries() const override;

 private:
  MemoryStoreData& data_;
};

}  // namespace millrace
