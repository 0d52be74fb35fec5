// Pictures of a topology: text for terminals and golden tests, Mermaid for documents.
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <millrace/topology/topology.hpp>
#include "topic_text.hpp"

namespace millrace {

namespace {

std::string names_of(const Topology& topology, const std::vector<NodeId>& ids) {
  std::vector<std::string> names;
  for (NodeId id : ids) names.push_back(topology.node(id).name);
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

/// `text` within a Mermaid label, where <application.id> would be a tag that nobody sees.
std::string label(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '<') out += "#lt;";
    else if (c == '>') out += "#gt;";
    else out += c;
  }
  return out;
}

std::string heading(const NodeSpec& node) {
  std::vector<std::string> topics;
  for (const TopicRef& topic : node.topics) topics.push_back(topic_text(topic));
  switch (node.kind) {
    case NodeKind::Source: return fmt::format("Source: {} (topics: [{}])", node.name, fmt::join(topics, ", "));
    case NodeKind::Sink:
      return fmt::format("Sink: {} (topic: {})", node.name, topics.empty() ? "chosen per record" : topics.front());
    case NodeKind::Processor: break;
  }
  return fmt::format("Processor: {} (stores: [{}])", node.name, fmt::join(node.stores, ", "));
}

// Mermaid ids may not hold dots or dashes, so nodes are numbered and labelled.
class MermaidWriter {
 public:
  explicit MermaidWriter(const Topology& topology) : topology_(topology) {}

  std::string run() {
    text_ = "flowchart TD\n";
    for (const Subtopology& group : topology_.subtopologies()) write_group(group);
    for (const NodeSpec& node : topology_.nodes()) write_edges(node);
    return std::move(text_);
  }

 private:
  void write_group(const Subtopology& group) {
    text_ += fmt::format("  subgraph S{}[\"sub-topology {}: {}\"]\n", group.id.value(), group.id.value(), group.name);
    for (NodeId id : group.nodes) {
      const NodeSpec& node = topology_.node(id);
      text_ += fmt::format("    N{}[\"{}\"]\n", id.value(), node.name);
    }
    for (const std::string& store : group.stores) text_ += fmt::format("    {}[(\"{}\")]\n", store_id(store), store);
    text_ += "  end\n";
  }

  void write_edges(const NodeSpec& node) {
    for (const TopicRef& topic : node.topics) {
      std::string id = topic_id(topic);
      if (node.kind == NodeKind::Source) text_ += fmt::format("  {} --> N{}\n", id, node.id.value());
      else text_ += fmt::format("  N{} --> {}\n", node.id.value(), id);
    }
    for (NodeId child : node.children) text_ += fmt::format("  N{} --> N{}\n", node.id.value(), child.value());
    for (const std::string& store : node.stores)
      text_ += fmt::format("  N{} -.- {}\n", node.id.value(), store_id(store));
  }

  std::string topic_id(const TopicRef& topic) {
    auto [place, fresh] = topics_.emplace(topic, topics_.size());
    std::string id = fmt::format("T{}", place->second);
    if (fresh) text_ += fmt::format("  {}([\"{}\"])\n", id, label(topic_text(topic)));
    return id;
  }

  std::string store_id(const std::string& store) {
    return fmt::format("D{}", stores_.emplace(store, stores_.size()).first->second);
  }

  const Topology& topology_;
  std::string text_;
  std::map<TopicRef, std::size_t> topics_;
  std::map<std::string, std::size_t> stores_;
};

}  // namespace

std::string Topology::describe() const {
  std::string text = "Topologies:\n";
  for (const Subtopology& group : subtopologies_) {
    text += fmt::format("   Sub-topology: {} ({})\n", group.id.value(), group.name);
    for (NodeId id : group.nodes) {
      const NodeSpec& spec = node(id);
      text += fmt::format("    {}\n", heading(spec));
      if (spec.kind != NodeKind::Sink) text += fmt::format("      --> {}\n", names_of(*this, spec.children));
      if (spec.kind != NodeKind::Source) text += fmt::format("      <-- {}\n", names_of(*this, spec.parents));
    }
    for (const std::string& name : group.stores) {
      const StoreSpec& store = stores_.at(name);
      text += fmt::format("    Store: {} ({}, {}{})\n", name, store.types, store.persistent ? "rocksdb" : "in-memory",
                          store.logged ? ", changelog: " + topic_text(store.changelog()) : ", not logged");
    }
  }
  return text;
}

std::string Topology::mermaid() const { return MermaidWriter(*this).run(); }

}  // namespace millrace
