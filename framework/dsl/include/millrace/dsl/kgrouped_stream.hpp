// KGroupedStream<K, V>: a stream whose equal keys meet in one task. Aggregate it into a table.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <millrace/dsl/ktable.hpp>
#include <millrace/dsl/windows.hpp>

namespace millrace {

/// Records with a null key or a null value are dropped and counted (streams_dropped_records_total). The timestamp of
/// a row is the largest of those that made it.
template <class K, class V>
class KGroupedStream {
 public:
  /// How many records there were for each key.
  [[nodiscard]] KTable<K, std::int64_t> count(Materialized<K, std::int64_t> options = {}) const {
    return materialize<std::int64_t>("count", options, [](const K&, const V&, std::optional<std::int64_t>&& old) {
      return std::optional<std::int64_t>(old.value_or(0) + 1);
    });
  }

  /// Combines the values of each key: `reducer(const V& aggregate, const V& value)` gives V, or std::optional<V> whose
  /// nullopt deletes the row. The first value is the first result.
  template <class F>
  [[nodiscard]] KTable<K, V> reduce(F reducer, Materialized<K, V> options = {}) const {
    static_assert(std::invocable<F&, const V&, const V&>,
                  "millrace: the reducer must take (const V& aggregate, const V& value) of the grouped stream");
    options.value_serde = detail::serde_or(options.value_serde, value_serde_);
    return materialize<V>("reduce", options, [reducer](const K&, const V& value, std::optional<V>&& old) mutable {
      return old ? std::optional<V>(reducer(*old, value)) : std::optional<V>(value);
    });
  }

  /// Folds the values of each key: `initializer()` gives the first A, `aggregator(const K&, const V&, A)` the next, or
  /// std::optional<A> whose nullopt deletes the row.
  template <class Init, class F, class A = detail::initial_aggregate<Init>>
  [[nodiscard]] KTable<K, A> aggregate(Init initializer, F aggregator, Materialized<K, A> options) const {
    static_assert(std::invocable<F&, const K&, const V&, A>,
                  "millrace: the aggregator must take (const K& key, const V& value, A aggregate), where A is what the "
                  "initializer returns");
    return materialize<A>("aggregate", options,
                          [initializer, aggregator](const K& key, const V& value, std::optional<A>&& old) mutable {
                            return std::optional<A>(aggregator(key, value, old ? std::move(*old) : initializer()));
                          });
  }
  /// As above, with every option at its default.
  template <class Init, class F, class A = detail::initial_aggregate<Init>>
  [[nodiscard]] KTable<K, A> aggregate(Init initializer, F aggregator) const {
    detail::check_value_serde<A>();
    return aggregate(std::move(initializer), std::move(aggregator), Materialized<K, A>{});
  }

  /// The stream in windows of time, to be aggregated in each.
  [[nodiscard]] TimeWindowedKStream<K, V> windowed_by(TimeWindows windows) const {
    return TimeWindowedKStream<K, V>(*this, windows);
  }

 private:
  template <class, class>
  friend class KStream;
  template <class, class>
  friend class TimeWindowedKStream;

  KGroupedStream(detail::GraphPtr graph, NodeId node, bool repartition, std::string name, Serde<K> key_serde,
                 Serde<V> value_serde)
      : graph_(std::move(graph)),
        node_(node),
        repartition_(repartition),
        name_(std::move(name)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)) {}

  template <class A, class Step>
  KTable<K, A> materialize(std::string_view verb, Materialized<K, A> options, Step step) const {
    std::string operator_name = graph_->name_for(options.name, node_, verb);
    NodeId parent = co_partitioned(options.store_name.empty() ? operator_name : options.store_name);
    if (options.store_name.empty()) options.store_name = operator_name + "-store";
    options.key_serde = detail::serde_or(options.key_serde, key_serde_);
    detail::TableStore<K, A> store(options.store_name, options.key_serde, options.value_serde);
    auto make = [store, step](bool, bool sends_old) -> NodeFactory {
      return [=] { return std::make_unique<detail::AggregateNode<K, V, A, Step>>(store, step, sends_old); };
    };
    return KTable<K, A>::template make_table<Record<K, V>>(graph_, parent, operator_name, options, make);
  }

  /// The node after which equal keys are in one task. `name` is that of a repartition topic of a group without one.
  [[nodiscard]] NodeId co_partitioned(const std::string& name) const {
    if (!repartition_) return node_;
    return detail::add_repartition<K, V>(
        *graph_, node_,
        {.name = name_.empty() ? name : name_, .key_serde = key_serde_, .value_serde = value_serde_});
  }

  detail::GraphPtr graph_;
  NodeId node_;
  bool repartition_;
  std::string name_;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
};

template <class K, class V>
template <class F>
auto KStream<K, V>::group_by(F selector,
                             Grouped<detail::without_optional<detail::CallResult<F, K, V>>, V> options) const {
  using K2 = detail::without_optional<detail::CallResult<F, K, V>>;
  auto node =
      add<Record<K2, V>>("group_by", "", [=] { return std::make_unique<detail::SelectKeyNode<K, V, F>>(selector); });
  return KGroupedStream<K2, V>(graph_, node, true, options.name, options.key_serde,
                               detail::serde_or(options.value_serde, value_serde_));
}

template <class K, class V>
KGroupedStream<K, V> KStream<K, V>::group_by_key(Grouped<K, V> options) const {
  return KGroupedStream<K, V>(graph_, node_, key_changed_, options.name,
                              detail::serde_or(options.key_serde, key_serde_),
                              detail::serde_or(options.value_serde, value_serde_));
}

}  // namespace millrace
