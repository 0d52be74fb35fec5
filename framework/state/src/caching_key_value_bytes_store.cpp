#include <millrace/state/caching_key_value_bytes_store.hpp>

#include <utility>

#include <millrace/base/assert.hpp>

namespace millrace {

namespace {
// What an entry costs beyond its bytes: map node, list links, context.
constexpr std::int64_t kEntryOverheadBytes = 200;
}  // namespace

std::int64_t CachingKeyValueBytesStore::weight(const Entry& entry) {
  return kEntryOverheadBytes + static_cast<std::int64_t>(entry.key->size() + entry.context.encoded_headers.size() +
                                                         (entry.old_value ? entry.old_value->size() : 0));
}

void CachingKeyValueBytesStore::account(std::int64_t bytes) {
  pending_bytes_ += bytes;
  budget_.add(bytes);
}

void CachingKeyValueBytesStore::link_behind(Entry* before, Entry& entry) {
  entry.before = before;
  entry.after = before == nullptr ? oldest_ : before->after;
  (before == nullptr ? oldest_ : before->after) = &entry;
  (entry.after == nullptr ? newest_ : entry.after->before) = &entry;
  account(weight(entry));
}

void CachingKeyValueBytesStore::unlink(Entry& entry) {
  account(-weight(entry));
  (entry.before == nullptr ? oldest_ : entry.before->after) = entry.after;
  (entry.after == nullptr ? newest_ : entry.after->before) = entry.before;
  entry.before = entry.after = nullptr;
}

Result<void> CachingKeyValueBytesStore::put(BytesView key, OptionalBytesView value) {
  const WriteContextSource::Current now = source_.current();
  // Headers are for those who are told.
  return write(key, value,
               {now.timestamp, Bytes(listener_ != nullptr ? now.encoded_headers : BytesView()), now.partition,
                now.offset});
}

Result<void> CachingKeyValueBytesStore::put(BytesView key, OptionalBytesView value, Timestamp timestamp,
                                            const Headers& headers) {
  const WriteContextSource::Current now = source_.current();
  WriteContext context{timestamp, {}, now.partition, now.offset};
  if (!headers.empty()) encode_headers(headers, context.encoded_headers);
  return write(key, value, std::move(context));
}

Result<void> CachingKeyValueBytesStore::write(BytesView key, OptionalBytesView value, WriteContext context) {
  auto found = entries_.find(key);
  if (found != entries_.end()) {
    Entry& entry = found->second;
    Entry* before = entry.before;
    unlink(entry);
    undo_.push_back({Done::Moved, &entry, before, std::exchange(entry.context, std::move(context)), {}});
    link_behind(newest_, entry);
    return inner_.put(key, value);
  }
  // It may be borrowed from the store below, which is asked something now.
  if (value) value = scratch_.assign(*value);
  auto old = inner_.get(key);
  if (!old) return old.error();
  auto [place, fresh] = entries_.emplace(Bytes(key), Entry{});
  MILLRACE_DCHECK(fresh, "the entry exists");
  Entry& entry = place->second;
  entry.key = &place->first;
  if (*old) entry.old_value.emplace(**old);
  entry.context = std::move(context);
  link_behind(newest_, entry);
  undo_.push_back({Done::Created, &entry, nullptr, {}, {}});
  return inner_.put(*entry.key, value);
}

Result<std::optional<CachedChange>> CachingKeyValueBytesStore::take() {
  while (oldest_ != nullptr) {
    Entry& entry = *oldest_;
    auto value = inner_.get(*entry.key);
    if (!value) return value.error();
    const bool present = value->has_value();
    if (present) value_.assign(**value);
    unlink(entry);
    // The node lives on in the undo list, for the one who took the change and for those who want it back.
    undo_.push_back({Done::Taken, &entry, nullptr, {}, entries_.extract(entries_.find(BytesView(*entry.key)))});
    if (!present && !entry.old_value) continue;
    return std::optional<CachedChange>(
        {*entry.key, present ? OptionalBytesView(value_) : OptionalBytesView(),
         entry.old_value ? OptionalBytesView(*entry.old_value) : OptionalBytesView(), &entry.context});
  }
  return std::optional<CachedChange>();
}

void CachingKeyValueBytesStore::log(const CachedChange& change) {
  if (logger_ == nullptr) return;
  if (timestamped_ && change.new_value) {
    logger_->log_change(change.key, value_of(*change.new_value), timestamp_of(*change.new_value));
  } else {
    logger_->log_change(change.key, change.new_value, std::nullopt);
  }
}

void CachingKeyValueBytesStore::rollback(std::size_t mark) {
  // Backwards, so that each step finds the list as it left it.
  for (; undo_.size() > mark; undo_.pop_back()) {
    Undo& undo = undo_.back();
    Entry& entry = *undo.entry;
    switch (undo.what) {
      case Done::Created:
        unlink(entry);
        entries_.erase(entries_.find(BytesView(*entry.key)));
        break;
      case Done::Moved:
        unlink(entry);
        entry.context = std::move(undo.context);
        link_behind(undo.before, entry);
        break;
      case Done::Taken:
        entries_.insert(std::move(undo.taken));
        link_behind(nullptr, entry);
        break;
    }
  }
}

void CachingKeyValueBytesStore::clear() {
  undo_.clear();
  entries_.clear();
  oldest_ = newest_ = nullptr;
  account(-pending_bytes_);
}

}  // namespace millrace
