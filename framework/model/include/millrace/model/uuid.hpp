// Uuid: 128 bits that name something, as java.util.UUID holds them.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// Compares as its text does.
struct Uuid {
  std::uint64_t most = 0;   ///< the first 16 hexadecimal digits
  std::uint64_t least = 0;  ///< the last 16
  friend auto operator<=>(const Uuid&, const Uuid&) = default;

  /// From 36 characters, "123e4567-e89b-12d3-a456-426614174000", with digits of either case; nullopt for anything else.
  [[nodiscard]] static std::optional<Uuid> parse(std::string_view text);
};

/// 36 characters, lower case.
[[nodiscard]] std::string to_string(const Uuid& uuid);

}  // namespace millrace

template <>
struct std::hash<millrace::Uuid> {
  std::size_t operator()(const millrace::Uuid& uuid) const noexcept {
    return static_cast<std::size_t>(uuid.most * 31 + uuid.least);
  }
};
