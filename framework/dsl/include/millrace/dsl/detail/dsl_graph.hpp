// DslGraph: what the handles of one StreamsBuilder share.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/dsl/options.hpp>
#include <millrace/processor/io_nodes.hpp>
#include <millrace/processor/key_value_store.hpp>
#include <millrace/processor/window_store.hpp>
#include <millrace/topology/topology_graph.hpp>
#include <millrace/topology/type_name.hpp>

namespace millrace::detail {

/// Adds typed nodes to the erased graph. Not thread-safe.
struct DslGraph {
  TopologyGraph graph;
  /// By topic: the pair of serdes that it is read with, of the types of its source.
  std::map<std::string, std::shared_ptr<void>> source_serdes;
  /// By the sink of a repartition topic: what makes it so that records without a key pass.
  std::map<NodeId, NodeFactory> keep_null_keys_sinks;

  /// Name given by the user, or derived from the parent's.
  std::string name_for(const std::string& given, NodeId parent, std::string_view verb) {
    return given.empty() ? graph.name_child(graph.node(parent).name, verb) : given;
  }

  /// Adds a processor node that takes `In` and forwards `Out` (void: nothing).
  template <class In, class Out>
  NodeId add(std::string name, std::vector<NodeId> parents, NodeFactory factory, std::vector<std::string> stores = {}) {
    NodeSpec spec;
    spec.name = std::move(name);
    spec.parents = std::move(parents);
    spec.stores = std::move(stores);
    spec.input = &typeid(In);
    if constexpr (!std::is_void_v<Out>) spec.output = &typeid(Out);
    spec.factory = std::move(factory);
    return graph.add_node(std::move(spec));
  }

  template <class K, class V>
  NodeId add_source(std::string name, TopicRef topic, Serde<K> key_serde, Serde<V> value_serde,
                    std::optional<OffsetReset> reset, TimestampExtractor<K, V> extractor = {}) {
    check(name, key_serde, "key");
    check(name, value_serde, "value");
    NodeSpec spec;
    spec.kind = NodeKind::Source;
    spec.name = std::move(name);
    spec.topics = {std::move(topic)};
    spec.offset_reset = reset;
    spec.output = &typeid(Record<K, V>);
    spec.factory = [=] { return std::make_unique<TypedSourceNode<K, V>>(key_serde, value_serde, extractor); };
    return graph.add_node(std::move(spec));
  }

  /// Without a topic, `factory` makes a node that chooses one.
  template <class K, class V>
  NodeId add_sink(std::string name, NodeId parent, std::vector<TopicRef> topics, NodeFactory factory) {
    NodeSpec spec;
    spec.kind = NodeKind::Sink;
    spec.name = std::move(name);
    spec.parents = {parent};
    spec.topics = std::move(topics);
    spec.input = &typeid(Record<K, V>);
    spec.factory = std::move(factory);
    return graph.add_node(std::move(spec));
  }

  /// Records without a key pass through the repartition topics upstream of `node`, as a left join needs them to.
  void keep_null_keys(NodeId node) {
    const NodeSpec& spec = graph.node(node);
    for (const RepartitionSpec& repartition : graph.repartitions()) {
      if (repartition.source != node) continue;
      const NodeId sink = repartition.sink;
      if (auto factory = keep_null_keys_sinks.find(sink); factory != keep_null_keys_sinks.end())
        graph.replace_factory(sink, factory->second);
      keep_null_keys(sink);
    }
    for (NodeId parent : spec.parents) keep_null_keys(parent);
  }

  /// Notes a finding if a serde is missing.
  template <class T>
  void check(const std::string& node, const Serde<T>& serde, const char* what) {
    if (serde.has_codec()) return;
    graph.add_finding(
        "operator \"" + node + "\": there is no serde for its " + what + " of type " + type_name(typeid(T)) +
        ": specialise millrace::SerdeFor, describe the struct with MILLRACE_DESCRIBE, or set ." + what + "_serde");
  }

  /// Notes a finding if a table without a store is to cache.
  template <class K, class V>
  void check_storeless(const std::string& node, const Materialized<K, V>& options) {
    if (!options.caching) return;
    graph.add_finding("operator \"" + node +
                      "\": caching is asked for, but there is no store: name one in .store_name");
  }

  /// Adds a timestamped store of a table, kept as `options` say, and connects it to `node`.
  template <class K, class V>
  void add_table_store(const std::string& name, NodeId node, const Materialized<K, V>& options,
                       const Serde<K>& key_serde, const Serde<V>& value_serde) {
    check(graph.node(node).name, key_serde, "key");
    check(graph.node(node).name, value_serde, "value");
    StoreSpec spec;
    spec.name = name;
    spec.persistent = options.persistent;
    spec.timestamped = true;
    spec.logged = options.logging;
    spec.caching = options.caching;
    spec.types = type_name(typeid(K)) + " -> " + type_name(typeid(V));
    spec.typing = std::make_shared<const TimestampedKeyValueTyping<K, V>>(key_serde, value_serde);
    graph.add_store(std::move(spec));
    graph.connect_store(node, name);
  }
  template <class K, class V>
  void add_window_store(const StoreSpec& spec, NodeId node, const Serde<K>& key_serde, const Serde<V>& value_serde) {
    check(graph.node(node).name, key_serde, "key");
    check(graph.node(node).name, value_serde, "value");
    graph.add_store(spec);
    graph.connect_store(node, spec.name);
  }

  /// Notes a finding if windows of a store would go before they are done with.
  void check_retention(const std::string& store, milliseconds size, milliseconds grace, milliseconds retention) {
    const bool enough = retention >= size && (retention - size >= grace || retention == milliseconds::max());
    if (size > milliseconds(0) && enough) return;
    const std::string plus = grace > milliseconds(0) ? " + grace " + std::to_string(grace.count()) + " ms" : "";
    graph.add_finding("the window store \"" + store + "\" keeps windows of " + std::to_string(size.count()) + " ms" +
                      plus + " for " + std::to_string(retention.count()) +
                      " ms: the size must be above 0, and the retention at least the size plus the grace");
  }
};

using GraphPtr = std::shared_ptr<DslGraph>;

/// The serde set in an option struct, else the one that the stream was read with. Options are default-constructed with
/// the type's default serde, so one that equals the default gives way to the stream's.
template <class T>
Serde<T> serde_or(const Serde<T>& chosen, const Serde<T>& inherited) {
  return chosen.is_default() && inherited.has_codec() ? inherited : chosen;
}

}  // namespace millrace::detail
