#include <millrace/state/recent_windows.hpp>

#include <algorithm>

namespace millrace {

void RecentWindows::forget() {
  horizon_.reset();
  indexed_ = false;
  groups_.clear();
}

bool RecentWindows::covers(BytesView stored_key) const {
  if (!horizon_) return false;
  const auto key = parse_window_key(stored_key);
  return key && key->start >= *horizon_;
}

bool RecentWindows::covers(const KeyRange& range) const {
  return range.windows_of_one_key && range.from && range.to && covers(*range.from);
}

void RecentWindows::index(BytesView stored_key, BufferedEntry& entry) {
  const auto key = parse_window_key(stored_key);
  if (!key) return;
  auto group = groups_.find(key->key);
  if (group == groups_.end()) group = groups_.emplace(Bytes(key->key), Group()).first;
  // Most entries are the latest of their key.
  group->second.insert_or_assign(group->second.end(), place_of(*key), &entry);
}

void RecentWindows::remove(BytesView stored_key) {
  if (!indexed_) return;
  const auto key = parse_window_key(stored_key);
  if (!key) return;
  const auto group = groups_.find(key->key);
  if (group == groups_.end()) return;
  group->second.erase(place_of(*key));
  if (group->second.empty()) groups_.erase(group);
}

void RecentWindows::lose(BytesView stored_key) {
  remove(stored_key);
  const auto key = parse_window_key(stored_key);
  if (horizon_ && key) horizon_ = std::max(*horizon_, shift_time(key->start, std::chrono::milliseconds(1)));
}

}  // namespace millrace
