// DurableMemoryState: the disk of one simulated process: the state of its tasks, which outlives threads and crashes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <millrace/state/task_backend.hpp>

namespace millrace {

/// As atomic as the RocksDB backend: an apply() is there as a whole or not at all, whenever its process dies. As there,
/// one directory is open once at a time; and what was written last may be gone after a power cut.
/// Thread: one owner; outlives its backends.
class DurableMemoryState final : public TaskBackendFactory {
 public:
  using Entries = std::map<Bytes, Bytes, std::less<>>;  ///< a store's content
  /// One store as it lies on the disk.
  struct Store {
    std::shared_ptr<const Entries> entries = std::make_shared<Entries>();  ///< never null
    ChangelogStamp stamp;                                                  ///< how far the changelog went into it
  };
  /// All stores of one task, by name.
  using Stores = std::map<std::string, Store>;

  /// Errors: StateDirectoryUnusable if the directory is open.
  Result<std::unique_ptr<TaskBackend>> open(const std::filesystem::path& directory,
                                            const std::vector<std::string>& stores) override;
  /// Errors: StateDirectoryUnusable if the directory is open.
  Result<void> destroy(const std::filesystem::path& directory) override;

  /// Takes the last `changes` writes of every directory back, as far as they are remembered (eight): the disk lost
  /// power. REQUIRES: nothing is open.
  void lose_last(std::size_t changes);

  /// The directories in use, in order.
  [[nodiscard]] std::vector<std::string> directories() const;
  /// What is there now; empty if the directory is not.
  [[nodiscard]] Stores contents(const std::string& directory) const;

  /// Called after each change of a directory.
  void on_change(std::function<void(const std::string& directory)> watcher) { watcher_ = std::move(watcher); }

 private:
  friend class DurableMemoryBackend;
  struct Directory {
    std::string name;
    Stores stores;
    std::deque<Stores> before;  // the last changes
    bool open = false;
  };
  void changing(Directory& directory);
  void changed(const Directory& directory);

  std::map<std::string, std::shared_ptr<Directory>> directories_;
  std::function<void(const std::string&)> watcher_;
};

}  // namespace millrace
