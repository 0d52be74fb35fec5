// FaultyState: a disk whose reads find damage now and then. What is damaged is wiped and restored.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "forwarding.hpp"

namespace millrace::simulation {

class FaultyStoreBackend final : public StoreBackend {
 public:
  FaultyStoreBackend(StoreBackend& behind, const std::function<bool()>& damaged)
      : behind_(behind), damaged_(damaged) {}
  Result<bool> get(BytesView key, Bytes& value) override {
    if (damaged_()) return damage();
    return behind_.get(key, value);
  }
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) override {
    if (damaged_()) return damage();
    return behind_.range(range);
  }
  std::uint64_t approximate_entries() const override { return behind_.approximate_entries(); }
  const CommittedStore& committed() const override { return behind_.committed(); }

  static Error damage() { return Error(ErrorCode::StateCorrupted, "the simulated disk has a damaged block"); }

 private:
  StoreBackend& behind_;
  const std::function<bool()>& damaged_;
};

class FaultyBackend final : public ForwardingBackend {
 public:
  FaultyBackend(std::unique_ptr<TaskBackend> behind, const std::function<bool()>& damaged)
      : ForwardingBackend(std::move(behind)), damaged_(damaged) {}
  StoreBackend& store(const std::string& name) override {
    auto& store = stores_[name];
    if (!store) store = std::make_unique<FaultyStoreBackend>(ForwardingBackend::store(name), damaged_);
    return *store;
  }

 private:
  const std::function<bool()>& damaged_;
  std::map<std::string, std::unique_ptr<FaultyStoreBackend>> stores_;
};

class FaultyState final : public TaskBackendFactory {
 public:
  /// `damaged` is asked at each read and each opening.
  FaultyState(TaskBackendFactory& behind, std::function<bool()> damaged)
      : behind_(behind), damaged_(std::move(damaged)) {}
  Result<std::unique_ptr<TaskBackend>> open(const std::filesystem::path& directory,
                                            const std::vector<std::string>& stores) override {
    if (!new_and_clean_ && damaged_()) return FaultyStoreBackend::damage();
    new_and_clean_ = false;
    auto opened = behind_.open(directory, stores);
    if (!opened) return opened.error();
    return std::unique_ptr<TaskBackend>(std::make_unique<FaultyBackend>(std::move(*opened), damaged_));
  }
  Result<void> destroy(const std::filesystem::path& directory) override {
    new_and_clean_ = true;  // what is opened next
    return behind_.destroy(directory);
  }

 private:
  TaskBackendFactory& behind_;
  const std::function<bool()> damaged_;
  bool new_and_clean_ = false;
};

}  // namespace millrace::simulation
