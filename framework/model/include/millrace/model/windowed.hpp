// Window and Windowed<K>: a stretch of event time, and a key within one.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <utility>

#include <millrace/model/ids.hpp>

namespace millrace {

/// The stretch [start, end) of event time.
struct Window {
  Timestamp start{};  ///< included
  Timestamp end{};    ///< not included
  friend auto operator<=>(const Window&, const Window&) = default;
};

/// A key within a window: what windowed aggregations give.
template <class K>
struct Windowed {
  K key;          ///< the key without its window
  Window window;  ///< in which it lies
  friend bool operator==(const Windowed&, const Windowed&) = default;
  friend auto operator<=>(const Windowed&, const Windowed&) = default;
};

/// `time` + `by`, which ends at the last (or first) representable time instead of overflowing.
[[nodiscard]] constexpr Timestamp shift_time(Timestamp time, std::chrono::milliseconds by) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(time.time_since_epoch().count(), by.count(), &sum)) {
    sum = by.count() > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  }
  return Timestamp(std::chrono::milliseconds(sum));
}

}  // namespace millrace
