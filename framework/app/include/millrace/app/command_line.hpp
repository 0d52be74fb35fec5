// What the command lines of all programs have in common: exit codes, and what is said about mistakes.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

inline constexpr int kExitFailed = 1;   ///< something went wrong while it ran
inline constexpr int kExitMisused = 2;  ///< command line, configuration or topology at fault; nothing was begun

/// Prints UsageInvalid on standard error and returns kExitMisused. `message` says what is wrong, but if there are words
/// that nobody `expected`, each of those is named instead, with the nearest word that is `known`.
[[nodiscard]] int report_misuse(std::string_view program, std::string_view message,
                                const std::vector<std::string>& unexpected = {},
                                const std::vector<std::string>& known = {});

/// Standard input, output and error, where they are closed, become streams that fail. Else the next file that is opened
/// would take their place: results would be printed into a file of the state directory. Call it before any file is
/// opened; run_app() and StopSignals do.
void keep_standard_streams();

/// Ends the process although threads are running: destructors would wait for them for ever. `why` is said on standard
/// error, if that does not wait either, and what becomes of the work.
[[noreturn]] void leave_at_once(std::string_view why, int exit_code);

/// Ends the process without a word, without destructors, and without flushing anything.
[[noreturn]] void end_process(int exit_code);

/// As leave_at_once(), with kExitFailed, because threads did not end within `waited`.
[[noreturn]] void leave_without_threads(std::string_view program, std::chrono::milliseconds waited);

}  // namespace millrace
