// TopologyGraph: a graph under construction. The DSL and the Processor API add to it; build() checks and freezes it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/topology/topology.hpp>

namespace millrace {

/// Not thread-safe. Faults are collected and thrown together by build().
class TopologyGraph {
 public:
  /// Adds a node; `spec.id` and `spec.children` are filled in. Returns its id.
  NodeId add_node(NodeSpec spec);
  /// The source that reads `topic`, the sink that writes it; nullptr if there is none.
  [[nodiscard]] const NodeSpec* find_source(const TopicRef& topic) const { return find(NodeKind::Source, topic); }
  /// The sink that writes the topic; nullptr if there is none.
  [[nodiscard]] const NodeSpec* find_sink(const TopicRef& topic) const { return find(NodeKind::Sink, topic); }
  void add_store(StoreSpec spec);                             ///< Faults become findings of build().
  void connect_store(NodeId node, const std::string& store);  ///< Lets a node use a store.
  /// `node` opens that time of ObservedTimes.
  void observe_time(NodeId node, const std::string& time) { nodes_.at(node.value()).times.push_back(time); }
  /// Notes a topic that two nodes are joined by.
  void add_repartition(RepartitionSpec spec) { repartitions_.push_back(std::move(spec)); }
  /// Topologies that were built before keep the factory that they have.
  void replace_factory(NodeId node, NodeFactory factory) { nodes_.at(node.value()).factory = std::move(factory); }
  /// Notes a fault that build() is to report.
  void add_finding(std::string finding) { findings_.push_back(std::move(finding)); }

  /// REQUIRES: there is such a node.
  [[nodiscard]] const NodeSpec& node(NodeId id) const { return nodes_.at(id.value()); }
  [[nodiscard]] const std::vector<RepartitionSpec>& repartitions() const { return repartitions_; }  ///< All so far.
  [[nodiscard]] bool has_store(const std::string& name) const;  ///< True if a store of that name was added.

  /// The name of an unnamed operator: its parent's, the verb and, from the second sibling of that verb on, its ordinal.
  /// A change elsewhere in the graph does not change it. Names over 200 characters keep their head and end in a hash.
  [[nodiscard]] std::string name_child(std::string_view parent, std::string_view verb);

  /// Throws TopologyError naming every fault found. The graph stays as it is.
  [[nodiscard]] Topology build() const;

 private:
  [[nodiscard]] const NodeSpec* find(NodeKind kind, const TopicRef& topic) const;

  std::vector<NodeSpec> nodes_;
  std::vector<StoreSpec> stores_;
  std::vector<RepartitionSpec> repartitions_;
  std::vector<std::string> findings_;
  std::map<std::pair<std::string, std::string>, int> siblings_;
};

}  // namespace millrace
