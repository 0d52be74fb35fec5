#include <millrace/state/window_bytes_store.hpp>

#include <algorithm>
#include <limits>

#include <millrace/base/assert.hpp>

namespace millrace {

// A range from one window of a key to another may meet windows of longer keys that begin with this one.
void WindowIterator::settle() {
  current_.reset();
  for (; entries_->valid(); entries_->next()) {
    auto found = parse_window_key(entries_->key());
    if (!found || found->start < filter_.from || found->start > filter_.to) continue;
    if (filter_.key && found->key != BytesView(*filter_.key)) continue;
    current_ = found;
    return;
  }
}

WindowBytesStore::WindowBytesStore(KeyValueBytesStore& entries, ObservedTimes& times, milliseconds retention,
                                   bool retain_duplicates)
    : entries_(entries),
      times_(times),
      time_(times.open(entries.name())),
      retention_(retention),
      retain_duplicates_(retain_duplicates) {}

void WindowBytesStore::compose(BytesView key, Timestamp start, std::int32_t sequence) {
  stored_key_.assign(key);
  append_window_suffix(stored_key_, start, sequence);
}

Result<bool> WindowBytesStore::put(BytesView key, Timestamp start, OptionalBytesView value) {
  if (start < Timestamp{}) return false;
  if (retain_duplicates_ && !value) return true;
  times_.observe(time_, start);
  if (start < first_live()) return false;
  compose(key, start, 0);
  if (retain_duplicates_) {
    auto sequence = first_free_sequence();
    if (!sequence) return sequence.error();
    compose(key, start, *sequence);
  }
  MILLRACE_TRY(entries_.put(stored_key_, value));
  return true;
}

/// Whether the window in stored_key_ has an entry of that sequence.
Result<bool> WindowBytesStore::taken(std::int32_t sequence) {
  stored_key_.resize(stored_key_.size() - sizeof(sequence));
  append_big_endian(stored_key_, sequence);
  auto found = entries_.get(stored_key_);
  if (!found) return found.error();
  return found->has_value();
}

// Asks the store, since a counter would be a member: it would begin anew after a crash, and overwrite. Leaps, then
// halves: a window with many duplicates takes few reads.
Result<std::int32_t> WindowBytesStore::first_free_sequence() {
  std::int32_t taken_below = -1;  // taken, or none
  std::int32_t free_at = 0;
  for (std::int32_t leap = 1;; leap *= 2) {
    auto is_taken = taken(free_at);
    if (!is_taken) return is_taken.error();
    if (!*is_taken) break;
    taken_below = free_at;
    MILLRACE_ASSERT(leap < std::numeric_limits<std::int32_t>::max() / 4, "a window holds 500 million duplicates");
    free_at += leap;
  }
  while (free_at - taken_below > 1) {
    const std::int32_t middle = taken_below + (free_at - taken_below) / 2;
    auto is_taken = taken(middle);
    if (!is_taken) return is_taken.error();
    (*is_taken ? taken_below : free_at) = middle;
  }
  return free_at;
}

Result<OptionalBytesView> WindowBytesStore::get(BytesView key, Timestamp start) {
  if (start < first_live()) return OptionalBytesView();
  compose(key, start, 0);
  return entries_.get(stored_key_);
}

Result<WindowIterator> WindowBytesStore::fetch(BytesView key, Timestamp from, Timestamp to, KeyOrder order) {
  from = std::max(from, first_live());
  if (to < from) return WindowIterator();
  KeyRange range{Bytes(), Bytes(), order, true};
  for (Bytes* bound : {&*range.from, &*range.to}) {
    bound->reserve(key.size() + kWindowSuffixBytes);
    bound->append(key);
  }
  append_window_suffix(*range.from, from);
  // Sequences are not negative: this one comes behind all.
  append_window_suffix(*range.to, to, -1);
  auto entries = entries_.range(range);
  if (!entries) return entries.error();
  return WindowIterator(std::move(*entries), {Bytes(key), from, to});
}

Result<WindowIterator> WindowBytesStore::fetch_all(Timestamp from, Timestamp to, KeyOrder order) {
  from = std::max(from, first_live());
  if (to < from) return WindowIterator();
  auto entries = entries_.range({std::nullopt, std::nullopt, order});
  if (!entries) return entries.error();
  return WindowIterator(std::move(*entries), {std::nullopt, from, to});
}

}  // namespace millrace
