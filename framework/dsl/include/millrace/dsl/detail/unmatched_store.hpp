// UnmatchedStore: the records of a left or outer join that have met no other yet, by the time at which they did not.
//
// Keys are 8 bytes of timestamp, big-endian, 1 for the left side and 0 for the right, and the record's key; values the
// list of the values with that key and timestamp, as Kafka Streams writes both (TimestampedKeyAndJoinSide, ListSerde of
// LeftOrRightValue). So the entries stand in the order in which their windows close.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/dsl/windows.hpp>
#include <millrace/model/observed_times.hpp>
#include <millrace/state/key_value_bytes_store.hpp>

namespace millrace::detail {

/// Thread: the one that owns the task.
class UnmatchedStore {
 public:
  /// Borrows both; they outlive it. `time` names the join; both of its sides share what is known. `right` tells whether
  /// records of the right side are kept too.
  UnmatchedStore(KeyValueBytesStore& entries, ObservedTimes& times, const std::string& time, const JoinWindows& windows,
                 bool right)
      : entries_(entries),
        times_(times),
        next_close_(times.open_unkept(time, Timestamp::min())),
        windows_(windows),
        right_(right) {}

  /// An unmatched record whose window has closed.
  struct Closed {
    Bytes stored_key;
    Timestamp timestamp;
    bool left;
    Bytes key;
    std::vector<Bytes> values;
  };

  [[nodiscard]] Result<void> add(bool left, BytesView key, Timestamp timestamp, BytesView value);
  /// A record was joined: it is unmatched no more.
  [[nodiscard]] Result<void> remove(bool left, BytesView key, Timestamp timestamp);
  /// Whether anything may have closed.
  [[nodiscard]] bool due(Timestamp stream_time) const { return stream_time > times_.get(next_close_); }
  /// Takes all whose windows closed before `stream_time`, in order of timestamp, side and key.
  [[nodiscard]] Result<std::vector<Closed>> take_closed(Timestamp stream_time);

 private:
  void compose(bool left, BytesView key, Timestamp timestamp);
  /// When a record is too old to be joined: as soon as stream time is later than that.
  [[nodiscard]] Timestamp closes_after(bool left, Timestamp timestamp) const {
    return shift_time(shift_time(timestamp, left ? windows_.after() : windows_.before()), windows_.grace());
  }
  [[nodiscard]] Result<Timestamp> first_from(Timestamp timestamp);

  KeyValueBytesStore& entries_;
  ObservedTimes& times_;
  const ObservedTimes::Id next_close_;  // no entry closes before; the end of time: there is none
  const JoinWindows windows_;
  const bool right_;
  Bytes stored_key_;
};

}  // namespace millrace::detail
