// What an upgrade from one version of a topology to another keeps, renames and leaves behind.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <millrace/base/result.hpp>
#include <millrace/topology/topology.hpp>

namespace millrace {

/// What an upgrade means for state and topics.
struct TopologyDiff {
  /// One line for each store, internal topic and topic of the user, and for each sub-topology whose number changed.
  std::vector<std::string> lines;
  /// State would not be found again, would not be understood, or records in an internal topic would not be processed.
  bool loses = false;
};

/// Compares what Topology::describe() of the older version printed with `now`. A store that is gone is taken for
/// renamed if a new one of the same types stands at the same operator, or is the only such pair in its sub-topology.
/// Errors: InputUnreadable, naming the line, if `old_description` is no such text.
[[nodiscard]] Result<TopologyDiff> diff_topology(std::string_view old_description, const Topology& now);

}  // namespace millrace
