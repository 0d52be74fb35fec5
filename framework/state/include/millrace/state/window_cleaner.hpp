// WindowCleaner: deletes the entries of a window store that its retention has left behind, a few at each commit.
//
// Keys sort by key, not by time, so a cursor walks through the store and looks at each entry. It moves by twice as many
// entries as the commit writes, and by some more: so what is expired is never much more than what is live, and a commit
// never takes long. While nothing can be expired it rests.
#pragma once

#include <optional>
#include <vector>

#include <millrace/base/clock.hpp>
#include <millrace/model/ids.hpp>
#include <millrace/state/task_backend.hpp>

namespace millrace {

/// Reads see nothing of it: they leave expired entries out by themselves. Thread: the one that owns the task.
class WindowCleaner {
 public:
  /// Borrows the backend, which outlives the cleaner.
  WindowCleaner(StoreBackend& backend, milliseconds retention) : backend_(backend), retention_(retention) {}

  /// Puts deletions before the writes in `changes`, which are those of one commit, and takes out writes of windows that
  /// are gone already. `observed` is the store's time as it is committed. The keys are borrowed until the next call.
  /// Errors: StateReadFailed.
  [[nodiscard]] Result<void> collect(Timestamp observed, std::vector<StateChange>& changes);
  /// What the last collect() deleted or took out: with its commit, nobody has cause to remember these entries.
  [[nodiscard]] const std::vector<Bytes>& collected() const { return collected_; }
  /// All windows that were in the backend before this cleaner's first walk through it start before. nullopt while that
  /// walk is under way.
  [[nodiscard]] std::optional<Timestamp> horizon() const { return horizon_; }
  /// The store was emptied, or filled by somebody else: nothing is known about it.
  void forget();

 private:
  void drop_expired(Timestamp last_expired, std::vector<StateChange>& changes);
  void note_writes(const std::vector<StateChange>& changes);
  [[nodiscard]] Result<void> walk(Timestamp observed, std::size_t entries);

  StoreBackend& backend_;
  const milliseconds retention_;
  std::vector<Bytes> collected_;
  /// No entry begins before; nothing is known at first.
  Timestamp oldest_ = Timestamp::min();
  bool walking_ = false;
  std::optional<Bytes> cursor_;
  Timestamp oldest_met_ = Timestamp::max();
  Timestamp latest_met_ = Timestamp::min();
  std::optional<Timestamp> horizon_;
};

}  // namespace millrace
