// Defects that a simulation must find: what it cannot find, its silence says nothing about.
#pragma once

#include <vector>

#include "world.hpp"

namespace millrace::simulation {

/// Each is built anew for each seed.
[[nodiscard]] std::vector<Bug> planted_bugs(std::uint64_t seed);

}  // namespace millrace::simulation
