// TaskBackend: the committed state of one task: all its stores and how far each has come in its changelog, changed
// together or not at all. The RocksDB adapter fills it durably; MemoryTaskBackend in memory.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <millrace/model/ids.hpp>
#include <millrace/state/key_value_bytes_store.hpp>

namespace millrace {

/// How far a store has come: the next changelog offset to apply, and of which topic. For a store without a changelog
/// the runtime has a stamp of its own, which backends keep as they keep others.
struct ChangelogStamp {
  std::string topic_id;  ///< empty: never stamped
  Offset next;           ///< offset to go on from
  friend bool operator==(const ChangelogStamp&, const ChangelogStamp&) = default;
};

/// The committed entries of one store, for other threads than the owner's, while it reads and applies. Every apply()
/// is seen whole or not at all. Thread-safe.
/// REQUIRES: no call is under way, and no iterator is left, when the store is wiped or its backend goes. Whoever hands
/// it out sees to that (runtime: TaskReads).
class CommittedStore {
 public:
  CommittedStore() = default;
  CommittedStore(const CommittedStore&) = delete;
  CommittedStore& operator=(const CommittedStore&) = delete;
  virtual ~CommittedStore() = default;

  /// Puts the value into `value` and returns true, or returns false. Errors: StateReadFailed, StateCorrupted.
  [[nodiscard]] virtual Result<bool> get(BytesView key, Bytes& value) const = 0;
  /// A snapshot as of now. The iterator is used by one thread at a time. Errors: StateReadFailed.
  [[nodiscard]] virtual Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) const = 0;
  /// How many entries there are; may be an estimate.
  [[nodiscard]] virtual std::uint64_t approximate_entries() const = 0;
};

/// Committed entries of one store. Thread: reads by the owner of the task.
class StoreBackend {
 public:
  StoreBackend() = default;
  StoreBackend(const StoreBackend&) = delete;
  StoreBackend& operator=(const StoreBackend&) = delete;
  virtual ~StoreBackend() = default;

  /// Puts the value into `value` and returns true, or returns false. Errors: StateReadFailed, StateCorrupted.
  [[nodiscard]] virtual Result<bool> get(BytesView key, Bytes& value) = 0;
  /// A snapshot as of now, in the direction that `range` says. It may outlive the backend.
  [[nodiscard]] virtual Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) = 0;
  /// How many entries there are; may be an estimate.
  [[nodiscard]] virtual std::uint64_t approximate_entries() const = 0;
  /// The same entries for other threads. Owned by the backend.
  [[nodiscard]] virtual const CommittedStore& committed() const = 0;
};

/// One change of one store; borrows its bytes.
struct StateChange {
  BytesView key;            ///< serialized
  OptionalBytesView value;  ///< null deletes
};

/// What a commit, or a batch of restoring, changes.
struct TaskChanges {
  /// What changes in one store.
  struct Store {
    std::string name;                     ///< of the store
    std::vector<StateChange> changes;     ///< in any order; each key once
    std::optional<ChangelogStamp> stamp;  ///< where its changelog stands afterwards
  };
  std::vector<Store> stores;  ///< all that change
};

/// Where the stores of one task are kept. Thread: one owner.
class TaskBackend {
 public:
  TaskBackend() = default;
  TaskBackend(const TaskBackend&) = delete;
  TaskBackend& operator=(const TaskBackend&) = delete;
  virtual ~TaskBackend() = default;

  /// REQUIRES: the store was named when the backend was opened. Owned by the backend.
  [[nodiscard]] virtual StoreBackend& store(const std::string& name) = 0;
  /// Default-constructed if the store was never stamped.
  [[nodiscard]] virtual Result<ChangelogStamp> stamp(const std::string& store) = 0;
  /// Atomic, also over a killed process. Errors: StateFull, StateWriteFailed; after one it takes no more.
  [[nodiscard]] virtual Result<void> apply(const TaskChanges& changes) = 0;
  /// Empties one store and its stamp. Errors: as of apply().
  [[nodiscard]] virtual Result<void> wipe(const std::string& store) = 0;
};

/// Opens the persistent state of tasks.
class TaskBackendFactory {
 public:
  TaskBackendFactory() = default;
  TaskBackendFactory(const TaskBackendFactory&) = delete;
  TaskBackendFactory& operator=(const TaskBackendFactory&) = delete;
  virtual ~TaskBackendFactory() = default;

  /// Opens or creates the state in `directory`, with exactly these stores; others found there are dropped.
  /// Errors: StateCorrupted (wipe the directory and open again), StateDirectoryUnusable.
  [[nodiscard]] virtual Result<std::unique_ptr<TaskBackend>> open(const std::filesystem::path& directory,
                                                                  const std::vector<std::string>& stores) = 0;
  /// Deletes the directory's state. Errors: StateDirectoryUnusable.
  [[nodiscard]] virtual Result<void> destroy(const std::filesystem::path& directory) = 0;
};

}  // namespace millrace
