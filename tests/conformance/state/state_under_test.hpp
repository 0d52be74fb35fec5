// What every kind of task state is tested through. A new one adds a factory to kAllBackends.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/state/buffered_key_value_bytes_store.hpp>
#include <millrace/state/task_backend.hpp>

namespace millrace::state_conformance {

/// What fills the port TaskBackendFactory.
struct BackendKind {
  const char* name;
  bool persistent;  ///< what was applied is there again after closing and opening
  std::unique_ptr<TaskBackendFactory> (*make)();
};
inline std::ostream& operator<<(std::ostream& out, const BackendKind& kind) { return out << kind.name; }

extern const std::vector<BackendKind> kAllBackends;

/// One task's state in a directory of its own, which can be closed and opened again.
class TaskState {
 public:
  TaskState(const BackendKind& kind, std::vector<std::string> stores);
  ~TaskState();
  TaskState(const TaskState&) = delete;
  TaskState& operator=(const TaskState&) = delete;

  [[nodiscard]] TaskBackend& backend() { return *backend_; }
  [[nodiscard]] TaskBackendFactory& factory() { return *factory_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  /// REQUIRES: no iterator of it is alive.
  void close() { backend_.reset(); }
  void open(const std::vector<std::string>& stores) { backend_ = factory_->open(directory_, stores).value(); }
  void reopen();

 private:
  std::vector<std::string> stores_;
  std::filesystem::path directory_;
  std::unique_ptr<TaskBackendFactory> factory_;
  std::unique_ptr<TaskBackend> backend_;
};

using Entry = std::pair<Bytes, Bytes>;
using Entries = std::vector<Entry>;
using Map = std::map<Bytes, Bytes>;

/// What is left of the walk. Fails the test if it does not end well.
Entries drain(KeyValueIterator& iterator);
Entries read(StoreBackend& store, const KeyRange& range = {});
Entries read(KeyValueBytesStore& store, const KeyRange& range = {});
/// What a walk over `map` shows.
Entries slice(const Map& map, const KeyRange& range);

/// A change that owns its bytes.
struct OwnedChange {
  Bytes key;
  std::optional<Bytes> value;
};
/// Borrows the changes.
TaskChanges::Store changes_of(const std::string& store, const std::vector<OwnedChange>& changes,
                              std::optional<ChangelogStamp> stamp = std::nullopt);
void apply(TaskBackend& backend, const std::string& store, const std::vector<OwnedChange>& changes,
           std::optional<ChangelogStamp> stamp = std::nullopt);

}  // namespace millrace::state_conformance
