#include <millrace/dsl/detail/unmatched_store.hpp>

#include <algorithm>
#include <cstdint>

#include <millrace/base/big_endian.hpp>

namespace millrace::detail {

namespace {

constexpr std::size_t kKeyPrefixBytes = sizeof(std::int64_t) + 1;
// ListSerializer: entries of any size, each behind its length.
constexpr char kVariableSize = 1;

void append_time(Bytes& out, Timestamp time) {
  append_big_endian(out, static_cast<std::int64_t>(time.time_since_epoch().count()));
}

Bytes bound_at(Timestamp time) {
  Bytes bound;
  append_time(bound, time);
  return bound;
}

Timestamp time_of(BytesView stored_key) {
  return Timestamp(std::chrono::milliseconds(read_big_endian<std::int64_t>(stored_key)));
}

/// Appends `value` of one side to a list; an empty list is begun.
void append_to_list(Bytes& list, bool left, BytesView value) {
  std::int32_t count = 0;
  if (list.empty()) list.push_back(kVariableSize);
  else count = read_big_endian<std::int32_t>(BytesView(list).substr(1));
  Bytes head(1, kVariableSize);
  append_big_endian(head, count + 1);
  list.replace(0, count == 0 ? 1 : head.size(), head);
  append_big_endian(list, static_cast<std::int32_t>(value.size() + 1));
  list.push_back(left ? '\1' : '\0');
  list += value;
}

Result<std::vector<Bytes>> values_of(BytesView list) {
  constexpr std::size_t kLength = sizeof(std::int32_t);
  std::vector<Bytes> values;
  list.remove_prefix(std::min(list.size(), 1 + kLength));
  while (list.size() > kLength) {
    const auto size = static_cast<std::size_t>(read_big_endian<std::int32_t>(list));
    list.remove_prefix(kLength);
    if (size == 0 || size > list.size()) break;
    values.emplace_back(list.substr(1, size - 1));
    list.remove_prefix(size);
  }
  if (!list.empty()) return Error(ErrorCode::StateCorrupted, "a list of unmatched records breaks off");
  return values;
}

}  // namespace

void UnmatchedStore::compose(bool left, BytesView key, Timestamp timestamp) {
  stored_key_.clear();
  append_time(stored_key_, timestamp);
  stored_key_.push_back(left ? '\1' : '\0');
  stored_key_ += key;
}

Result<void> UnmatchedStore::add(bool left, BytesView key, Timestamp timestamp, BytesView value) {
  compose(left, key, timestamp);
  auto present = entries_.get(stored_key_);
  if (!present) return present.error();
  Bytes list(present->value_or(BytesView()));
  append_to_list(list, left, value);
  const Timestamp closes = closes_after(left, timestamp);
  if (closes < times_.get(next_close_)) times_.set(next_close_, closes);
  return entries_.put(stored_key_, BytesView(list));
}

Result<void> UnmatchedStore::remove(bool left, BytesView key, Timestamp timestamp) {
  if (times_.get(next_close_) == Timestamp::max() || (!left && !right_)) return {};
  compose(left, key, timestamp);
  auto present = entries_.get(stored_key_);
  if (!present) return present.error();
  if (!*present) return {};
  return entries_.put(stored_key_, std::nullopt);
}

/// The earliest timestamp of an entry at or after `timestamp`; the end of time if there is none. A walk costs as much
/// as there are uncommitted entries within its bounds: these begin narrow.
Result<Timestamp> UnmatchedStore::first_from(Timestamp timestamp) {
  constexpr std::chrono::milliseconds kWidest = std::chrono::hours(24);
  for (std::chrono::milliseconds width(1);; width *= 8) {
    KeyRange range{bound_at(std::max(timestamp, Timestamp{})), std::nullopt};
    if (width < kWidest) range.to = bound_at(shift_time(timestamp, width));
    auto walk = entries_.range(range);
    if (!walk) return walk.error();
    if ((*walk)->valid()) return time_of((*walk)->key());
    MILLRACE_TRY((*walk)->status());
    if (!range.to) return Timestamp::max();
    timestamp = shift_time(timestamp, width);
  }
}

Result<std::vector<UnmatchedStore::Closed>> UnmatchedStore::take_closed(Timestamp stream_time) {
  const auto reach = right_ ? std::min(windows_.after(), windows_.before()) : windows_.after();
  // What has this timestamp, or a later one, is open on either side.
  const Timestamp open_from = std::max(shift_time(shift_time(stream_time, -windows_.grace()), -reach), Timestamp{});
  Timestamp next = Timestamp::max();
  std::vector<Closed> closed;
  auto walk = entries_.range({std::nullopt, bound_at(open_from)});
  if (!walk) return walk.error();
  for (KeyValueIterator& at = **walk; at.valid(); at.next()) {
    const BytesView stored = at.key();
    if (stored.size() < kKeyPrefixBytes) continue;  // none of ours
    const Timestamp timestamp = time_of(stored);
    const bool left = stored[sizeof(std::int64_t)] != '\0';
    const Timestamp closes = closes_after(left, timestamp);
    if (closes >= stream_time) {
      next = std::min(next, closes);
      continue;
    }
    auto values = values_of(at.value());
    if (!values) return values.error();
    closed.push_back({Bytes(stored), timestamp, left, Bytes(stored.substr(kKeyPrefixBytes)), std::move(*values)});
  }
  MILLRACE_TRY((*walk)->status());
  for (const Closed& entry : closed) MILLRACE_TRY(entries_.put(entry.stored_key, std::nullopt));
  auto first_open = first_from(open_from);
  if (!first_open) return first_open.error();
  if (*first_open != Timestamp::max()) {
    next = std::min(next, shift_time(shift_time(*first_open, reach), windows_.grace()));
  }
  times_.set(next_close_, next);
  return closed;
}

}  // namespace millrace::detail
