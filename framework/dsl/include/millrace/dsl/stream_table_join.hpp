// KStream::join and left_join with a table.
#pragma once

#include <concepts>
#include <string>
#include <utility>

#include <millrace/dsl/detail/join_nodes.hpp>
#include <millrace/dsl/ktable.hpp>

namespace millrace {

template <class K, class V>
template <bool left, class K2, class V2, class F>
auto KStream<K, V>::join_table(std::string_view verb, const KTable<K2, V2>& table, F joiner,
                               Joined<K, V> options) const {
  constexpr bool same_key = std::same_as<K, K2>;
  static_assert(same_key,
                "millrace: a stream and a table that are joined must have keys of one type: give the stream the "
                "table's with select_key first");
  constexpr bool fits = detail::JoinsValues<F, V, V2, left> || detail::JoinsKeyAndValues<F, K, V, V2, left>;
  static_assert(fits || left,
                "millrace: the joiner of a stream and a table must take (const V& value, const V2& table_value), or "
                "the key before them");
  static_assert(fits || !left,
                "millrace: the joiner of left_join must take (const V& value, const std::optional<V2>& table_value), "
                "or the key before them: there may be no row");
  if constexpr (fits && same_key) {
    using R = detail::JoinResult<left, F, K, V, V2>;
    using Join = detail::StreamTableJoinNode<K, V, V2, R>;
    const std::string name = graph_->name_for(options.name, node_, verb);
    options.key_serde = detail::serde_or(options.key_serde, key_serde_);
    options.value_serde = detail::serde_or(options.value_serde, value_serde_);
    NodeId parent = node_;
    if (key_changed_) {
      parent = detail::add_repartition<K, V>(
          *graph_, node_, {.name = name, .key_serde = options.key_serde, .value_serde = options.value_serde});
    }
    if constexpr (left) graph_->keep_null_keys(parent);
    const detail::Rows<K, V2> rows = table.rows_for(graph_, name);
    typename Join::Joiner join = [joiner](const Record<K, V>& record, const std::optional<V2>& table_value,
                                          TaskContext& context, const std::string& node) mutable {
      return detail::to_optional(detail::call_joiner<left>(joiner, record, table_value, context, node));
    };
    auto node = graph_->template add<Record<K, V>, Record<K, R>>(
        name, {parent}, [=] { return std::make_unique<Join>(rows.reader(), join, left); }, rows.stores);
    return KStream<K, R>(graph_, node, false, options.key_serde, {});
  }
}

template <class K, class V>
template <class K2, class V2, class F>
auto KStream<K, V>::join(const KTable<K2, V2>& table, F joiner, Joined<K, V> options) const {
  return join_table<false>("join", table, std::move(joiner), std::move(options));
}

template <class K, class V>
template <class K2, class V2, class F>
auto KStream<K, V>::left_join(const KTable<K2, V2>& table, F joiner, Joined<K, V> options) const {
  return join_table<true>("left_join", table, std::move(joiner), std::move(options));
}

}  // namespace millrace
