// The keys of window stores: key | 8 bytes of window start in milliseconds | 4 bytes of sequence, big-endian. So the
// windows of one key stand together, in the order of time. Source: WindowKeySchema of Kafka Streams.
#pragma once

#include <cstdint>
#include <optional>

#include <millrace/base/big_endian.hpp>
#include <millrace/base/bytes.hpp>
#include <millrace/model/ids.hpp>
#include <millrace/model/windowed.hpp>

namespace millrace {

/// Bytes of start and sequence.
inline constexpr std::size_t kWindowSuffixBytes = sizeof(std::int64_t) + sizeof(std::int32_t);

/// Appends start and sequence to a key's bytes.
inline void append_window_suffix(Bytes& out, Timestamp start, std::int32_t sequence = 0) {
  append_big_endian(out, static_cast<std::int64_t>(start.time_since_epoch().count()));
  append_big_endian(out, sequence);
}

/// A stored key taken apart; borrows from it.
struct WindowKeyView {
  BytesView key;              ///< the key without its window
  Timestamp start;            ///< of the window
  std::int32_t sequence = 0;  ///< tells duplicates apart
};

/// nullopt if `stored` is too short to be one.
[[nodiscard]] inline std::optional<WindowKeyView> parse_window_key(BytesView stored) {
  if (stored.size() < kWindowSuffixBytes) return std::nullopt;
  const std::size_t split = stored.size() - kWindowSuffixBytes;
  return WindowKeyView{stored.substr(0, split),
                       Timestamp(std::chrono::milliseconds(read_big_endian<std::int64_t>(stored.substr(split)))),
                       read_big_endian<std::int32_t>(stored.substr(split + sizeof(std::int64_t)))};
}

/// The latest window start that a store with this retention has forgotten, when the latest start seen is `observed`.
[[nodiscard]] inline Timestamp last_expired_start(Timestamp observed, std::chrono::milliseconds retention) {
  return observed == kNoTimestamp ? Timestamp::min() : shift_time(observed, -retention);
}

}  // namespace millrace
