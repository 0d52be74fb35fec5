// Nodes of a grouped table: to the new key, and the aggregation behind the repartition topic.
#pragma once

#include <algorithm>
#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <millrace/dsl/detail/invoke.hpp>
#include <millrace/dsl/detail/table_nodes.hpp>

namespace millrace::detail {

/// group_by of a table: tells the group that a row leaves of its old value, the group that it joins of its new one. If
/// both are one group, one change says both, so that the group is never seen without the row.
/// Source: KTableRepartitionMap of Kafka Streams, with KIP-904. A null key or value that the selector gives is left
/// out.
template <class K, class V, class K2, class V2, class F>
class TableGroupNode final : public Node {
 public:
  TableGroupNode(F selector, Serde<K2> key_serde) : selector_(std::move(selector)), key_serde_(std::move(key_serde)) {}

  void init(TaskContext& context) override { context_ = &context; }
  void process(const void* erased) override {
    const auto& in = *static_cast<const Record<K, Change<V>>*>(erased);
    if (!in.key) fail_null(*context_, name(), "key");
    auto joins = select(in.key, in.value->new_value);
    auto leaves = select(in.key, in.value->old_value);
    if (leaves && joins && same_key(*leaves->key, *joins->key)) {
      joins->value->old_value = std::move(leaves->value->new_value);
      return send(in, *joins);
    }
    if (leaves) {
      std::swap(leaves->value->new_value, leaves->value->old_value);
      send(in, *leaves);
    }
    if (joins) send(in, *joins);
  }

 private:
  using Out = Record<K2, Change<V2>>;

  /// The selected key, and the selected value as the new one.
  std::optional<Out> select(const std::optional<K>& key, const std::optional<V>& value) {
    if (!value) return std::nullopt;
    auto selected = call_row(selector_, key, value, *context_, name());
    std::optional<K2> key2 = to_optional(std::move(selected.key));
    std::optional<V2> value2 = to_optional(std::move(selected.value));
    if (!key2 || !value2) return std::nullopt;
    return Out{std::move(key2), Change<V2>{std::move(value2), std::nullopt}, {}, {}};
  }
  bool same_key(const K2& a, const K2& b) {
    if constexpr (std::equality_comparable<K2>) {
      return a == b;
    } else {
      Bytes first;
      Bytes second;
      key_serde_.serialize(a, first);
      key_serde_.serialize(b, second);
      return first == second;
    }
  }
  void send(const Record<K, Change<V>>& in, Out& out) {
    out.timestamp = in.timestamp;
    out.headers = in.headers;
    forward_erased(&out);
  }

  F selector_;
  Serde<K2> key_serde_;
  TaskContext* context_ = nullptr;
};

/// How the rows of a group become one: `subtract` for a value that leaves, then `add` for one that joins.
template <class K, class V, class A>
struct TableAggregation {
  std::function<std::optional<A>(const K&, const V&, A&&)> subtract;
  std::function<std::optional<A>(const K&, const V&, std::optional<A>&&)> add;  ///< nullopt: the group is empty
};

/// count, reduce and aggregate of a grouped table.
/// Source: KTableAggregate and KTableReduce of Kafka Streams.
template <class K, class V, class A>
class TableAggregateNode final : public TableNode<K, A> {
 public:
  TableAggregateNode(TableStore<K, A> store, TableAggregation<K, V, A> aggregation, bool sends_old)
      : TableNode<K, A>(std::move(store), sends_old), aggregation_(std::move(aggregation)) {}

  void process(const void* erased) override {
    const auto& in = *static_cast<const Record<K, Change<V>>*>(erased);
    if (!in.key || !in.value) fail_null(*this->context_, this->name(), in.key ? "value" : "key");
    auto row = this->store_->read(*in.key);
    Record<K, Change<A>> out{in.key, Change<A>{}, in.timestamp, in.headers};
    std::optional<A> aggregate;
    if (row) {
      out.timestamp = std::max(in.timestamp, row->timestamp);
      if (this->sends_old_) out.value->old_value = row->value;
      aggregate = std::move(row->value);
    }
    run_user_code(*this->context_, this->name(), [&] {
      if (in.value->old_value && aggregate)
        aggregate = aggregation_.subtract(*in.key, *in.value->old_value, std::move(*aggregate));
      if (in.value->new_value) aggregate = aggregation_.add(*in.key, *in.value->new_value, std::move(aggregate));
    });
    out.value->new_value = std::move(aggregate);
    this->change_row(out, in.timestamp);
  }

 private:
  TableAggregation<K, V, A> aggregation_;
};

}  // namespace millrace::detail
