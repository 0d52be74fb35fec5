// The rule for names of internal topics, before and after the application's id is known.
#pragma once

#include <string>
#include <vector>

#include <millrace/topology/specs.hpp>

namespace millrace {

/// One line per fault. Without an application id: those that no id mends.
[[nodiscard]] std::vector<std::string> internal_topic_faults(const std::vector<NodeSpec>& nodes,
                                                             const std::vector<StoreSpec>& stores,
                                                             const std::vector<RepartitionSpec>& repartitions,
                                                             const std::string& application_id);

}  // namespace millrace
