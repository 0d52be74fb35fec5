// Big-endian integers: Kafka's byte order, and the one in which unsigned keys sort.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace millrace {

/// Appends `value` to `out`, most significant byte first.
template <std::integral T>
void append_big_endian(std::string& out, T value) {
  auto bits = static_cast<std::make_unsigned_t<T>>(value);
  char buffer[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    buffer[sizeof(T) - 1 - i] = static_cast<char>(bits & 0xff);
    if constexpr (sizeof(T) > 1) bits = static_cast<decltype(bits)>(bits >> 8);
  }
  out.append(buffer, sizeof(T));
}

/// REQUIRES: bytes.size() >= sizeof(T).
template <std::integral T>
[[nodiscard]] T read_big_endian(std::string_view bytes) {
  std::make_unsigned_t<T> bits = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    if constexpr (sizeof(T) > 1) bits = static_cast<decltype(bits)>(bits << 8);
    bits = static_cast<decltype(bits)>(bits | static_cast<unsigned char>(bytes[i]));
  }
  return static_cast<T>(bits);
}

}  // namespace millrace
