// Topology: a finished graph of operators, cut into sub-topologies. Immutable; describe it, test it, run it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/base/error.hpp>
#include <millrace/topology/specs.hpp>

namespace millrace {

/// Thrown by the building of a topology, with every fault found.
class TopologyError : public std::exception {
 public:
  /// REQUIRES: !findings.empty().
  explicit TopologyError(std::vector<std::string> findings);
  /// Every fault, each with the operator and what to do.
  [[nodiscard]] const std::vector<std::string>& findings() const { return findings_; }
  [[nodiscard]] ErrorCode code() const { return ErrorCode::TopologyInvalid; }  ///< TopologyInvalid.
  /// One finding per line.
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::vector<std::string> findings_;
  std::string text_;
};

/// Nodes that hang together, by edges or by shared stores. Each runs as one task per partition of its sources.
struct Subtopology {
  SubtopologyId id;                     ///< its index
  std::string name;                     ///< after its first source topic: an upgrade of operators keeps it
  std::vector<NodeId> nodes;            ///< parents before children
  std::vector<TopicRef> source_topics;  ///< each once, in order of the sources
  std::vector<std::string> stores;      ///< names of the stores its nodes use
};

/// A finished graph. Copyable; immutable.
class Topology {
 public:
  /// Throws TopologyError with all findings. Prefer StreamsBuilder or TopologyBuilder, which call this.
  Topology(std::vector<NodeSpec> nodes, std::vector<StoreSpec> stores, std::vector<RepartitionSpec> repartitions);

  [[nodiscard]] const std::vector<NodeSpec>& nodes() const { return nodes_; }  ///< All nodes, by id.
  /// REQUIRES: there is such a node.
  [[nodiscard]] const NodeSpec& node(NodeId id) const { return nodes_.at(id.value()); }
  /// All of them, by id.
  [[nodiscard]] const std::vector<Subtopology>& subtopologies() const { return subtopologies_; }
  /// REQUIRES: there is such a sub-topology.
  [[nodiscard]] const Subtopology& subtopology(SubtopologyId id) const {
    return subtopologies_.at(static_cast<std::size_t>(id.value()));
  }
  [[nodiscard]] const std::map<std::string, StoreSpec>& stores() const { return stores_; }  ///< All stores, by name.
  /// All repartition topics.
  [[nodiscard]] const std::vector<RepartitionSpec>& repartitions() const { return repartitions_; }
  /// The node that reads `topic`. REQUIRES: some source does.
  [[nodiscard]] const NodeSpec& source_of(const TopicRef& topic) const;

  /// Text in the form of Kafka Streams' describe().
  [[nodiscard]] std::string describe() const;
  /// A Mermaid flowchart: sub-topologies as boxes, stores as cylinders, topics as stadiums.
  [[nodiscard]] std::string mermaid() const;
  /// A Graphviz digraph (`dot -Tsvg`), drawn as mermaid() does.
  [[nodiscard]] std::string graphviz() const;

 private:
  void check() const;
  void cut();
  void check_observed_times() const;

  std::vector<NodeSpec> nodes_;
  std::map<std::string, StoreSpec> stores_;
  std::vector<StoreSpec> declared_stores_;
  std::vector<RepartitionSpec> repartitions_;
  std::vector<Subtopology> subtopologies_;
};

}  // namespace millrace
