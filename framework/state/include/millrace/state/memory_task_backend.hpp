// MemoryTaskBackend: state that lives as long as the process; restored in full at each start. Other threads that read
// it wait while a commit is applied, and a commit for as long as one read, or 64 KiB of a walk, takes to copy.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <millrace/base/read_mostly_mutex.hpp>
#include <millrace/state/task_backend.hpp>

namespace millrace {

class MemoryStoreBackend;

/// The stores of a task in memory; gone with the object.
class MemoryTaskBackend final : public TaskBackend {
 public:
  explicit MemoryTaskBackend(const std::vector<std::string>& stores);  ///< Empty stores of these names.
  ~MemoryTaskBackend() override;

  StoreBackend& store(const std::string& name) override;
  Result<ChangelogStamp> stamp(const std::string& store) override;
  Result<void> apply(const TaskChanges& changes) override;
  Result<void> wipe(const std::string& store) override;

 private:
  ReadMostlyMutex mutex_;  // guards the entries against other threads; the owner reads without it
  std::map<std::string, std::unique_ptr<MemoryStoreBackend>> stores_;
  std::map<std::string, ChangelogStamp> stamps_;
};

/// Makes MemoryTaskBackends that forget when they are closed; `directory` is not used.
class MemoryTaskBackendFactory final : public TaskBackendFactory {
 public:
  Result<std::unique_ptr<TaskBackend>> open(const std::filesystem::path&,
                                            const std::vector<std::string>& stores) override {
    return std::unique_ptr<TaskBackend>(std::make_unique<MemoryTaskBackend>(stores));
  }
  Result<void> destroy(const std::filesystem::path&) override { return {}; }
};

}  // namespace millrace
