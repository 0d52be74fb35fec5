// name_faults: whether the topics that a topology makes can have the names that follow from the application's id.
#pragma once

#include <string>
#include <vector>

#include <millrace/topology/topology.hpp>

namespace millrace {

/// One line per fault, each with the operator concerned: an internal topic is named "<application.id>-<name>" and may
/// have 249 characters, and nobody else may write to it. What depends on the topology alone is found when it is built.
[[nodiscard]] std::vector<std::string> name_faults(const Topology& topology, const std::string& application_id);

}  // namespace millrace
