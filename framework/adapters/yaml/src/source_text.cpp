#include "source_text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace millrace::yaml_detail {

namespace {

unsigned char byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

bool continues(std::string_view text, std::size_t i) { return i < text.size() && (byte_at(text, i) & 0xc0) == 0x80; }

/// Length of the UTF-8 character at `i`; 0 when there is none. Overlong forms, surrogates and values over U+10FFFF are
/// none.
std::size_t character_length(std::string_view text, std::size_t i) {
  unsigned char first = byte_at(text, i);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || !continues(text, i + 1)) return 0;
  if (first < 0xe0) return 2;
  unsigned char second = byte_at(text, i + 1);
  if (!continues(text, i + 2)) return 0;
  if (first < 0xf0) return (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ? 0 : 3;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return continues(text, i + 3) ? 4 : 0;
}

bool is_forbidden_control(unsigned char c) { return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f; }

}  // namespace

SourceText::SourceText(std::string_view text) : text_(text) {
  if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

std::string_view SourceText::line(int index) const {
  if (index < 0 || static_cast<std::size_t>(index) >= line_starts_.size()) return {};
  std::string_view rest = text_.substr(line_starts_[static_cast<std::size_t>(index)]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

std::string_view SourceText::rest_at(int line_index, int column) const {
  if (line_index < 0 || column < 0 || static_cast<std::size_t>(line_index) >= line_starts_.size()) return {};
  std::size_t offset = line_starts_[static_cast<std::size_t>(line_index)] + static_cast<std::size_t>(column);
  return text_.substr(std::min(offset, text_.size()));
}

Position SourceText::position(int line_index, int column) const {
  std::string_view before = line(line_index).substr(0, static_cast<std::size_t>(std::max(column, 0)));
  auto characters = std::count_if(before.begin(), before.end(),
                                  [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  return {std::max(line_index, 0) + 1, static_cast<int>(characters) + 1};
}

Position SourceText::position_at(std::size_t offset) const {
  auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  auto index = static_cast<int>(next - line_starts_.begin()) - 1;
  return position(index, static_cast<int>(offset - line_starts_[static_cast<std::size_t>(index)]));
}

std::optional<TextFault> SourceText::fault() const {
  for (std::size_t i = 0; i < text_.size();) {
    std::size_t length = character_length(text_, i);
    if (length == 0) {
      return TextFault{position_at(i), fmt::format("the byte \\x{:02x} is not UTF-8", byte_at(text_, i)),
                       "save the file as UTF-8"};
    }
    if (length == 1 && is_forbidden_control(byte_at(text_, i))) {
      return TextFault{position_at(i), fmt::format("the control character \\x{:02x} is not allowed", byte_at(text_, i)),
                       "remove it"};
    }
    i += length;
  }
  return std::nullopt;
}

}  // namespace millrace::yaml_detail
