// Numbers with units, as configuration files and command lines write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// Why text is no number.
enum class NumberFault : std::uint8_t {
  None,
  NotANumber,   ///< not decimal digits with at most a leading minus; also "007", which YAML versions read differently
  UnknownUnit,  ///< a number, but what follows it is none of the units
  TooLarge,     ///< does not fit 64 bits
};

/// What a text says. `value` counts only without a fault. `unit` is what follows the number, also when unknown; it
/// borrows from the text.
struct ParsedNumber {
  NumberFault fault = NumberFault::NotANumber;  ///< what is wrong with it
  std::int64_t value = 0;                       ///< the number, if nothing is
  std::string_view unit = {};                   ///< of the text, as far as it was understood
};

/// "-12".
[[nodiscard]] ParsedNumber parse_whole_number(std::string_view text);
/// Bytes: "1048576", "1024KiB", "1 MiB" (one blank is allowed). Units are exact and binary: B, KiB, MiB, GiB, TiB.
[[nodiscard]] ParsedNumber parse_size(std::string_view text);
/// Milliseconds: "100", "100ms", "5s", "2m", "1h".
[[nodiscard]] ParsedNumber parse_duration(std::string_view text);

/// With the largest unit that divides `bytes`: "64MiB"; "0".
[[nodiscard]] std::string format_size(std::int64_t bytes);

}  // namespace millrace
