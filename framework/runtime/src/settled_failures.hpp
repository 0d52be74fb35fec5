// SettledFailures: tells a person about records that an exception handler passed over, without a line for each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <millrace/base/clock.hpp>
#include <millrace/base/error.hpp>
#include <millrace/base/logger.hpp>

namespace millrace {

/// The first failure is a warning, and then at most one every five seconds, with the number of those between. Each is a
/// line of the level debug. Thread: one owner.
class SettledFailures {
 public:
  /// Borrows both.
  SettledFailures(Logger& logger, const Clock& clock) : logger_(logger), clock_(clock) {}

  /// `what_was_done` ends the line: "skipped".
  void note(const Error& error, const std::string& what_was_done);
  /// Says how many were not told, when no more are to come. `task` is for the line.
  void end(const std::string& task);

 private:
  Logger& logger_;
  const Clock& clock_;
  std::optional<SteadyTime> told_at_;
  std::uint64_t untold_ = 0;
};

}  // namespace millrace
