// ProgressLine: tells a person that work goes on: a line that is redrawn on a terminal, elsewhere a plain line every
// five seconds. Nothing in the first second.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

namespace millrace {

/// Thread: one owner.
class ProgressLine {
 public:
  /// Writes to `out`, which is usually stderr.
  explicit ProgressLine(std::FILE* out);
  /// Clears the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// True when it is time to show() again: saves the making of text nobody sees.
  [[nodiscard]] bool due() const;
  void show(const std::string& text);
  /// Removes the redrawn line, before other output.
  void clear();

 private:
  std::FILE* out_;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace millrace
