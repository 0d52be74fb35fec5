// Variable-length integers in the encoding of Kafka's record format: zig-zag, least significant seven bits first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// Appends `value`; 1 byte for -64..63, at most 10.
inline void append_varint(std::string& out, std::int64_t value) {
  auto bits = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  char buffer[10];
  std::size_t size = 0;
  while (bits >= 0x80) {
    buffer[size++] = static_cast<char>(bits | 0x80);
    bits >>= 7;
  }
  buffer[size++] = static_cast<char>(bits);
  out.append(buffer, size);
}

/// Takes one integer off the front of `bytes`. False, with `bytes` unchanged, if they end too soon or are malformed.
[[nodiscard]] inline bool take_varint(std::string_view& bytes, std::int64_t& value) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
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
