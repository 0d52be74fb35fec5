// MemoryHistory: what the entries of a store in memory were before they changed, for as long as another thread walks
// over them. It costs nothing while nobody does.
//
// Each apply() has a number. A snapshot as of apply n sees of a key the oldest version that was replaced after n, else
// what the store has now. Versions that no snapshot can see go with the next apply().
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <millrace/base/bytes.hpp>

namespace millrace {

class MemoryHistory {
 public:
  /// What the store had for a key until an apply: nothing, if there was no such key.
  struct Version {
    std::uint64_t replaced_by;  ///< number of the apply
    std::optional<Bytes> value;
  };
  using Versions = std::map<Bytes, std::vector<Version>, std::less<>>;

  /// Begins a snapshot as of now. Thread: any, while no apply() goes on.
  [[nodiscard]] std::uint64_t open_snapshot();
  /// Thread: any, at any time.
  void close_snapshot(std::uint64_t number);

  // --- the owner's, while no other thread reads ---
  void begin_apply();
  /// True if what is replaced must be kept.
  [[nodiscard]] bool watched() const { return watched_; }
  /// Called before a key changes; the first of an apply counts. Null: there is no such key.
  void keep(BytesView key, const Bytes* value);

  /// Thread: any, while no apply() goes on.
  [[nodiscard]] const Versions& versions() const { return versions_; }
  /// What a snapshot sees of these versions: nullptr if that is what the store has now.
  [[nodiscard]] static const Version* seen_by(std::uint64_t snapshot, const std::vector<Version>& versions);

 private:
  void forget_before(std::uint64_t snapshot);

  Versions versions_;
  std::deque<std::pair<std::uint64_t, Bytes>> in_order_;
  std::uint64_t applies_ = 0;
  bool watched_ = false;
  std::mutex snapshots_mutex_;
  std::multiset<std::uint64_t> snapshots_;  // guarded by snapshots_mutex_
};

}  // namespace millrace
