#include <millrace/topology/topology.hpp>

#include <algorithm>
#include <numeric>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <millrace/base/assert.hpp>
#include <millrace/model/kafka_name.hpp>
#include <millrace/model/observed_times.hpp>
#include <millrace/topology/type_name.hpp>
#include "internal_topics.hpp"

namespace millrace {

TopologyError::TopologyError(std::vector<std::string> findings) : findings_(std::move(findings)) {
  text_ = fmt::format("{} the topology has {} fault{}:\n  {}", to_string(ErrorCode::TopologyInvalid), findings_.size(),
                      findings_.size() == 1 ? "" : "s", fmt::join(findings_, "\n  "));
}

Topology::Topology(std::vector<NodeSpec> nodes, std::vector<StoreSpec> stores,
                   std::vector<RepartitionSpec> repartitions)
    : nodes_(std::move(nodes)), declared_stores_(std::move(stores)), repartitions_(std::move(repartitions)) {
  for (const StoreSpec& store : declared_stores_) stores_.emplace(store.name, store);
  check();
  cut();
  check_observed_times();
}

const NodeSpec& Topology::source_of(const TopicRef& topic) const {
  for (const NodeSpec& node : nodes_) {
    if (node.kind != NodeKind::Source) continue;
    if (std::find(node.topics.begin(), node.topics.end(), topic) != node.topics.end()) return node;
  }
  MILLRACE_ASSERT(false, "no source reads " + topic.name);
}

namespace {

std::string type_text(const std::type_info* type) { return type == nullptr ? "nothing" : type_name(*type); }

/// Collects the faults of a graph, each rule in a function of its own.
class Checker {
 public:
  Checker(const std::vector<NodeSpec>& nodes, const std::vector<StoreSpec>& stores,
          const std::vector<RepartitionSpec>& repartitions)
      : nodes_(nodes), stores_(stores), repartitions_(repartitions) {}

  std::vector<std::string> run() {
    check_sources();
    check_names();
    check_stores();
    auto faults = internal_topic_faults(nodes_, stores_, repartitions_, "");
    findings_.insert(findings_.end(), faults.begin(), faults.end());
    check_edges();
    return std::move(findings_);
  }

 private:
  void check_sources() {
    std::map<std::string, std::string> reader;
    bool any = false;
    for (const NodeSpec& node : nodes_) {
      for (const TopicRef& topic : node.topics) {
        if (!topic.internal && !is_valid_kafka_name(topic.name)) {
          findings_.push_back(fmt::format("operator \"{}\": \"{}\" is not a topic name: use 1 to 249 of [a-zA-Z0-9._-]",
                                          node.name, topic.name));
        }
        if (node.kind != NodeKind::Source) continue;
        auto [place, fresh] = reader.emplace(topic.name, node.name);
        if (!fresh) {
          findings_.push_back(fmt::format(
              "topic \"{}\" is read by \"{}\" and by \"{}\" with other types or options: read it once and use the "
              "stream twice",
              topic.name, place->second, node.name));
        }
      }
      any |= node.kind == NodeKind::Source;
    }
    if (!any) findings_.push_back("the topology has no source: begin with stream() or table()");
  }

  void check_names() {
    std::set<std::string> seen;
    for (const NodeSpec& node : nodes_) {
      if (!belongs_to_repartition(node.id) && !is_valid_kafka_name(node.name)) {
        findings_.push_back(
            fmt::format("\"{}\" is not a name for an operator: use 1 to 249 of [a-zA-Z0-9._-]", node.name));
      }
      if (!seen.insert(node.name).second) {
        findings_.push_back(fmt::format("two operators are named \"{}\": give one of them another name", node.name));
      }
    }
  }

  /// Named after the topic, which is reported by itself.
  bool belongs_to_repartition(NodeId node) const {
    return std::any_of(repartitions_.begin(), repartitions_.end(),
                       [&](const RepartitionSpec& spec) { return spec.sink == node || spec.source == node; });
  }

  void check_stores() {
    std::set<std::string> names;
    for (const StoreSpec& store : stores_) {
      if (!is_valid_kafka_name(store.name)) {
        findings_.push_back(
            fmt::format("\"{}\" is not a name for a store: use 1 to 249 of [a-zA-Z0-9._-]", store.name));
      }
      if (!names.insert(store.name).second) {
        findings_.push_back(fmt::format("two stores are named \"{}\": give one of them another name", store.name));
      }
    }
    std::set<std::string> used;
    for (const NodeSpec& node : nodes_) {
      for (const std::string& store : node.stores) {
        used.insert(store);
        if (!names.contains(store)) {
          findings_.push_back(
              fmt::format("operator \"{}\" uses the store \"{}\", which was not added: call add_state_store() first, "
                          "or correct the name",
                          node.name, store));
        }
      }
    }
    for (const std::string& name : names) {
      if (!used.contains(name)) {
        findings_.push_back(fmt::format(
            "no operator uses the store \"{}\": name it in ProcessOptions::stores, or do not add it", name));
      }
    }
  }

