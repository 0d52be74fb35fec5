// SpdlogLogger: log lines on standard error: "2026-01-31T12:00:00.123Z WARN restorer: <message>".
#pragma once

#include <memory>

#include <millrace/base/logger.hpp>

namespace millrace {

/// Thread-safe. Control characters in messages are escaped, so that a key cannot forge a line.
class SpdlogLogger final : public Logger {
 public:
  explicit SpdlogLogger(LogLevel level);  ///< Writes lines of `level` and above.
  ~SpdlogLogger() override;
  [[nodiscard]] bool enabled(LogLevel level) const override;  ///< True from the level on that it was made with.
  void write(LogLevel level, std::string_view component, std::string_view message) override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace millrace
