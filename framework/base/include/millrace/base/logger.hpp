// Logger: the logging port. Adapters write lines to a terminal, a file or a collector.
#pragma once

#include <cstdint>
#include <string_view>

#include <millrace/base/error.hpp>

namespace millrace {

/// How much a line matters; in order.
enum class LogLevel : std::uint8_t { Debug, Info, Warn, Error };

[[nodiscard]] std::string_view to_string(LogLevel level);  ///< As log.level spells it: "warn".

/// Takes finished lines. Thread-safe. One line per event that a person may have to act on, not one per record.
class Logger {
 public:
  Logger() = default;
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;
  virtual ~Logger() = default;

  /// Whether lines of that level go anywhere: ask before making an expensive one.
  [[nodiscard]] virtual bool enabled(LogLevel level) const = 0;
  /// `component` is the writing class ("committer"), `message` one line without a newline.
  virtual void write(LogLevel level, std::string_view component, std::string_view message) = 0;

  /// Writes a line that helps to find a fault of the program.
  void debug(std::string_view component, std::string_view message) { write_if(LogLevel::Debug, component, message); }
  /// Writes a line about something that happens in the normal course.
  void info(std::string_view component, std::string_view message) { write_if(LogLevel::Info, component, message); }
  /// Writes a line about something that a person should know of.
  void warn(std::string_view component, std::string_view message) { write_if(LogLevel::Warn, component, message); }
  /// Writes a line about a failure that stops something.
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
  [[nodiscard]] bool enabled(LogLevel) const override { return false; }  ///< never
  void write(LogLevel, std::string_view, std::string_view) override {}
};

}  // namespace millrace
