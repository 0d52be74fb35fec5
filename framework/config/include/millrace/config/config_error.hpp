// ConfigError: everything that is wrong with a configuration, at once.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include <millrace/base/error.hpp>

namespace millrace {

/// One thing that is wrong, and what to do about it.
struct ConfigFinding {
  std::string file;     ///< as the user named it; empty for a configuration made in code
  int line = 0;         ///< from 1; 0 when the finding concerns the whole file
  int column = 0;       ///< from 1, in characters
  std::string text;     ///< the offending text as the file has it, never a value from the environment or another file
  std::string message;  ///< what is wrong
  std::string remedy;   ///< what to do

  /// "word_count.yaml:3:1: unknown key "comit.interval.ms"; did you mean "commit.interval.ms"?"
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const ConfigFinding&, const ConfigFinding&) = default;
};

/// Orders findings by file, line and column; keeps the order of equals.
void sort_by_position(std::vector<ConfigFinding>& findings);

/// Thrown by everything that reads a configuration. what() has one line per finding, in the order of the file.
class ConfigError : public std::runtime_error {
 public:
  /// REQUIRES: findings is not empty. `code` is ConfigInvalid, or ConfigUnreadable when there was nothing to check.
  explicit ConfigError(std::vector<ConfigFinding> findings, ErrorCode code = ErrorCode::ConfigInvalid);

  [[nodiscard]] ErrorCode code() const { return code_; }  ///< ConfigInvalid or ConfigUnreadable.
  /// Everything that is wrong; at least one.
  [[nodiscard]] const std::vector<ConfigFinding>& findings() const { return findings_; }

 private:
  ErrorCode code_;
  std::vector<ConfigFinding> findings_;
};

}  // namespace millrace
