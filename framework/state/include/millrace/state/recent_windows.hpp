// RecentWindows: which entries of a window store are all in memory, and where. A join looks at the other side's latest
// windows of one key for every record; asking the backend for a walk through them costs more than the rest of the join.
//
// Invariants:
//  - The backend has no entry of a window that starts at or after the horizon, unless the buffer has it, too.
//  - The horizon only rises: when an entry leaves the buffer that the backend may have, to behind that entry's window.
//  - Once somebody has walked through the windows of a key, the index has every entry of the buffer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>

#include <millrace/base/bytes.hpp>
#include <millrace/state/key_value_bytes_store.hpp>
#include <millrace/state/window_key.hpp>

namespace millrace {

struct BufferedEntry;  // buffered_entry.hpp

/// Part of the transaction buffer of a window store. Thread: the one that owns the task.
class RecentWindows {
 public:
  /// From now on the first invariant holds for this horizon. Ignored if there is one already.
  void learn(Timestamp horizon) {
    if (!horizon_) horizon_ = horizon;
  }
  /// The backend was changed by somebody else: nothing is known of it, and nothing is in the buffer.
  void forget();

  /// True if a key that the buffer does not have cannot be in the backend either.
  [[nodiscard]] bool covers(BytesView stored_key) const;
  /// True if the buffer has all that a walk through this range has to show.
  [[nodiscard]] bool covers(const KeyRange& range) const;

  /// The buffer has a new entry. Borrows both until remove().
  void add(BytesView stored_key, BufferedEntry& entry) {
    if (indexed_) index(stored_key, entry);
  }
  /// An entry leaves the buffer.
  void remove(BytesView stored_key);
  /// An entry leaves the buffer, and the backend may have it.
  void lose(BytesView stored_key);

  /// False until begin_index(): most window stores are only ever asked for single windows.
  [[nodiscard]] bool indexed() const { return indexed_; }
  /// From here on entries are indexed; those that there are already come with add().
  void begin_index() { indexed_ = true; }

  /// Calls `visit(BufferedEntry&)` for the entries in a range, upwards. REQUIRES: covers(range), indexed().
  template <class Visit>
  void visit(const KeyRange& range, const Visit& visit) const {
    const auto first = parse_window_key(*range.from);
    const auto last = parse_window_key(*range.to);
    const auto group = groups_.find(first->key);
    if (group == groups_.end()) return;
    const auto end = group->second.lower_bound(place_of(*last));
    for (auto at = group->second.lower_bound(place_of(*first)); at != end; ++at) visit(*at->second);
  }

 private:
  /// Start and sequence, in the order that their bytes have.
  struct Place {
    std::uint64_t start;
    std::uint32_t sequence;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(BytesView bytes) const { return std::hash<BytesView>()(bytes); }
  };
  // Of one key: ordered, since hot keys have many windows, of which the first ones go.
  using Group = std::map<Place, BufferedEntry*>;

  static Place place_of(const WindowKeyView& key) {
    return {static_cast<std::uint64_t>(key.start.time_since_epoch().count()),
            static_cast<std::uint32_t>(key.sequence)};
  }
  void index(BytesView stored_key, BufferedEntry& entry);

  std::optional<Timestamp> horizon_;
  bool indexed_ = false;
  std::unordered_map<Bytes, Group, Hash, std::equal_to<>> groups_;
};

}  // namespace millrace
