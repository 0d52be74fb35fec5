#include <millrace/model/uuid.hpp>

namespace millrace {

namespace {

constexpr std::size_t kTextSize = 36;

constexpr bool is_dash(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

/// -1 if it is none.
constexpr int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != kTextSize) return std::nullopt;
  Uuid uuid;
  int digits = 0;
  for (std::size_t i = 0; i < kTextSize; ++i) {
    if (is_dash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = digit_value(text[i]);
    if (value < 0) return std::nullopt;
    std::uint64_t& half = digits++ < 16 ? uuid.most : uuid.least;
    half = half << 4 | static_cast<std::uint64_t>(value);
  }
  return uuid;
}

std::string to_string(const Uuid& uuid) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(kTextSize, '-');
  int digits = 0;
  for (std::size_t i = 0; i < kTextSize; ++i) {
    if (is_dash(i)) continue;
    const std::uint64_t half = digits < 16 ? uuid.most : uuid.least;
    text[i] = kDigits[half >> (60 - 4 * (digits++ % 16)) & 0xf];
  }
  return text;
}

}  // namespace millrace
