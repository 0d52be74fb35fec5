// Big-endian integers: Kafka's byte order, and the one in which unsigned keys sort.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace millrace {

namespace detail {
/// From the machine's order to big-endian, or back. Written out, since compilers do not see it in a loop of bytes.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T swap_to_big_endian(T bits) {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) return bits;
  else if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(bits));
  else if constexpr (sizeof(T) == 4) return __builtin_bswap32(bits);
  else return __builtin_bswap64(bits);
}
}  // namespace detail

/// Appends `value` to `out`, most significant byte first.
template <std::integral T>
void append_big_endian(std::string& out, T value) {
  const auto bits = detail::swap_to_big_endian(static_cast<std::make_unsigned_t<T>>(value));
  char buffer[sizeof(T)];
  std::memcpy(buffer, &bits, sizeof(T));
  out.append(buffer, sizeof(T));
}

/// REQUIRES: bytes.size() >= sizeof(T).
template <std::integral T>
[[nodiscard]] T read_big_endian(std::string_view bytes) {
  std::make_unsigned_t<T> bits = 0;
  std::memcpy(&bits, bytes.data(), sizeof(T));
  return static_cast<T>(detail::swap_to_big_endian(bits));
}

}  // namespace millrace
