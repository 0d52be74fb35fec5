#include <millrace/state/window_cleaner.hpp>

#include <algorithm>

#include <millrace/state/window_key.hpp>

namespace millrace {

namespace {

// What a commit without writes looks at; those with more do more.
constexpr std::size_t kEntriesAtLeast = 256;
// A walk begins when a quarter of the retention can be gone: not for each millisecond.
constexpr int kPartOfRetention = 4;

}  // namespace

void WindowCleaner::forget() {
  oldest_ = Timestamp::min();
  walking_ = false;
  cursor_.reset();
  latest_met_ = Timestamp::min();
  horizon_.reset();
}

void WindowCleaner::note_writes(const std::vector<StateChange>& changes) {
  for (const StateChange& change : changes) {
    if (!change.value) continue;
    auto key = parse_window_key(change.key);
    if (!key) continue;
    oldest_ = std::min(oldest_, key->start);
    oldest_met_ = std::min(oldest_met_, key->start);
  }
}

// Where windows are shorter than the time between two commits, most of what is written is gone when it is committed. An
// older value of such a window, if there is one, is met by the walk.
void WindowCleaner::drop_expired(Timestamp last_expired, std::vector<StateChange>& changes) {
  std::erase_if(changes, [&](const StateChange& change) {
    if (!change.value) return false;
    auto key = parse_window_key(change.key);
    if (!key || key->start > last_expired) return false;
    collected_.emplace_back(change.key);
    return true;
  });
}

Result<void> WindowCleaner::collect(Timestamp observed, std::vector<StateChange>& changes) {
  collected_.clear();
  if (observed == kNoTimestamp) {
    note_writes(changes);
    return {};
  }
  const Timestamp last_expired = last_expired_start(observed, retention_);
  drop_expired(last_expired, changes);
  const std::size_t dropped = collected_.size();
  note_writes(changes);
  const bool due = oldest_ == Timestamp::min() || last_expired >= shift_time(oldest_, retention_ / kPartOfRetention);
  if (!walking_ && !due) return {};
  if (!walking_) {
    walking_ = true;
    cursor_.reset();
    // What this commit writes is met by the walk, or was noted.
    oldest_met_ = Timestamp::max();
    note_writes(changes);
  }
  MILLRACE_TRY(walk(observed, kEntriesAtLeast + 2 * changes.size()));
  if (collected_.size() == dropped) return {};
  // Before the writes: a window may be written again in the very commit.
  std::vector<StateChange> all;
  all.reserve(collected_.size() - dropped + changes.size());
  for (std::size_t i = dropped; i < collected_.size(); ++i) all.push_back({collected_[i], std::nullopt});
  all.insert(all.end(), changes.begin(), changes.end());
  changes.swap(all);
  return {};
}

Result<void> WindowCleaner::walk(Timestamp observed, std::size_t entries) {
  const Timestamp last_expired = last_expired_start(observed, retention_);
  auto opened = backend_.range({cursor_, std::nullopt});
  if (!opened) return opened.error();
  KeyValueIterator& at = **opened;
  for (; at.valid() && entries > 0; at.next(), --entries) {
    auto key = parse_window_key(at.key());
    if (!key) continue;
    latest_met_ = std::max(latest_met_, key->start);
    if (key->start <= last_expired) collected_.emplace_back(at.key());
    else oldest_met_ = std::min(oldest_met_, key->start);
  }
  if (at.valid()) {
    cursor_ = Bytes(at.key());
    return {};
  }
  MILLRACE_TRY(at.status());
  walking_ = false;
  oldest_ = oldest_met_;
  if (!horizon_) horizon_ = shift_time(std::max(latest_met_, observed), milliseconds(1));
  return {};
}

}  // namespace millrace
