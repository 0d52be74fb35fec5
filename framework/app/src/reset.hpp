// reset_application: back to the beginning.
#pragma once

#include <string>
#include <vector>

#include <millrace/config/streams_config.hpp>
#include <millrace/topology/topology.hpp>

namespace millrace {

/// Says, line by line, what goes; does it if `execute`: committed offsets, internal topics, local state of tasks. Other
/// topics stay. Errors: StateDirectoryLocked if the application runs, those of the log.
[[nodiscard]] Result<std::vector<std::string>> reset_application(const Topology& topology, const StreamsConfig& config,
                                                                 bool execute);

}  // namespace millrace
