// KStream::join, left_join and outer_join with another stream.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <millrace/dsl/detail/stream_join_nodes.hpp>
#include <millrace/dsl/kstream.hpp>

namespace millrace {

namespace detail {

/// Adds the nodes and stores of a join to the graph.
template <JoinKind kKind, class K, class V1, class V2, class F>
class StreamJoinBuilder {
 public:
  using Result = typename Joining<kKind, K, V1, V2, F>::Result;

  StreamJoinBuilder(DslGraph& graph, std::string name, const JoinWindows& windows,
                    const StreamJoined<K, V1, V2>& options)
      : graph_(graph), name_(std::move(name)), options_(options) {
    const std::string base = options.store_name.empty() ? name_ : options.store_name;
    // As Kafka Streams names them.
    plan_ = std::make_shared<JoinPlan<K, V1, V2>>(JoinPlan<K, V1, V2>{
        name_, windows, base + (kKind == JoinKind::Outer ? "-outer-this-join-store" : "-this-join-store"),
        base + (kKind == JoinKind::Inner ? "-other-join-store" : "-outer-other-join-store"),
        kKind == JoinKind::Inner
            ? std::string()
            : base + (kKind == JoinKind::Outer ? "-outer-shared-join-store" : "-left-shared-join-store"),
        options.key_serde, options.value_serde, options.other_value_serde});
  }

  NodeId build(NodeId left_parent, NodeId right_parent, const F& joiner) {
    for (const std::string& fault : plan_->windows.faults()) {
      graph_.graph.add_finding("operator \"" + name_ + "\": " + fault);
    }
    const auto plan = *plan_;
    NodeId left = graph_.template add<Record<K, V1>, Record<K, Result>>(name_ + ".left", {left_parent}, [plan, joiner] {
      return std::make_unique<StreamJoinNode<kKind, true, K, V1, V2, F>>(plan, joiner);
    });
    NodeId right = graph_.template add<Record<K, V2>, Record<K, Result>>(
        name_ + ".right", {right_parent},
        [plan, joiner] { return std::make_unique<StreamJoinNode<kKind, false, K, V1, V2, F>>(plan, joiner); });
    check_serdes();
    add_window_store<V1>(plan.left_store, left, options_.value_serde);
    add_window_store<V2>(plan.right_store, right, options_.other_value_serde);
    graph_.graph.connect_store(left, plan.right_store);
    graph_.graph.connect_store(right, plan.left_store);
    if constexpr (kKind != JoinKind::Inner) add_unmatched_store({left, right});
    for (NodeId side : {left, right}) graph_.graph.observe_time(side, plan.time);
    return graph_.template add<Record<K, Result>, Record<K, Result>>(name_, {left, right},
                                                                     [] { return std::make_unique<PassNode>(); });
  }

 private:
  void check_serdes() {
    graph_.check(name_, options_.key_serde, "key");
    graph_.check(name_, options_.value_serde, "value");
    graph_.check(name_, options_.other_value_serde, "other_value");
  }
  template <class V>
  void add_window_store(const std::string& store, NodeId node, const Serde<V>& value_serde) {
    WindowStoreBuilder<K, V> builder{.name = store,
                                     .retention = plan_->windows.retention(),
                                     .window_size = plan_->windows.size(),
                                     .retain_duplicates = true,
                                     .persistent = options_.persistent,
                                     .key_serde = options_.key_serde,
                                     .value_serde = value_serde};
    graph_.graph.add_store(builder.spec());
    graph_.graph.connect_store(node, store);
  }
  void add_unmatched_store(std::initializer_list<NodeId> nodes) {
    StoreSpec spec;
    spec.name = plan_->unmatched_store;
    spec.persistent = options_.persistent;
    spec.types = "unmatched " + type_name(typeid(K)) + " -> " + type_name(typeid(V1)) + " or " + type_name(typeid(V2));
    graph_.graph.add_store(std::move(spec));
    for (NodeId node : nodes) graph_.graph.connect_store(node, plan_->unmatched_store);
  }

  DslGraph& graph_;
  const std::string name_;
  const StreamJoined<K, V1, V2> options_;
  std::shared_ptr<const JoinPlan<K, V1, V2>> plan_;
};

}  // namespace detail

template <class K, class V>
template <detail::JoinKind kKind, class V2, class F>
auto KStream<K, V>::join_streams(const KStream<K, V2>& other, F joiner, const JoinWindows& windows,
                                 StreamJoined<K, V, V2> options, std::string_view verb) const {
  options.key_serde = detail::serde_or(options.key_serde, detail::serde_or(key_serde_, other.key_serde_));
  options.value_serde = detail::serde_or(options.value_serde, value_serde_);
  options.other_value_serde = detail::serde_or(options.other_value_serde, other.value_serde_);
  const std::string name = graph_->name_for(options.name, node_, verb);
  using Join = detail::Joining<kKind, K, V, V2, F>;
  const std::string base = options.store_name.empty() ? name : options.store_name;
  NodeId left = node_;
  if (key_changed_) {
    left = detail::add_repartition<K, V>(
        *graph_, node_, {.name = base + "-left", .key_serde = options.key_serde, .value_serde = options.value_serde});
  }
  NodeId right = other.node_;
  if (other.key_changed_) {
    right = detail::add_repartition<K, V2>(
        *graph_, other.node_,
        {.name = base + "-right", .key_serde = options.key_serde, .value_serde = options.other_value_serde});
  }
  NodeId node =
      detail::StreamJoinBuilder<kKind, K, V, V2, F>(*graph_, name, windows, options).build(left, right, joiner);
  if (Join::kRightMayMiss) graph_->keep_null_keys(node);
  return KStream<K, typename Join::Result>(graph_, node, false, options.key_serde, {});
}

}  // namespace millrace
