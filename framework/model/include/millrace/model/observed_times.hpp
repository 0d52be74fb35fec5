// ObservedTimes: how far event time has come for each windowed operator and window store of a task.
//
// What is late depends on the timestamps that an operator has seen before, and so does its output. Such a time is
// therefore no member of the operator: the task keeps it here, takes back what a failed record did to it, commits it
// beside the input offsets, and restores it after a crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/base/strong.hpp>
#include <millrace/model/ids.hpp>

namespace millrace {

/// What a topology refuses to exceed in one sub-topology: the times of a task must fit into the metadata of an offset,
/// for which Kafka has 4,096 bytes.
inline constexpr std::size_t kObservedTimesMax = 100;

/// Thread: the one that owns the task.
class ObservedTimes {
 public:
  using Id = Strong<std::uint32_t, struct ObservedTimeTag>;  ///< names an operator's time within a task
  /// One time as it is committed. A name is kept as its hash, so that long names cost nothing.
  struct Entry {
    std::uint32_t name_hash = 0;    ///< of the operator's name
    Timestamp time = kNoTimestamp;  ///< the highest that the operator has seen
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  using Snapshot = std::vector<Entry>;  ///< what is written into the metadata of offsets

  /// Stable over platforms and versions.
  [[nodiscard]] static std::uint32_t hash(std::string_view name);

  /// Goes on from what was committed.
  explicit ObservedTimes(Snapshot committed = {}) : committed_(std::move(committed)) {}

  /// The time of that name, as it was committed; kNoTimestamp if it never was. Two nodes that open the same name share
  /// the time. Call it in Node::init(); the name must stand in NodeSpec::times or be that of a window store.
  [[nodiscard]] Id open(std::string_view name);
  /// A time that is not committed, for what can be worked out anew but must not survive a failed record: `first` when
  /// it is opened first. Names of such times are their own.
  [[nodiscard]] Id open_unkept(std::string_view name, Timestamp first);

  /// The highest time that the operator has seen.
  [[nodiscard]] Timestamp get(Id id) const { return slots_[id.value()].time; }
  /// Raises the time to `seen` if that is later. Returns the time then.
  Timestamp observe(Id id, Timestamp seen) {
    if (seen > slots_[id.value()].time) set(id, seen);
    return slots_[id.value()].time;
  }
  /// Sets the time; what fails takes it back.
  void set(Id id, Timestamp time) {
    undo_.push_back({id.value(), slots_[id.value()].time});
    slots_[id.value()].time = time;
  }

  /// The time of that name; kNoTimestamp if nobody opened it.
  [[nodiscard]] Timestamp find(std::string_view name) const;

  // --- for the task ---
  /// The current record ended well.
  void seal() {
    if (!undo_.empty()) undo_.clear();
  }
  /// The current record failed.
  void rollback() { rollback(0); }
  /// Where the current record stands, for rollback(); good until it ends.
  [[nodiscard]] std::size_t mark() const { return undo_.size(); }
  /// A part of the current record failed: all is as at mark().
  void rollback(std::size_t mark);
  /// What is to be committed.
  [[nodiscard]] Snapshot snapshot() const;

 private:
  struct Slot {
    std::uint32_t name_hash;
    bool kept;
    Timestamp time;
  };
  [[nodiscard]] Id open_slot(const Slot& fresh);
  struct Undo {
    std::uint32_t slot;
    Timestamp time;
  };
  Snapshot committed_;
  std::vector<Slot> slots_;
  std::vector<Undo> undo_;
};

/// Raises each time of `into` to that of `from`, and adds those that it lacks.
void merge_observed_times(ObservedTimes::Snapshot& into, const ObservedTimes::Snapshot& from);
/// kNoTimestamp if the snapshot lacks it.
[[nodiscard]] Timestamp find_observed_time(const ObservedTimes::Snapshot& times, std::string_view name);

}  // namespace millrace
