// KTable<K, V>: a changing table: the latest value for each key. A small handle, as KStream is.
#pragma once

#include <string>
#include <utility>

#include <millrace/dsl/change.hpp>
#include <millrace/dsl/detail/table_nodes.hpp>
#include <millrace/dsl/kstream.hpp>

namespace millrace {

template <class K, class V>
class KTable {
 public:
  using Key = K;
  using Value = V;

  /// The stream of changes: each new value; null where a row was deleted.
  [[nodiscard]] KStream<K, V> to_stream(Named options = {}) const {
    auto name = graph_->name_for(options.name, node_, "to_stream");
    auto node = graph_->template add<Record<K, Change<V>>, Record<K, V>>(
        name, {node_}, [] { return std::make_unique<detail::ToStreamNode<K, V>>(); });
    return KStream<K, V>(graph_, node, false, key_serde_, value_serde_);
  }
  /// The store that holds the table; empty if it is not materialized.
  [[nodiscard]] const std::string& store_name() const { return store_name_; }

 private:
  template <class, class>
  friend class KStream;
  template <class, class>
  friend class KGroupedStream;
  friend class StreamsBuilder;

  KTable(detail::GraphPtr graph, NodeId node, std::string store_name, Serde<K> key_serde, Serde<V> value_serde)
      : graph_(std::move(graph)),
        node_(node),
        store_name_(std::move(store_name)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)) {}

  detail::GraphPtr graph_;
  NodeId node_;
  std::string store_name_;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
};

namespace detail {

/// A node that turns the records of `parent` into changes of a table.
template <class K, class V>
NodeId add_table(DslGraph& dsl, NodeId parent, const std::string& name, const Materialized<K, V>& materialized) {
  const std::string& store = materialized.store_name;
  if (store.empty()) {
    return dsl.template add<Record<K, V>, Record<K, Change<V>>>(
        name, {parent}, [] { return std::make_unique<PassingTableNode<K, V>>(); });
  }
  TableStore<K, V> rows(store, materialized.key_serde, materialized.value_serde);
  NodeId node = dsl.template add<Record<K, V>, Record<K, Change<V>>>(
      name, {parent}, [=] { return std::make_unique<StoredTableNode<K, V>>(rows); });
  dsl.add_table_store(store, node, materialized.persistent, materialized.key_serde, materialized.value_serde);
  return node;
}

}  // namespace detail

template <class K, class V>
KTable<K, V> KStream<K, V>::to_table(Materialized<K, V> materialized) const {
  materialized.key_serde = detail::serde_or(materialized.key_serde, key_serde_);
  materialized.value_serde = detail::serde_or(materialized.value_serde, value_serde_);
  auto name = graph_->name_for(materialized.name, node_, "to_table");
  NodeId parent = node_;
  if (key_changed_) {
    const std::string& base = materialized.store_name.empty() ? name : materialized.store_name;
    parent = detail::add_repartition<K, V>(
        *graph_, node_,
        {.name = base, .key_serde = materialized.key_serde, .value_serde = materialized.value_serde});
  }
  auto node = detail::add_table(*graph_, parent, name, materialized);
  return KTable<K, V>(graph_, node, materialized.store_name, materialized.key_serde, materialized.value_serde);
}

}  // namespace millrace
