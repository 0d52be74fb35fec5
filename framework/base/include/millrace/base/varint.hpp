// Variable-length integers in the encoding of Kafka's record format: zig-zag, least significant seven bits first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

inline constexpr std::size_t kMostVarintBytes = 10;  ///< The longest that a 64-bit number can become.

/// Writes `value` at `out`, which has room for kMostVarintBytes; 1 byte for -64..63. Returns the place behind it.
inline char* write_varint(char* out, std::int64_t value) {
  auto bits = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  while (bits >= 0x80) {
    *out++ = static_cast<char>(bits | 0x80);
    bits >>= 7;
  }
  *out++ = static_cast<char>(bits);
  return out;
}

/// Appends `value`, zigzag-encoded: small numbers of either sign are short.
inline void append_varint(std::string& out, std::int64_t value) {
  char buffer[kMostVarintBytes];
  out.append(buffer, static_cast<std::size_t>(write_varint(buffer, value) - buffer));
}

/// Takes one integer off the front of `bytes`. False, with `bytes` unchanged, if they end too soon or are malformed.
[[nodiscard]] inline bool take_varint(std::string_view& bytes, std::int64_t& value) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < bytes.size() && i < kMostVarintBytes; ++i) {
    auto byte = static_cast<std::uint8_t>(bytes[i]);
    bits |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) {
      value = static_cast<std::int64_t>(bits >> 1) ^ -static_cast<std::int64_t>(bits & 1);
      bytes.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

}  // namespace millrace
