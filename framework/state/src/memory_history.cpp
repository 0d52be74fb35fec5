#include "memory_history.hpp"

namespace millrace {

std::uint64_t MemoryHistory::open_snapshot() {
  std::lock_guard lock(snapshots_mutex_);
  snapshots_.insert(applies_);
  return applies_;
}

void MemoryHistory::close_snapshot(std::uint64_t number) {
  std::lock_guard lock(snapshots_mutex_);
  snapshots_.erase(snapshots_.find(number));
}

void MemoryHistory::begin_apply() {
  ++applies_;
  std::optional<std::uint64_t> oldest;
  {
    std::lock_guard lock(snapshots_mutex_);
    if (!snapshots_.empty()) oldest = *snapshots_.begin();
  }
  watched_ = oldest.has_value();
  if (oldest) return forget_before(*oldest);
  versions_.clear();
  in_order_.clear();
}

void MemoryHistory::forget_before(std::uint64_t snapshot) {
  for (; !in_order_.empty() && in_order_.front().first <= snapshot; in_order_.pop_front()) {
    auto found = versions_.find(in_order_.front().second);
    found->second.erase(found->second.begin());
    if (found->second.empty()) versions_.erase(found);
  }
}

void MemoryHistory::keep(BytesView key, const Bytes* value) {
  auto found = versions_.find(key);
  if (found == versions_.end()) found = versions_.emplace(Bytes(key), std::vector<Version>()).first;
  std::vector<Version>& versions = found->second;
  if (!versions.empty() && versions.back().replaced_by == applies_) return;
  versions.push_back({applies_, value != nullptr ? std::optional<Bytes>(*value) : std::nullopt});
  in_order_.emplace_back(applies_, found->first);
}

const MemoryHistory::Version* MemoryHistory::seen_by(std::uint64_t snapshot, const std::vector<Version>& versions) {
  for (const Version& version : versions) {
    if (version.replaced_by > snapshot) return &version;
  }
  return nullptr;
}

}  // namespace millrace
