// KTable<K, V>: a changing table: the latest value for each key. A small handle, as KStream is.
//
// A table that is not kept in a store is looked through to the one that it is made of. Where an operator needs what
// only a store can tell (a join, or the old value that group_by subtracts), the table's source gets one.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <millrace/dsl/change.hpp>
#include <millrace/dsl/detail/derived_table.hpp>
#include <millrace/dsl/kstream.hpp>

namespace millrace {

namespace detail {

/// Types of the KeyValue that a table's group_by selects.
template <class F, class K, class V>
struct Selection {
  static_assert(HasKeyAndValue<CallResult<F, K, V>>,
                "millrace: the function must return a KeyValue: KeyValue{key_of_the_group, value}");
  using Key = without_optional<decltype(std::declval<CallResult<F, K, V>>().key)>;
  using Value = without_optional<decltype(std::declval<CallResult<F, K, V>>().value)>;
};
template <class F, class K, class V>
using SelectedKey = typename Selection<F, K, V>::Key;
template <class F, class K, class V>
using SelectedValue = typename Selection<F, K, V>::Value;

}  // namespace detail

/// Functions take (const K& key, const V& value) or the value alone. They are called for rows that there are, never for
/// deletions, and may be called again for the old value of a row and for each look at it: they should depend on nothing
/// else than what they are given.
template <class K, class V>
class KTable {
 public:
  using Key = K;    ///< type of the keys
  using Value = V;  ///< type of the values

  /// Rows for which `predicate` is true; a row for which it is no longer true is deleted. Kept in a store of its own if
  /// `materialized` names one.
  template <class F>
  [[nodiscard]] KTable filter(F predicate, Materialized<K, V> materialized = {}) const {
    return filtered("filter", std::move(predicate), true, std::move(materialized));
  }
  /// Rows for which `predicate` is false.
  template <class F>
  [[nodiscard]] KTable filter_not(F predicate, Materialized<K, V> materialized = {}) const {
    return filtered("filter_not", std::move(predicate), false, std::move(materialized));
  }
  /// Another value for each row; std::nullopt is no row. Kept in a store of its own if `materialized` names one.
  template <class F>
  [[nodiscard]] auto map_values(
      F mapper, Materialized<K, detail::without_optional<detail::CallResult<F, K, V>>> materialized = {}) const {
    detail::check_returns_value<F, K, V>();
    using V2 = detail::without_optional<detail::CallResult<F, K, V>>;
    detail::RowFunction<K, V, V2> function = [mapper](const std::optional<K>& key, const std::optional<V>& value,
                                                      TaskContext& context, const std::string& node) mutable {
      return detail::to_optional(detail::call_row(mapper, key, value, context, node));
    };
    return derive<V2>("map_values", {.function = std::move(function)}, std::move(materialized));
  }

  /// The stream of changes: each new value; null where a row was deleted.
  [[nodiscard]] KStream<K, V> to_stream(Named options = {}) const {
    auto name = graph_->name_for(options.name, node_, "to_stream");
    auto node = graph_->template add<Record<K, Change<V>>, Record<K, V>>(
        name, {node_}, [] { return std::make_unique<detail::ToStreamNode<K, V>>(); });
    return KStream<K, V>(graph_, node, false, key_serde_, value_serde_);
  }
  /// The stream of changes under another key, as to_stream().select_key(selector) is; the name is that of the latter.
  template <class F>
  requires(!std::same_as<F, Named>)
  [[nodiscard]] auto to_stream(F selector, Named options = {}) const {
    return to_stream().select_key(std::move(selector), std::move(options));
  }

  /// The rows under another key and with another value, to be aggregated: `selector` returns a KeyValue. A row whose
  /// selected key or value is std::nullopt is in no group. See kgrouped_table.hpp.
  template <class F>
  [[nodiscard]] auto group_by(F selector,
                              Grouped<detail::SelectedKey<F, K, V>, detail::SelectedValue<F, K, V>> options) const;
  /// As above, with every option at its default.
  template <class F>
  [[nodiscard]] auto group_by(F selector) const {
    using K2 = detail::SelectedKey<F, K, V>;
    using V2 = detail::SelectedValue<F, K, V>;
    detail::check_key_serde<K2>();
    detail::check_value_serde<V2>();
    return group_by(std::move(selector), Grouped<K2, V2>{});
  }

  /// The store that holds the table; empty if none was asked for.
  [[nodiscard]] const std::string& store_name() const { return store_name_; }

 private:
  template <class, class>
  friend class KTable;
  template <class, class>
  friend class KStream;
  template <class, class>
  friend class KGroupedStream;
  template <class, class>
  friend class KGroupedTable;
  template <class, class>
  friend class TimeWindowedKStream;
  friend class StreamsBuilder;
  using Origin = detail::TableOrigin<K, V>;
  using MakeFactory = typename detail::StoreOrigin<K, V>::MakeFactory;

