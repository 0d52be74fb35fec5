// TimeWindows and JoinWindows: how windowed operators cut event time.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <millrace/model/windowed.hpp>

namespace millrace {

/// Windows of a fixed size, aligned to the epoch: tumbling ones, which follow one another, or hopping ones, which
/// overlap.
///
///   TimeWindows::of(5min)                               // tumbling, no grace
///   TimeWindows::of(5min).advance_by(1min).grace(30s)   // hopping: each record is in five of them
///
/// Values out of range are reported when the topology is built. Source: TimeWindows of Kafka Streams.
class TimeWindows {
 public:
  /// Tumbling windows [n * size, (n + 1) * size) without grace. `size` must be above 0.
  [[nodiscard]] static TimeWindows of(std::chrono::milliseconds size) { return TimeWindows(size, size, {}); }
  /// Windows begin every `advance`, which must be above 0 and at most the size.
  [[nodiscard]] TimeWindows advance_by(std::chrono::milliseconds advance) const {
    return TimeWindows(size_, advance, grace_);
  }
  /// A window takes records until stream time has reached its end plus `grace`, which must not be negative.
  [[nodiscard]] TimeWindows grace(std::chrono::milliseconds grace) const { return TimeWindows(size_, advance_, grace); }

  [[nodiscard]] std::chrono::milliseconds size() const { return size_; }  ///< How long a window is.
  /// From the start of one window to that of the next.
  [[nodiscard]] std::chrono::milliseconds advance() const { return advance_; }
  /// How long after its end a window still takes records.
  [[nodiscard]] std::chrono::milliseconds grace() const { return grace_; }

  /// Calls `use(Window)` for each window that holds `time`, by start; none begins before the epoch. REQUIRES: faults()
  /// is empty.
  template <class Use>
  void for_each_at(Timestamp time, Use use) const {
    const auto at = time.time_since_epoch();
    if (at.count() < 0) return;
    auto start = std::max(std::chrono::milliseconds(0), at - size_ + advance_) / advance_ * advance_;
    while (true) {
      use(Window{Timestamp(start), shift_time(Timestamp(start), size_)});
      if (at - start < advance_) return;
      start += advance_;
    }
  }

  /// What is wrong with the values, in words that follow "operator x: ".
  [[nodiscard]] std::vector<std::string> faults() const {
    std::vector<std::string> faults;
    auto text = [](std::chrono::milliseconds value) { return std::to_string(value.count()) + " ms"; };
    if (size_.count() <= 0) faults.push_back("its windows have a size of " + text(size_) + ": it must be above 0");
    else if (advance_.count() <= 0 || advance_ > size_) {
      faults.push_back("its windows of " + text(size_) + " advance by " + text(advance_) +
                       ": that must be above 0 and at most their size");
    }
    if (grace_.count() < 0) faults.push_back("its grace is " + text(grace_) + ": it must not be negative");
    return faults;
  }

 private:
  TimeWindows(std::chrono::milliseconds size, std::chrono::milliseconds advance, std::chrono::milliseconds grace)
      : size_(size), advance_(advance), grace_(grace) {}

  std::chrono::milliseconds size_;
  std::chrono::milliseconds advance_;
  std::chrono::milliseconds grace_;
};

/// Which records of two streams join: those whose timestamps differ by no more than the window says. A record of the
/// left stream at time t joins those of the right stream from t - before to t + after, both included.
///
///   JoinWindows::of_time_difference_with_no_grace(5min)
///   JoinWindows::of_time_difference_and_grace(5min, 30s).before(0s)    // the right one comes up to 5 minutes later
///
/// Values out of range are reported when the topology is built. Source: JoinWindows of Kafka Streams.
class JoinWindows {
 public:
  using Duration = std::chrono::milliseconds;  ///< in milliseconds

  /// Both directions alike. Records may be late by up to `grace`, which must not be negative.
  [[nodiscard]] static JoinWindows of_time_difference_and_grace(Duration difference, Duration grace) {
    return JoinWindows(difference, difference, grace);
  }
  /// Both directions alike; late records are dropped.
  [[nodiscard]] static JoinWindows of_time_difference_with_no_grace(Duration difference) {
    return JoinWindows(difference, difference, {});
  }
  /// How much earlier the right record may be; if negative, how much later it must be at least. before + after must not
  /// be negative.
  [[nodiscard]] JoinWindows before(Duration before) const { return JoinWindows(before, after_, grace_); }
  /// How much later the right record may be.
  [[nodiscard]] JoinWindows after(Duration after) const { return JoinWindows(before_, after, grace_); }

  [[nodiscard]] Duration before() const { return before_; }  ///< How much earlier the right record may be.
  [[nodiscard]] Duration after() const { return after_; }    ///< How much later the right record may be.
  [[nodiscard]] Duration grace() const { return grace_; }    ///< How late records may be.
  /// From the earliest to the latest record that joins.
  [[nodiscard]] Duration size() const { return shift(before_, after_); }
  /// How long a record must be kept for later ones of the other stream.
  [[nodiscard]] Duration retention() const {
    // As Kafka Streams has it; but there, where the window reaches to one side only, a record goes a millisecond before
    // the last one that it joins.
    const Duration one_side = shift(std::max(before_, after_), Duration(1));
    return std::max(shift(size(), grace_), shift(one_side, grace_));
  }

  /// What is wrong with the values, in words that follow "operator x: ".
  [[nodiscard]] std::vector<std::string> faults() const {
    std::vector<std::string> faults;
    auto text = [](Duration value) { return std::to_string(value.count()) + " ms"; };
    if (size().count() < 0) {
      faults.push_back("its window reaches from " + text(before_) + " before to " + text(after_) +
                       " after: their sum must not be negative");
    }
    if (grace_.count() < 0) faults.push_back("its grace is " + text(grace_) + ": it must not be negative");
    return faults;
  }

 private:
  JoinWindows(Duration before, Duration after, Duration grace) : before_(before), after_(after), grace_(grace) {}
  static Duration shift(Duration duration, Duration by) {
    return shift_time(Timestamp(duration), by).time_since_epoch();
  }

  Duration before_;
  Duration after_;
  Duration grace_;
};

}  // namespace millrace
