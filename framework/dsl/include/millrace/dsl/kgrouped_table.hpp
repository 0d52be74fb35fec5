// KGroupedTable<K, V>: the rows of a table under another key. Aggregate them into a table with a row for each group,
// which follows the rows: what leaves a group is subtracted, what joins it is added.
//
//   builder.table<std::string, Employee>("employees", {.store_name = "employees"})
//       .group_by([](const std::string&, const Employee& e) { return KeyValue{e.department, e.salary}; })
//       .reduce(std::plus<>(), std::minus<>(), {.store_name = "salaries"});
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <millrace/dsl/detail/changed_serde.hpp>
#include <millrace/dsl/detail/table_group_nodes.hpp>
#include <millrace/dsl/ktable.hpp>

namespace millrace {

/// Changes go through a repartition topic (format: changed_bytes.hpp). When a row changes its group, the old group is
/// told before the new one; the two are told one after the other, and other rows may come between. The timestamp of a
/// row is the largest of those that made it.
template <class K, class V>
class KGroupedTable {
 public:
  /// How many rows each group has. A group that has none left stays, with 0.
  [[nodiscard]] KTable<K, std::int64_t> count(Materialized<K, std::int64_t> options = {}) const {
    using Count = std::int64_t;
    return materialize<Count>(
        "count", options,
        {[](const K&, const V&, Count&& old) { return std::optional<Count>(old - 1); },
         [](const K&, const V&, std::optional<Count>&& old) { return std::optional<Count>(old.value_or(0) + 1); }});
  }

  /// Combines the values of each group: `adder(const V& aggregate, const V& value)` with one that joins,
  /// `subtractor(const V& aggregate, const V& value)` with one that leaves. Each gives V, or std::optional<V> whose
  /// nullopt deletes the row. The first value is the first result.
  template <class Add, class Subtract>
  [[nodiscard]] KTable<K, V> reduce(Add adder, Subtract subtractor, Materialized<K, V> options = {}) const {
    static_assert(std::invocable<Add&, const V&, const V&>,
                  "millrace: the adder must take (const V& aggregate, const V& value) of the grouped table");
    static_assert(std::invocable<Subtract&, const V&, const V&>,
                  "millrace: the subtractor must take (const V& aggregate, const V& value) of the grouped table");
    options.value_serde = detail::serde_or(options.value_serde, value_serde_);
    return materialize<V>("reduce", options,
                          {[subtractor](const K&, const V& value, V&& old) mutable {
                             return std::optional<V>(subtractor(std::as_const(old), value));
                           },
                           [adder](const K&, const V& value, std::optional<V>&& old) mutable {
                             return old ? std::optional<V>(adder(std::as_const(*old), value)) : std::optional<V>(value);
                           }});
  }

  /// Folds the values of each group: `initializer()` gives the first A, `adder(const K&, const V&, A)` the next with a
  /// value that joins, `subtractor(const K&, const V&, A)` with one that leaves. Each of the two gives A, or
  /// std::optional<A> whose nullopt deletes the row.
  template <class Init, class Add, class Subtract>
  [[nodiscard]] auto aggregate(Init initializer, Add adder, Subtract subtractor,
                               Materialized<K, detail::initial_aggregate<Init>> options) const {
    using A = detail::initial_aggregate<Init>;
    static_assert(std::invocable<Add&, const K&, const V&, A>,
                  "millrace: the adder must take (const K& key, const V& value, A aggregate), where A is what the "
                  "initializer returns");
    static_assert(std::invocable<Subtract&, const K&, const V&, A>,
                  "millrace: the subtractor must take (const K& key, const V& value, A aggregate), where A is what the "
                  "initializer returns");
    return materialize<A>("aggregate", options,
                          {[subtractor](const K& key, const V& value, A&& old) mutable {
                             return std::optional<A>(subtractor(key, value, std::move(old)));
                           },
                           [initializer, adder](const K& key, const V& value, std::optional<A>&& old) mutable {
                             return std::optional<A>(adder(key, value, old ? std::move(*old) : initializer()));
                           }});
  }

  /// As above, with every option at its default.
  template <class Init, class Add, class Subtract>
  [[nodiscard]] auto aggregate(Init initializer, Add adder, Subtract subtractor) const {
    using A = detail::initial_aggregate<Init>;
    detail::check_value_serde<A>();
    return aggregate(std::move(initializer), std::move(adder), std::move(subtractor), Materialized<K, A>{});
  }

 private:
  template <class, class>
  friend class KTable;

  KGroupedTable(detail::GraphPtr graph, NodeId node, std::string name, Serde<K> key_serde, Serde<V> value_serde)
      : graph_(std::move(graph)),
        node_(node),
        name_(std::move(name)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)) {}

  template <class A>
  KTable<K, A> materialize(std::string_view verb, Materialized<K, A> options,
                           detail::TableAggregation<K, V, A> aggregation) const {
    const std::string name = graph_->name_for(options.name, node_, verb);
    const std::string& base = options.store_name.empty() ? name : options.store_name;
    NodeId parent = repartition(name_.empty() ? base : name_);
    if (options.store_name.empty()) options.store_name = name + "-store";
    options.key_serde = detail::serde_or(options.key_serde, key_serde_);
    detail::TableStore<K, A> store(options.store_name, options.key_serde, options.value_serde);
    auto make = [store, aggregation](bool, bool sends_old) -> NodeFactory {
      return [=] { return std::make_unique<detail::TableAggregateNode<K, V, A>>(store, aggregation, sends_old); };
    };
    return KTable<K, A>::template make_table<Record<K, Change<V>>>(graph_, parent, name, options, make);
  }

  /// The source behind the repartition topic.
  NodeId repartition(const std::string& name) const {
    graph_->check(name + "-repartition-sink", value_serde_, "value");
    return detail::add_repartition<K, Change<V>>(
        *graph_, node_, {.name = name, .key_serde = key_serde_, .value_serde = detail::changed_serde(value_serde_)});
  }

  detail::GraphPtr graph_;
  NodeId node_;
  std::string name_;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
};

template <class K, class V>
template <class F>
auto KTable<K, V>::group_by(F selector, Grouped<detail::SelectedKey<F, K, V>, detail::SelectedValue<F, K, V>> options)
    const {
  using K2 = detail::SelectedKey<F, K, V>;
  using V2 = detail::SelectedValue<F, K, V>;
  detail::send_old_values(origin_, true);
  auto name = graph_->name_for("", node_, "group_by");
  auto node = graph_->template add<Record<K, Change<V>>, Record<K2, Change<V2>>>(
      name, {node_}, [selector, key_serde = options.key_serde] {
        return std::make_unique<detail::TableGroupNode<K, V, K2, V2, F>>(selector, key_serde);
      });
  return KGroupedTable<K2, V2>(graph_, node, options.name, options.key_serde, options.value_serde);
}

}  // namespace millrace
