#include <millrace/topology/name_faults.hpp>

#include "internal_topics.hpp"

namespace millrace {

std::vector<std::string> name_faults(const Topology& topology, const std::string& application_id) {
  std::vector<StoreSpec> stores;
  for (const auto& [name, store] : topology.stores()) stores.push_back(store);
  return internal_topic_faults(topology.nodes(), stores, topology.repartitions(), application_id);
}

}  // namespace millrace
