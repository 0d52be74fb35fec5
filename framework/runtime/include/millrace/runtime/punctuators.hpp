// Punctuators: what a task's processors want to be called for, and when.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <millrace/topology/task_context.hpp>

namespace millrace {

/// A point on the steady clock in whole milliseconds, as schedules of the wall clock count them: a wall clock that
/// somebody sets, by a day ahead or back, neither hastens a punctuator nor holds it up.
[[nodiscard]] inline Timestamp on_schedule(SteadyTime time) {
  return Timestamp(std::chrono::floor<milliseconds>(time.time_since_epoch()));
}

/// One clock's schedule. As in Kafka Streams: stream time is aligned to the epoch and fires with the first record; wall
/// clock fires after one interval; missed intervals become one call. Thread: the one that owns the task.
class PunctuationSchedule {
 public:
  /// A punctuator whose time has come.
  struct Due {
    PunctuatorId id;        ///< as add() was given it
    std::string node;       ///< on whose behalf it was scheduled
    Punctuator punctuator;  ///< to be called
  };

  /// Calls `punctuator` from `first` on, every `interval`.
  void add(PunctuatorId id, std::string node, Timestamp first, milliseconds interval, Punctuator punctuator);
  void cancel(PunctuatorId id);  ///< Unknown ids are ignored.
  /// True if something is due at `time`; cheap, asked after every record.
  [[nodiscard]] bool due(Timestamp time) const { return next_ <= time; }
  /// When the next call is due; Timestamp::max() if nothing is scheduled.
  [[nodiscard]] Timestamp next() const { return next_; }
  /// Takes what is due at `time`, earliest first, and schedules each one's next time.
  [[nodiscard]] std::vector<Due> take_due(Timestamp time);
  /// True if the punctuator was not cancelled meanwhile.
  [[nodiscard]] bool scheduled(PunctuatorId id) const { return entries_.contains(id); }
  void clear();  ///< Forgets all of them.

 private:
  struct Entry {
    std::string node;
    Timestamp next;
    milliseconds interval;
    Punctuator punctuator;
  };
  void find_next();

  std::map<PunctuatorId, Entry> entries_;
  Timestamp next_ = Timestamp::max();
};

}  // namespace millrace
