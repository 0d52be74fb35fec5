#include "label_value.hpp"

#include <cstdint>

namespace millrace::detail {

namespace {

/// Length of the valid UTF-8 sequence at the begin of `text`; 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  auto byte = [&](std::size_t index) { return static_cast<std::uint8_t>(text[index]); };
  std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t index = 1; index < length; ++index) {
    if ((byte(index) & 0xC0) != 0x80) return 0;
  }
  bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  bool surrogate = first == 0xED && byte(1) >= 0xA0;
  bool beyond = first == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

}  // namespace

std::string clean_label_value(std::string_view value) {
  std::string clean;
  while (!value.empty()) {
    std::size_t length = sequence_length(value);
    auto first = static_cast<std::uint8_t>(value[0]);
    bool bad = length == 0 || first < 0x20 || first == 0x7F;
    if (bad) length = 1;
    if (clean.size() + length > kLabelValueBytesMax) break;
    if (bad) clean += '?';
    else clean += value.substr(0, length);
    value.remove_prefix(length);
  }
  return clean;
}

}  // namespace millrace::detail
