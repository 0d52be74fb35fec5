// The treasure hunt as a topology:
//
//   hunt-lines    -> hunt-commands
//   hunt-commands -> players -> hunt-outcomes, hunt-repeats, hunt-claims
//   hunt-claims   -> treasures -> hunt-outcomes, hunt-repeats
//   hunt-outcomes -> leaderboard (by player), hunt-failures (by reason)
#pragma once

#include <millrace/topology/topology.hpp>

#include "hunt_book.hpp"

namespace hunt {

[[nodiscard]] millrace::Topology treasure_hunt_topology(HuntBookPtr book);

}  // namespace hunt
