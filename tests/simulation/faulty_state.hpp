// FaultyState: a disk whose reads find damage now and then, and whose writes no space. What is damaged is wiped and
// restored; what found no space is opened anew.
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
  FaultyStoreBackend(StoreBackend& behind, const std::function<bool()>& damaged) : behind_(behind), damaged_(damaged) {}
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
  FaultyBackend(std::unique_ptr<TaskBackend> behind, const std::function<bool()>& damaged,
                const std::function<bool()>& full)
      : ForwardingBackend(std::move(behind)), damaged_(damaged), full_(full) {}
  Result<void> apply(const TaskChanges& changes) override {
    if (finds_no_space()) return no_space();
    return ForwardingBackend::apply(changes);
  }
  Result<void> wipe(const std::string& store) override {
    if (finds_no_space()) return no_space();
    return ForwardingBackend::wipe(store);
  }
  static Error no_space() { return Error(ErrorCode::StateFull, "the simulated disk is full"); }
  StoreBackend& store(const std::string& name) override {
    auto& store = stores_[name];
    if (!store) store = std::make_unique<FaultyStoreBackend>(ForwardingBackend::store(name), damaged_);
    return *store;
  }

 private:
  /// After one failed write there is none.
  bool finds_no_space() { return found_none_ = found_none_ || full_(); }

  const std::function<bool()>& damaged_;
  const std::function<bool()>& full_;
  bool found_none_ = false;
  std::map<std::string, std::unique_ptr<FaultyStoreBackend>> stores_;
};

class FaultyState final : public TaskBackendFactory {
 public:
  /// `damaged` is asked at each read and each opening, `full` at each write and each opening.
  FaultyState(TaskBackendFactory& behind, std::function<bool()> damaged, std::function<bool()> full)
      : behind_(behind), damaged_(std::move(damaged)), full_(std::move(full)) {}
  Result<std::unique_ptr<TaskBackend>> open(const std::filesystem::path& directory,
                                            const std::vector<std::string>& stores) override {
    if (full_()) return FaultyBackend::no_space();
    if (!new_and_clean_ && damaged_()) return FaultyStoreBackend::damage();
    new_and_clean_ = false;
    auto opened = behind_.open(directory, stores);
    if (!opened) return opened.error();
    return std::unique_ptr<TaskBackend>(std::make_unique<FaultyBackend>(std::move(*opened), damaged_, full_));
  }
  Result<void> destroy(const std::filesystem::path& directory) override {
    new_and_clean_ = true;  // what is opened next
    return behind_.destroy(directory);
  }

 private:
  TaskBackendFactory& behind_;
  const std::function<bool()> damaged_;
  const std::function<bool()> full_;
  bool new_and_clean_ = false;
};

}  // namespace millrace::simulation
