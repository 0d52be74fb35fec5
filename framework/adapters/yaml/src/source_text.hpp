// SourceText: the bytes of a file, and where in it a person finds something.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::yaml_detail {

/// Counted from 1; columns in characters.
struct Position {
  int line = 1;
  int column = 1;
};

/// Why a text cannot be YAML, and where.
struct TextFault {
  Position position;
  std::string message;
  std::string remedy;
};

/// Borrows the text; a byte order mark at its beginning is left out.
class SourceText {
 public:
  explicit SourceText(std::string_view text);

  [[nodiscard]] std::string_view text() const { return text_; }
  /// Line from 0; empty beyond the end. Without its line break.
  [[nodiscard]] std::string_view line(int index) const;
  /// Everything from there on; `line` and `column` as below.
  [[nodiscard]] std::string_view rest_at(int line, int column) const;
  /// `line` and `column` from 0, the column in bytes, as yaml-cpp counts.
  [[nodiscard]] Position position(int line, int column) const;
  /// The first byte that is not UTF-8, or a control character that text does not have. yaml-cpp takes byte 0x04 for the
  /// end of the file and would silently ignore the rest.
  [[nodiscard]] std::optional<TextFault> fault() const;

 private:
  [[nodiscard]] Position position_at(std::size_t offset) const;
  std::string_view text_;
  std::vector<std::size_t> line_starts_;
};

}  // namespace millrace::yaml_detail
