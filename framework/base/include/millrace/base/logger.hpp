// Logger: the logging port. Adapters write lines to a terminal, a file or a collector.
#pragma once

#include <cstdint>
#include <string_view>

#include <millrace/base/error.hpp>

namespace millrace {

enum class LogLevel : std::uint8_t { Debug, Info, Warn, Error };

[[nodiscard]] std::string_view to_string(LogLevel level);

/// Takes finished lines. Thread-safe. One line per event that a person may have to act on, not one per record.
class Logger {
 public:
  Logger() = default;
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;
  virtual ~Logger() = default;

  [[nodiscard]] virtual bool enabled(LogLevel level) const = 0;
  /// `component` is the writing class ("committer"), `message` one line without a newline.
  virtual void write(LogLevel level, std::string_view component, std::string_view message) = 0;

  void debug(std::string_view component, std::string_view message) { write_if(LogLevel::Debug, component, message); }
  void info(std::string_view component, std::string_view message) { write_if(LogLevel::Info, component, message); }
  void warn(std::string_view component, std::string_view message) { write_if(LogLevel::Warn, component, message); }
  void error(std::string_view component, const Error& failure) {
    write_if(LogLevel::Error, component, failure.to_string());
  }

 private:
  void write_if(LogLevel level, std::string_view component, std::string_view message) {
    if (enabled(level)) write(level, component, message);
  }
};

/// Swallows everything.
class NullLogger final : public Logger {
 public:
  [[nodiscard]] bool enabled(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view, std::string_view) override {}
};

}  // namespace millrace
