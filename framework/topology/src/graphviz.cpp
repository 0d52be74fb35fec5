// The picture of a topology for Graphviz.
#include <map>

#include <fmt/format.h>

#include <millrace/topology/topology.hpp>
#include "topic_text.hpp"

namespace millrace {

namespace {

/// `text` as a quoted string of the language.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

class GraphvizWriter {
 public:
  explicit GraphvizWriter(const Topology& topology) : topology_(topology) {}

  std::string run() {
    text_ = "digraph topology {\n  node [shape=box];\n";
    for (const Subtopology& group : topology_.subtopologies()) write_group(group);
    for (const NodeSpec& node : topology_.nodes()) write_edges(node);
    return text_ + "}\n";
  }

 private:
  void write_group(const Subtopology& group) {
    text_ += fmt::format("  subgraph cluster_{} {{\n    label={};\n", group.id.value(),
                         quoted(fmt::format("sub-topology {}: {}", group.id.value(), group.name)));
    for (NodeId id : group.nodes)
      text_ += fmt::format("    n{} [label={}];\n", id.value(), quoted(topology_.node(id).name));
    for (const std::string& store : group.stores) {
      text_ += fmt::format("    {} [label={}, shape=cylinder];\n", store_id(store), quoted(store));
    }
    text_ += "  }\n";
  }

  void write_edges(const NodeSpec& node) {
    for (const TopicRef& topic : node.topics) {
      std::string id = topic_id(topic);
      if (node.kind == NodeKind::Source) text_ += fmt::format("  {} -> n{};\n", id, node.id.value());
      else text_ += fmt::format("  n{} -> {};\n", node.id.value(), id);
    }
    for (NodeId child : node.children) text_ += fmt::format("  n{} -> n{};\n", node.id.value(), child.value());
    for (const std::string& store : node.stores) {
      text_ += fmt::format("  n{} -> {} [dir=none, style=dashed];\n", node.id.value(), store_id(store));
    }
  }

  std::string topic_id(const TopicRef& topic) {
    auto [place, fresh] = topics_.emplace(topic, topics_.size());
    std::string id = fmt::format("t{}", place->second);
    if (fresh) text_ += fmt::format("  {} [label={}, shape=ellipse];\n", id, quoted(topic_text(topic)));
    return id;
  }
  std::string store_id(const std::string& store) {
    return fmt::format("d{}", stores_.emplace(store, stores_.size()).first->second);
  }

  const Topology& topology_;
  std::string text_;
  std::map<TopicRef, std::size_t> topics_;
  std::map<std::string, std::size_t> stores_;
};

}  // namespace

std::string Topology::graphviz() const { return GraphvizWriter(*this).run(); }

}  // namespace millrace
