// ThreadLogger: puts the thread's name before the component of each line.
#pragma once

#include <string>
#include <utility>

#include <millrace/base/logger.hpp>

namespace millrace {

class ThreadLogger final : public Logger {
 public:
  /// Borrows the logger.
  ThreadLogger(std::string thread, Logger& inner) : prefix_(std::move(thread) + " "), inner_(inner) {}
  [[nodiscard]] bool enabled(LogLevel level) const override { return inner_.enabled(level); }
  void write(LogLevel level, std::string_view component, std::string_view message) override {
    inner_.write(level, prefix_ + std::string(component), message);
  }

 private:
  const std::string prefix_;
  Logger& inner_;
};

}  // namespace millrace