  /// Without an `origin` the table's changes carry old values always, and nobody can look at its rows.
  KTable(detail::GraphPtr graph, NodeId node, std::string store_name, Serde<K> key_serde, Serde<V> value_serde,
         std::shared_ptr<Origin> origin = nullptr)
      : graph_(std::move(graph)),
        node_(node),
        store_name_(std::move(store_name)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)),
        origin_(std::move(origin)) {}

  /// A table with a node that takes `In` and is made by `make`. Kept in the store that `options` name; without a name
  /// in "<name>-store", once somebody needs that.
  template <class In>
  static KTable make_table(const detail::GraphPtr& graph, NodeId parent, const std::string& name,
                           Materialized<K, V> options, MakeFactory make) {
    const std::string store = options.store_name;
    auto node = graph->template add<In, Record<K, Change<V>>>(name, {parent}, make(!store.empty(), false));
    if (!store.empty()) {
      graph->add_table_store(store, node, options, options.key_serde, options.value_serde);
    } else {
      graph->check_storeless(name, options);
      options.store_name = name + "-store";
    }
    auto origin = std::make_shared<detail::StoreOrigin<K, V>>(graph, node, options, !store.empty(), std::move(make));
    return KTable(graph, node, store, options.key_serde, options.value_serde, std::move(origin));
  }
  /// The records of `parent` as changes of a table.
  static KTable from_records(const detail::GraphPtr& graph, NodeId parent, const std::string& name,
                             const Materialized<K, V>& options) {
    const std::string store = options.store_name.empty() ? name + "-store" : options.store_name;
    detail::TableStore<K, V> rows(store, options.key_serde, options.value_serde);
    return make_table<Record<K, V>>(graph, parent, name, options, [rows](bool stored, bool sends_old) -> NodeFactory {
      if (!stored) return [] { return std::make_unique<detail::PassingTableNode<K, V>>(); };
      return [=] { return std::make_unique<detail::StoredTableNode<K, V>>(rows, sends_old); };
    });
  }

  /// How the operator `name` of `graph` reads the rows. Notes a finding if it cannot.
  [[nodiscard]] detail::Rows<K, V> rows_for(const detail::GraphPtr& graph, const std::string& name) const {
    if (graph != graph_) {
      graph->graph.add_finding("operator \"" + name +
                               "\" uses a table of another StreamsBuilder: make both with one builder");
    } else if (origin_ == nullptr) {
      graph->graph.add_finding("operator \"" + name + "\" cannot look at the rows of \"" +
                               graph->graph.node(node_).name +
                               "\", which is a windowed table: use one made of it that has a store of its own, as by "
                               "map_values(function, {.store_name = ...})");
    } else {
      return origin_->rows();
    }
    return {};
  }

  template <class F>
  [[nodiscard]] KTable filtered(std::string_view verb, F predicate, bool keep, Materialized<K, V> options) const {
    detail::check_returns_bool<F, K, V>();
    options.value_serde = detail::serde_or(options.value_serde, value_serde_);
    detail::RowFunction<K, V, V> function =
        [predicate, keep](const std::optional<K>& key, const std::optional<V>& value, TaskContext& context,
                          const std::string& node) mutable {
          const bool passes = static_cast<bool>(detail::call_row(predicate, key, value, context, node)) == keep;
          return passes ? value : std::nullopt;
        };
    return derive<V>(verb, {.function = std::move(function), .is_filter = true}, std::move(options));
  }
  template <class V2>
  [[nodiscard]] KTable<K, V2> derive(std::string_view verb, detail::Derivation<K, V, V2> derivation,
                                     Materialized<K, V2> options) const {
    const std::string& store = options.store_name;
    options.key_serde = detail::serde_or(options.key_serde, key_serde_);
    if (!store.empty()) derivation.store.emplace(store, options.key_serde, options.value_serde);
    using DerivedOrigin = detail::DerivedOrigin<K, V, V2>;
    auto origin = std::make_shared<DerivedOrigin>(graph_, origin_, store, std::move(derivation));
    auto node = graph_->template add<Record<K, Change<V>>, Record<K, Change<V2>>>(
        graph_->name_for(options.name, node_, verb), {node_}, origin->factory());
    origin->stands_at(node);
    if (store.empty()) graph_->check_storeless(graph_->graph.node(node).name, options);
    else graph_->add_table_store(store, node, options, options.key_serde, options.value_serde);
    return KTable<K, V2>(graph_, node, store, options.key_serde, options.value_serde, std::move(origin));
  }

  detail::GraphPtr graph_;
  NodeId node_;
  std::string store_name_;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
  std::shared_ptr<Origin> origin_;
};

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
  return KTable<K, V>::from_records(graph_, parent, name, materialized);
}

}  // namespace millrace
