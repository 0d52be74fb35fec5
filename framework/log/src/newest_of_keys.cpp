#include <millrace/log/newest_of_keys.hpp>

#include <algorithm>
#include <cstring>
#include <functional>

#include <millrace/base/assert.hpp>

namespace millrace {

namespace {

constexpr std::size_t kLeastSlots = 16;
// Chunks and positions in them have 16 bits each. A larger key has a chunk of its own.
constexpr std::size_t kChunkBytes = std::size_t{1} << 16;
constexpr std::size_t kMostChunks = std::size_t{1} << 16;

/// Beyond it, the ways to a free slot grow long.
constexpr bool crowded(std::size_t used, std::size_t slots) { return used * 10 >= slots * 7; }

std::uint32_t hash_of(BytesView key) { return static_cast<std::uint32_t>(std::hash<BytesView>()(key) >> 16); }

}  // namespace

bool NewestOfKeys::full() const {
  if (chunks_.size() >= kMostChunks / 2) return true;
  const bool grows = crowded(used_ + 1, slots_.size());
  return size_bytes() + (grows ? slots_.size() * sizeof(Slot) : 0) >= max_bytes_;
}

BytesView NewestOfKeys::key_at(std::uint32_t place) const {
  const char* at = chunks_[place / kChunkBytes].get() + place % kChunkBytes;
  std::uint32_t size = 0;
  std::memcpy(&size, at, sizeof size);
  return {at + sizeof size, size};
}

std::uint32_t NewestOfKeys::keep(BytesView key) {
  const auto size = static_cast<std::uint32_t>(key.size());
  const std::size_t needed = sizeof size + key.size();
  std::size_t capacity = kChunkBytes;
  if (left_ < needed) {
    capacity = std::max(kChunkBytes, needed);
    MILLRACE_ASSERT(chunks_.size() < kMostChunks, "more keys than a pass may have");
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(capacity));
    left_ = capacity;
  }
  // A chunk of more than the usual size has one key, at its beginning.
  const std::size_t position = capacity > kChunkBytes ? 0 : kChunkBytes - left_;
  char* at = chunks_.back().get() + position;
  std::memcpy(at, &size, sizeof size);
  std::memcpy(at + sizeof size, key.data(), key.size());
  left_ -= needed;
  key_bytes_ += needed;
  return static_cast<std::uint32_t>((chunks_.size() - 1) * kChunkBytes + position);
}

std::size_t NewestOfKeys::look(BytesView key, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; !slots_[at].free(); at = (at + 1) & mask) {
    if (slots_[at].hash == hash && key_at(slots_[at].place) == key) break;
  }
  return at;
}

void NewestOfKeys::grow() {
  std::vector<Slot> old(slots_.empty() ? kLeastSlots : 2 * slots_.size());
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.free()) continue;
    std::size_t at = slot.hash & mask;
    while (!slots_[at].free()) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

void NewestOfKeys::put(BytesView key, Offset offset) {
  if (crowded(used_ + 1, slots_.size())) grow();
  const std::uint32_t hash = hash_of(key);
  Slot& slot = slots_[look(key, hash)];
  const bool fresh = slot.free();
  slot.offset = offset.value();
  if (!fresh) return;
  slot.hash = hash;
  slot.place = keep(key);
  ++used_;
}

std::optional<Offset> NewestOfKeys::find(BytesView key) const {
  if (used_ == 0) return std::nullopt;
  const Slot& slot = slots_[look(key, hash_of(key))];
  return slot.free() ? std::nullopt : std::optional<Offset>(slot.offset);
}

}  // namespace millrace
