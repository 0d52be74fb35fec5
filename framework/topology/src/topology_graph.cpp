#include <millrace/topology/topology_graph.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace millrace {

namespace {

constexpr std::size_t kNameMax = 200;

// FNV-1a: stable over platforms and versions, which std::hash is not.
std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3ULL;
  return hash;
}

}  // namespace

NodeId TopologyGraph::add_node(NodeSpec spec) {
  spec.id = NodeId(static_cast<std::uint32_t>(nodes_.size()));
  for (NodeId parent : spec.parents) nodes_.at(parent.value()).children.push_back(spec.id);
  nodes_.push_back(std::move(spec));
  return nodes_.back().id;
}

const NodeSpec* TopologyGraph::find(NodeKind kind, const TopicRef& topic) const {
  auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const NodeSpec& node) {
    return node.kind == kind && std::find(node.topics.begin(), node.topics.end(), topic) != node.topics.end();
  });
  return found == nodes_.end() ? nullptr : &*found;
}

void TopologyGraph::add_store(StoreSpec spec) { stores_.push_back(std::move(spec)); }

bool TopologyGraph::has_store(const std::string& name) const {
  return std::any_of(stores_.begin(), stores_.end(), [&](const StoreSpec& store) { return store.name == name; });
}

void TopologyGraph::connect_store(NodeId node, const std::string& store) {
  auto& names = nodes_.at(node.value()).stores;
  if (std::find(names.begin(), names.end(), store) == names.end()) names.push_back(store);
}

std::string TopologyGraph::name_child(std::string_view parent, std::string_view verb) {
  int ordinal = ++siblings_[{std::string(parent), std::string(verb)}];
  std::string name = ordinal == 1 ? fmt::format("{}.{}", parent, verb) : fmt::format("{}.{}-{}", parent, verb, ordinal);
  if (name.size() <= kNameMax) return name;
  return fmt::format("{}-{:016x}", name.substr(0, kNameMax - 17), stable_hash(name));
}

Topology TopologyGraph::build() const {
  if (findings_.empty()) return Topology(nodes_, stores_, repartitions_);
  std::vector<std::string> findings = findings_;
  try {
    Topology probe(nodes_, stores_, repartitions_);
  } catch (const TopologyError& error) {
    findings.insert(findings.end(), error.findings().begin(), error.findings().end());
  }
  throw TopologyError(std::move(findings));
}

}  // namespace millrace