  void check_edges() {
    for (const NodeSpec& node : nodes_) {
      if (node.kind != NodeKind::Source && node.parents.empty()) {
        findings_.push_back(fmt::format("operator \"{}\" has no parent", node.name));
      }
      for (NodeId parent_id : node.parents) {
        const NodeSpec& parent = nodes_.at(parent_id.value());
        bool same = parent.output != nullptr && node.input != nullptr && *parent.output == *node.input;
        if (!same) {
          findings_.push_back(fmt::format("operator \"{}\" takes {}, but its parent \"{}\" forwards {}", node.name,
                                          type_text(node.input), parent.name, type_text(parent.output)));
        }
      }
    }
  }

  const std::vector<NodeSpec>& nodes_;
  const std::vector<StoreSpec>& stores_;
  const std::vector<RepartitionSpec>& repartitions_;
  std::vector<std::string> findings_;
};

class UnionFind {
 public:
  explicit UnionFind(std::size_t size) : parent_(size) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  std::size_t find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void unite(std::size_t a, std::size_t b) {
    a = find(a);
    b = find(b);
    // The smaller index is the root: groups come out in the order of their first node.
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace

void Topology::check() const {
  auto findings = Checker(nodes_, declared_stores_, repartitions_).run();
  if (!findings.empty()) throw TopologyError(std::move(findings));
}

void Topology::check_observed_times() const {
  std::vector<std::string> findings;
  for (const Subtopology& group : subtopologies_) {
    std::map<std::uint32_t, std::string> name_of;
    auto add = [&](const std::string& name) {
      auto [place, fresh] = name_of.emplace(ObservedTimes::hash(name), name);
      if (!fresh && place->second != name) {
        findings.push_back(fmt::format("\"{}\" and \"{}\" cannot stand in one sub-topology, their hashes are equal: "
                                       "give one of them another name",
                                       place->second, name));
      }
    };
    for (NodeId id : group.nodes) {
      for (const std::string& time : node(id).times) add(time);
    }
    for (const std::string& store : group.stores) {
      if (stores_.at(store).kind == StoreKind::Window) add(store);
    }
    if (name_of.size() <= kObservedTimesMax) continue;
    findings.push_back(fmt::format(
        "sub-topology {} ({}) has {} windowed operators and window stores, {} is the most: how far each has come in "
        "event time is committed beside the offsets, which have room for no more; split it at a repartition topic",
        group.id.value(), group.name, name_of.size(), kObservedTimesMax));
  }
  if (!findings.empty()) throw TopologyError(std::move(findings));
}

void Topology::cut() {
  UnionFind groups(nodes_.size());
  std::map<std::string, std::size_t> first_user;
  for (const NodeSpec& node : nodes_) {
    for (NodeId child : node.children) groups.unite(node.id.value(), child.value());
    for (const std::string& store : node.stores) {
      auto [place, fresh] = first_user.emplace(store, node.id.value());
      if (!fresh) groups.unite(place->second, node.id.value());
    }
  }
  std::map<std::size_t, std::size_t> index_of_root;
  for (const NodeSpec& node : nodes_) {  // ids ascend, and a parent is added before its children
    auto [place, fresh] = index_of_root.emplace(groups.find(node.id.value()), subtopologies_.size());
    if (fresh) {
      Subtopology group;
      group.id = SubtopologyId(static_cast<std::int32_t>(subtopologies_.size()));
      subtopologies_.push_back(std::move(group));
    }
    Subtopology& group = subtopologies_[place->second];
    group.nodes.push_back(node.id);
    if (node.kind == NodeKind::Source) {
      group.source_topics.insert(group.source_topics.end(), node.topics.begin(), node.topics.end());
    }
    for (const std::string& store : node.stores) {
      if (std::find(group.stores.begin(), group.stores.end(), store) == group.stores.end())
        group.stores.push_back(store);
    }
  }
  for (Subtopology& group : subtopologies_) group.name = group.source_topics.front().name;
}

}  // namespace millrace
