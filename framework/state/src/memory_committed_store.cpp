#include "memory_committed_store.hpp"

#include <functional>
#include <iterator>
#include <shared_mutex>
#include <utility>
#include <vector>

namespace millrace {

namespace {

// As much as is copied while an apply() may have to wait.
constexpr std::size_t kChunkEntries = 256;
constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
constexpr std::size_t kChunkSteps = 1024;  // entries looked at, those that the snapshot does not have too

using Entry = std::pair<Bytes, Bytes>;

/// What one chunk has: entries, and where the next one begins if there is one.
struct Chunk {
  std::vector<Entry> entries;
  std::size_t bytes = 0;
  std::size_t steps = 0;
  std::optional<Bytes> last;  ///< the key looked at last, if the chunk ended before the range

  [[nodiscard]] bool full() const {
    return entries.size() >= kChunkEntries || bytes >= kChunkBytes || steps >= kChunkSteps;
  }
  void add(const Bytes& key, const Bytes& value) {
    bytes += key.size() + value.size();
    entries.emplace_back(key, value);
  }
};

/// Merges the store's entries with their history; both in the order of the walk.
template <class EntryIterator, class VersionsIterator, class Before>
void collect(Chunk& chunk, EntryIterator entry, EntryIterator entries_end, VersionsIterator old,
             VersionsIterator old_end, std::uint64_t snapshot, Before before) {
  const Bytes* last = nullptr;
  while (entry != entries_end || old != old_end) {
    if (chunk.full()) {
      chunk.last = *last;
      return;
    }
    bool on_entry = entry != entries_end && (old == old_end || !before(old->first, entry->first));
    bool on_old = old != old_end && (entry == entries_end || !before(entry->first, old->first));
    const Bytes& key = on_entry ? entry->first : old->first;
    ++chunk.steps;
    const MemoryHistory::Version* version = on_old ? MemoryHistory::seen_by(snapshot, old->second) : nullptr;
    if (version != nullptr && version->value) chunk.add(key, *version->value);
    if (version == nullptr && on_entry) chunk.add(key, entry->second);
    last = &key;
    if (on_entry) ++entry;
    if (on_old) ++old;
  }
}

/// The part of a map that is in the range.
template <class Map>
auto bounds(const Map& map, const KeyRange& range) {
  return std::pair(range.from ? map.lower_bound(*range.from) : map.begin(),
                   range.to ? map.lower_bound(*range.to) : map.end());
}

class SnapshotIterator final : public KeyValueIterator {
 public:
  SnapshotIterator(MemoryStoreData& data, const KeyRange& range) : data_(data), rest_(range) {
    {
      std::shared_lock lock(data_.mutex);
      snapshot_ = data_.history.open_snapshot();
      if (!rest_.empty()) fetch();
    }
    settle();
  }
  ~SnapshotIterator() override { data_.history.close_snapshot(snapshot_); }

  bool valid() const override { return at_ < chunk_.entries.size(); }
  void next() override {
    ++at_;
    settle();
  }
  BytesView key() const override { return chunk_.entries[at_].first; }
  BytesView value() const override { return chunk_.entries[at_].second; }
  Result<void> status() const override { return {}; }

 private:
  void settle() {
    while (at_ == chunk_.entries.size() && chunk_.last) {
      // What the chunk before has looked at is not looked at again.
      if (rest_.order == KeyOrder::Ascending) rest_.from = *chunk_.last + '\0';
      else rest_.to = std::move(*chunk_.last);
      std::shared_lock lock(data_.mutex);
      fetch();
    }
  }
  /// REQUIRES: the lock is held.
  void fetch() {
    chunk_ = {};
    at_ = 0;
    if (rest_.empty()) return;
    auto [entry, entries_end] = bounds(std::as_const(*data_.entries), rest_);
    auto [old, old_end] = bounds(data_.history.versions(), rest_);
    if (rest_.order == KeyOrder::Ascending) {
      collect(chunk_, entry, entries_end, old, old_end, snapshot_, std::less<>());
    } else {
      collect(chunk_, std::make_reverse_iterator(entries_end), std::make_reverse_iterator(entry),
              std::make_reverse_iterator(old_end), std::make_reverse_iterator(old), snapshot_, std::greater<>());
    }
  }
  MemoryStoreData& data_;
  KeyRange rest_;
  std::uint64_t snapshot_ = 0;
  Chunk chunk_;
  std::size_t at_ = 0;
};

}  // namespace

Result<bool> MemoryCommittedStore::get(BytesView key, Bytes& value) const {
  std::shared_lock lock(data_.mutex);
  auto found = data_.entries->find(key);
  if (found == data_.entries->end()) return false;
  value = found->second;
  return true;
}

Result<std::unique_ptr<KeyValueIterator>> MemoryCommittedStore::range(const KeyRange& range) const {
  return std::unique_ptr<KeyValueIterator>(std::make_unique<SnapshotIterator>(data_, range));
}

std::uint64_t MemoryCommittedStore::approximate_entries() const {
  std::shared_lock lock(data_.mutex);
  return data_.entries->size();
}

}  // namespace millrace
