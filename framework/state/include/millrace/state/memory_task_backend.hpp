// MemoryTaskBackend: state that lives as long as the process; restored in full at each start.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <millrace/state/task_backend.hpp>

namespace millrace {

class MemoryStoreBackend;

class MemoryTaskBackend final : public TaskBackend {
 public:
  explicit MemoryTaskBackend(const std::vector<std::string>& stores);
  ~MemoryTaskBackend() override;

  StoreBackend& store(const std::string& name) override;
  Result<ChangelogStamp> stamp(const std::string& store) override;
  Result<void> apply(const TaskChanges& changes) override;
  Result<void> wipe(const std::string& store) override;

 private:
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
