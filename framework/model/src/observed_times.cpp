#include <millrace/model/observed_times.hpp>

#include <algorithm>

namespace millrace {

// FNV-1a with 64 bits, folded.
std::uint32_t ObservedTimes::hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (unsigned char c : name) hash = (hash ^ c) * 0x100000001b3ULL;
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

ObservedTimes::Id ObservedTimes::open_slot(const Slot& fresh) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].kept == fresh.kept && slots_[i].name_hash == fresh.name_hash)
      return Id(static_cast<std::uint32_t>(i));
  }
  slots_.push_back(fresh);
  return Id(static_cast<std::uint32_t>(slots_.size() - 1));
}

ObservedTimes::Id ObservedTimes::open(std::string_view name) {
  return open_slot({hash(name), true, find_observed_time(committed_, name)});
}

ObservedTimes::Id ObservedTimes::open_unkept(std::string_view name, Timestamp first) {
  return open_slot({hash(name), false, first});
}

Timestamp ObservedTimes::find(std::string_view name) const {
  const std::uint32_t name_hash = hash(name);
  for (const Slot& slot : slots_) {
    if (slot.kept && slot.name_hash == name_hash) return slot.time;
  }
  return kNoTimestamp;
}

void ObservedTimes::rollback(std::size_t mark) {
  for (; undo_.size() > mark; undo_.pop_back()) slots_[undo_.back().slot].time = undo_.back().time;
}

ObservedTimes::Snapshot ObservedTimes::snapshot() const {
  Snapshot times;
  for (const Slot& slot : slots_) {
    if (slot.kept && slot.time != kNoTimestamp) times.push_back({slot.name_hash, slot.time});
  }
  return times;
}

void merge_observed_times(ObservedTimes::Snapshot& into, const ObservedTimes::Snapshot& from) {
  for (const ObservedTimes::Entry& entry : from) {
    auto known =
        std::find_if(into.begin(), into.end(), [&](const auto& other) { return other.name_hash == entry.name_hash; });
    if (known == into.end()) into.push_back(entry);
    else known->time = std::max(known->time, entry.time);
  }
}

Timestamp find_observed_time(const ObservedTimes::Snapshot& times, std::string_view name) {
  const std::uint32_t name_hash = ObservedTimes::hash(name);
  for (const ObservedTimes::Entry& entry : times) {
    if (entry.name_hash == name_hash) return entry.time;
  }
  return kNoTimestamp;
}

}  // namespace millrace
