#include <millrace/state/transaction_buffer.hpp>

#include <algorithm>
#include <utility>

#include <millrace/base/assert.hpp>

namespace millrace {

namespace {

// What an entry costs beyond its bytes: map node, list links, string headers.
constexpr std::int64_t kEntryOverheadBytes = 160;
// And where it is one of RecentWindows: a node there, and its part of the node of its key.
constexpr std::int64_t kRecentOverheadBytes = 128;

/// Shows copies.
class CopiesIterator final : public KeyValueIterator {
 public:
  struct Copy {
    Bytes key;
    Bytes value;
  };
  explicit CopiesIterator(std::vector<Copy> copies) : copies_(std::move(copies)) {}
  bool valid() const override { return index_ < copies_.size(); }
  void next() override { ++index_; }
  BytesView key() const override { return copies_[index_].key; }
  BytesView value() const override { return copies_[index_].value; }
  Result<void> status() const override { return {}; }

 private:
  std::vector<Copy> copies_;
  std::size_t index_ = 0;
};

/// Merges copied dirty entries with a snapshot of the backend; dirty ones win.
class MergedIterator final : public KeyValueIterator {
 public:
  struct Dirty {
    Bytes key;
    std::optional<Bytes> value;
  };
  /// Both in the direction of `order`.
  MergedIterator(std::vector<Dirty> dirty, std::unique_ptr<KeyValueIterator> backend, KeyOrder order)
      : dirty_(std::move(dirty)), backend_(std::move(backend)), descending_(order == KeyOrder::Descending) {
    settle();
  }
  bool valid() const override { return on_dirty_ || on_backend_; }
  void next() override {
    if (on_dirty_) ++index_;
    else backend_->next();
    settle();
  }
  BytesView key() const override { return on_dirty_ ? BytesView(dirty_[index_].key) : backend_->key(); }
  BytesView value() const override { return on_dirty_ ? BytesView(*dirty_[index_].value) : backend_->value(); }
  Result<void> status() const override { return backend_->status(); }

 private:
  [[nodiscard]] bool before(BytesView left, BytesView right) const { return descending_ ? right < left : left < right; }

  // Finds the next entry to show: the key that comes first, dirty before backend, deleted ones skipped.
  void settle() {
    on_dirty_ = on_backend_ = false;
    while (index_ < dirty_.size() || backend_->valid()) {
      // Where the backend breaks off, entries may be missing: nothing is shown beyond.
      if (!backend_->valid() && !backend_->status()) return;
      if (index_ == dirty_.size()) {
        on_backend_ = true;
        return;
      }
      const Dirty& dirty = dirty_[index_];
      if (backend_->valid() && before(backend_->key(), dirty.key)) {
        on_backend_ = true;
        return;
      }
      if (backend_->valid() && backend_->key() == BytesView(dirty.key)) backend_->next();
      if (dirty.value) {
        on_dirty_ = true;
        return;
      }
      ++index_;
    }
  }

