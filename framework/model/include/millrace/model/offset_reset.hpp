// OffsetReset: where reading begins when nothing is committed.
#pragma once

#include <cstdint>

namespace millrace {

/// Where a group without a committed offset begins in a topic. None: stop, and let a person decide.
enum class OffsetReset : std::uint8_t { Earliest, Latest, None };

}  // namespace millrace
