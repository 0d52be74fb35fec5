// ProgressLine: tells a person that work goes on: a line that is redrawn on a terminal, elsewhere a plain line every
// five seconds. Nothing in the first second, or five.
#pragma once

#include <cstdio>
#include <string>

#include <millrace/base/clock.hpp>

namespace millrace {

/// Thread: one owner.
class ProgressLine {
 public:
  /// Writes to `out`, which is usually stderr. Borrows both.
  ProgressLine(std::FILE* out, const Clock& clock);
  /// Clears the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// True when it is time to show() again: saves the making of text nobody sees.
  [[nodiscard]] bool due() const;
  /// Does nothing before it is due(). Cuts what does not fit on the terminal's line.
  void show(const std::string& text);
  /// Removes the redrawn line, before other output.
  void clear();

 private:
  std::FILE* out_;
  const Clock& clock_;
  bool terminal_;
  bool drawn_ = false;
  SteadyTime next_;
};

}  // namespace millrace