  std::vector<Dirty> dirty_;
  std::size_t index_ = 0;
  std::unique_ptr<KeyValueIterator> backend_;
  const bool descending_;
  bool on_dirty_ = false;
  bool on_backend_ = false;
};

}  // namespace

TransactionBuffer::TransactionBuffer(StoreBackend& backend, CacheBudget& clean_budget, Keys keys)
    : backend_(backend), clean_budget_(clean_budget) {
  if (keys == Keys::Windows) recent_.emplace();
}

TransactionBuffer::~TransactionBuffer() { clear(); }

std::int64_t TransactionBuffer::weight(const Entry& entry) const {
  return kEntryOverheadBytes + (recent_ ? kRecentOverheadBytes : 0) +
         static_cast<std::int64_t>(entry.key->size() + entry.value.size() + entry.frozen_value.size());
}

TransactionBuffer::Entry* TransactionBuffer::find(BytesView key) {
  if (last_ != nullptr && BytesView(*last_->key) == key) return last_;
  auto found = entries_.find(key);
  last_ = found == entries_.end() ? nullptr : &found->second;
  return last_;
}

TransactionBuffer::Entry& TransactionBuffer::insert(BytesView key) {
  auto [place, fresh] = entries_.emplace(Bytes(key), Entry{});
  MILLRACE_DCHECK(fresh, "the entry exists");
  place->second.key = &place->first;
  if (recent_) recent_->add(place->first, place->second);
  return place->second;
}

/// A new entry was taken back: the backend does not have it.
void TransactionBuffer::erase(Entry& entry) {
  last_ = nullptr;
  if (ordered_) order_.erase(BytesView(*entry.key));
  if (recent_) recent_->remove(*entry.key);
  entries_.erase(entries_.find(BytesView(*entry.key)));
}

/// The entry is not known any more; what the backend has of it is.
void TransactionBuffer::forget(Entry& entry) {
  if (recent_) recent_->lose(*entry.key);
  entries_.erase(entries_.find(BytesView(*entry.key)));
}

Result<OptionalBytesView> TransactionBuffer::get(BytesView key) {
  Entry* found = find(key);
  if (found == nullptr) {
    if (recent_ && recent_->covers(key)) return OptionalBytesView();
    auto stored = backend_.get(key, scratch_);
    if (!stored) return stored.error();
    Entry& entry = insert(key);
    entry.present = *stored;
    if (*stored) entry.value = scratch_;
    link_clean(entry);
    if (clean_budget_.exceeded()) {
      // The entry just linked is the last that the hand reaches, yet it may be all there is: answer from scratch.
      bool present = *stored;
      evict_clean();
      return present ? OptionalBytesView(scratch_) : OptionalBytesView();
    }
    return entry.present ? OptionalBytesView(entry.value) : OptionalBytesView();
  }
  Entry& entry = *found;
  entry.recently_used = true;
  return entry.present ? OptionalBytesView(entry.value) : OptionalBytesView();
}

void TransactionBuffer::put(BytesView key, OptionalBytesView value) {
  // Copied first: it may be borrowed from the very entry, by get().
  Bytes fresh = std::move(spare_);
  fresh.assign(value.value_or(BytesView()));
  Entry* found = find(key);
  bool created = found == nullptr;
  Entry& entry = created ? insert(key) : *found;
  if (!created && entry.dirty == 0) unlink_clean(entry);
  if (entry.dirty != 0) dirty_bytes_ -= weight(entry);
  // The value of a frozen entry must survive until its commit has ended; it comes back from there on rollback.
  bool keep_frozen = entry.dirty == kFrozen;
  undo_.push_back({&entry, keep_frozen ? Bytes() : std::move(entry.value), entry.present, entry.dirty, created});
  if (keep_frozen) {
    entry.frozen_value = std::move(entry.value);
    entry.frozen_present = entry.present;
  }
  entry.present = value.has_value();
  entry.value = std::move(fresh);
  if ((entry.dirty & kOpen) == 0) open_.push_back(&entry);
  if (entry.dirty == 0 && ordered_) order_.emplace(BytesView(*entry.key), &entry);
  entry.dirty |= kOpen;
  dirty_bytes_ += weight(entry);
}

void TransactionBuffer::rollback(std::size_t mark) {
  for (; undo_.size() > mark; undo_.pop_back()) {
    Undo& undo = undo_.back();
    Entry& entry = *undo.entry;
    dirty_bytes_ -= weight(entry);
    if ((undo.dirty & kOpen) == 0) {
      MILLRACE_DCHECK(open_.back() == &entry, "writes are undone in reverse order");
      open_.pop_back();
    }
    if (undo.created) {
      erase(entry);
      continue;
    }
    entry.value = undo.dirty == kFrozen ? std::exchange(entry.frozen_value, {}) : std::move(undo.value);
    entry.present = undo.present;
    entry.dirty = undo.dirty;
    if (entry.dirty != 0) {
      dirty_bytes_ += weight(entry);
    } else {
      if (ordered_) order_.erase(BytesView(*entry.key));
      link_clean(entry);
    }
  }
}

void TransactionBuffer::freeze() {
  MILLRACE_ASSERT(frozen_.empty(), "a generation is frozen already");
  MILLRACE_ASSERT(undo_.empty(), "freeze() within a record");
  for (Entry* entry : open_) entry->dirty = kFrozen;
  frozen_.swap(open_);
}

void TransactionBuffer::collect_frozen(std::vector<StateChange>& changes) const {
  changes.reserve(changes.size() + frozen_.size());
  for (const Entry* entry : frozen_) {
    bool both = (entry->dirty & kOpen) != 0;
    bool present = both ? entry->frozen_present : entry->present;
    const Bytes& value = both ? entry->frozen_value : entry->value;
    changes.push_back({*entry->key, present ? OptionalBytesView(value) : OptionalBytesView()});
  }
}

void TransactionBuffer::commit_frozen() {
  order_.clear();
  ordered_ = false;
  for (Entry* entry : frozen_) {
    entry->dirty = static_cast<std::uint8_t>(entry->dirty & ~kFrozen);
    if (entry->dirty != 0) {
      dirty_bytes_ -= static_cast<std::int64_t>(entry->frozen_value.size());
      entry->frozen_value = Bytes();
      continue;
    }
    dirty_bytes_ -= weight(*entry);
    link_clean(*entry);
  }
  frozen_.clear();
  evict_clean();
}

void TransactionBuffer::drop_all() {
  undo_.clear();
  last_ = nullptr;
  order_.clear();
  ordered_ = false;
  for (auto* generation : {&open_, &frozen_}) {
    for (Entry* entry : *generation) {
      // An entry of both generations is met twice: the first time leaves it to the second.
      if (generation == &open_ && (entry->dirty & kFrozen) != 0) continue;
      forget(*entry);
    }
  }
  open_.clear();
  frozen_.clear();
  dirty_bytes_ = 0;
}

void TransactionBuffer::forget_clean(BytesView key) {
  auto found = entries_.find(key);
  if (found == entries_.end() || found->second.dirty != 0) return;
  last_ = nullptr;
  unlink_clean(found->second);
  if (recent_) recent_->remove(key);
  entries_.erase(found);
}

void TransactionBuffer::clear() {
  last_ = nullptr;
  while (clean_hand_ != nullptr) unlink_clean(*clean_hand_);
  undo_.clear();
  open_.clear();
  frozen_.clear();
  order_.clear();
  ordered_ = false;
  if (recent_) recent_->forget();
  entries_.clear();
  dirty_bytes_ = 0;
}

void TransactionBuffer::link_clean(Entry& entry) {
  entry.recently_used = false;
  if (clean_hand_ == nullptr) {
    entry.previous = entry.next = &entry;
    clean_hand_ = &entry;
  } else {
    entry.next = clean_hand_;
    entry.previous = clean_hand_->previous;
    entry.previous->next = &entry;
    clean_hand_->previous = &entry;
  }
  clean_budget_.add(weight(entry));
}

void TransactionBuffer::unlink_clean(Entry& entry) {
  clean_budget_.add(-weight(entry));
  if (entry.next == &entry) {
    clean_hand_ = nullptr;
  } else {
    entry.previous->next = entry.next;
    entry.next->previous = entry.previous;
    if (clean_hand_ == &entry) clean_hand_ = entry.next;
  }
  entry.previous = entry.next = nullptr;
}

void TransactionBuffer::evict_clean() {
  while (clean_budget_.exceeded() && clean_hand_ != nullptr) {
    Entry& entry = *clean_hand_;
    if (entry.recently_used) {
      entry.recently_used = false;
      clean_hand_ = entry.next;
      continue;
    }
    last_ = nullptr;
    unlink_clean(entry);
    forget(entry);
  }
}

void TransactionBuffer::build_order() {
  if (ordered_) return;
  for (Entry* entry : frozen_) order_.emplace(BytesView(*entry->key), entry);
  for (Entry* entry : open_) order_.emplace(BytesView(*entry->key), entry);
  ordered_ = true;
}

/// REQUIRES: recent_ covers the range.
std::unique_ptr<KeyValueIterator> TransactionBuffer::recent_range(const KeyRange& range) {
  if (!recent_->indexed()) {
    recent_->begin_index();
    for (auto& [key, entry] : entries_) recent_->add(key, entry);
  }
  std::vector<CopiesIterator::Copy> copies;
  recent_->visit(range, [&](Entry& entry) {
    entry.recently_used = true;
    if (entry.present) copies.push_back({*entry.key, entry.value});
  });
  if (range.order == KeyOrder::Descending) std::reverse(copies.begin(), copies.end());
  return std::make_unique<CopiesIterator>(std::move(copies));
}

Result<std::unique_ptr<KeyValueIterator>> TransactionBuffer::range(const KeyRange& range) {
  if (recent_ && recent_->covers(range)) return recent_range(range);
  auto backend = backend_.range(range);
  if (!backend) return backend.error();
  build_order();
  std::vector<MergedIterator::Dirty> dirty;
  auto at = range.from ? order_.lower_bound(BytesView(*range.from)) : order_.begin();
  for (; at != order_.end() && (!range.to || at->first < BytesView(*range.to)); ++at) {
    const Entry& entry = *at->second;
    dirty.push_back({Bytes(at->first), entry.present ? std::optional<Bytes>(entry.value) : std::nullopt});
  }
  // Nothing is written over what the backend has: no need to look at each entry twice.
  if (dirty.empty()) return backend;
  if (range.order == KeyOrder::Descending) std::reverse(dirty.begin(), dirty.end());
  return std::unique_ptr<KeyValueIterator>(
      std::make_unique<MergedIterator>(std::move(dirty), std::move(*backend), range.order));
}

}  // namespace millrace
