// filter and map_values of a table: each row is a function of one row of the table above.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/dsl/detail/table_origin.hpp>

namespace millrace::detail {

/// Makes the value of a row from the one above; nullopt is no row. Called only for rows that there are.
template <class K, class V0, class V>
using RowFunction = std::function<std::optional<V>(const std::optional<K>& key, const std::optional<V0>& value,
                                                   TaskContext& context, const std::string& node)>;

/// What a derived table's node has to know.
template <class K, class V0, class V>
struct Derivation {
  RowFunction<K, V0, V> function;
  std::optional<TableStore<K, V>> store = std::nullopt;
  /// A change from no row to no row is not worth telling: with old values known, a filter keeps it back.
  bool is_filter = false;
  bool sends_old = false;
};

/// Source: KTableFilter and KTableMapValues of Kafka Streams.
template <class K, class V0, class V>
class DerivedTableNode final : public TableNode<K, V> {
 public:
  explicit DerivedTableNode(const Derivation<K, V0, V>& derivation)
      : TableNode<K, V>(derivation.store, derivation.sends_old),
        function_(derivation.function),
        is_filter_(derivation.is_filter) {}

  void process(const void* erased) override {
    const auto& in = *static_cast<const Record<K, Change<V0>>*>(erased);
    Record<K, Change<V>> out{in.key, Change<V>{compute(in.key, in.value->new_value), std::nullopt}, in.timestamp,
                             in.headers};
    auto& store = this->store_;
    if (store && !this->sends_old_) store->select(*in.key);
    if (this->sends_old_) {
      if (store) {
        if (auto row = store->read(*in.key)) out.value->old_value = std::move(row->value);
      } else {
        out.value->old_value = compute(in.key, in.value->old_value);
      }
      if (is_filter_ && !out.value->new_value && !out.value->old_value) return;
    }
    this->change_row(out, in.timestamp);
  }

 private:
  std::optional<V> compute(const std::optional<K>& key, const std::optional<V0>& value) {
    if (!value) return std::nullopt;
    return function_(key, value, *this->context_, this->name());
  }

  RowFunction<K, V0, V> function_;
  const bool is_filter_;
};

/// Reads the row above and makes this one of it.
template <class K, class V0, class V>
class DerivedRowReader final : public RowReader<K, V> {
 public:
  DerivedRowReader(std::unique_ptr<RowReader<K, V0>> above, RowFunction<K, V0, V> function)
      : above_(std::move(above)), function_(std::move(function)) {}

  void init(TaskContext& context, const std::string& node) override {
    context_ = &context;
    node_ = node;
    above_->init(context, node);
  }
  std::optional<typename RowReader<K, V>::Row> read(const K& key) override {
    auto row = above_->read(key);
    if (!row) return std::nullopt;
    auto value = function_(std::optional<K>(key), std::optional<V0>(std::move(row->value)), *context_, node_);
    if (!value) return std::nullopt;
    return typename RowReader<K, V>::Row{std::move(*value), row->timestamp};
  }

 private:
  std::unique_ptr<RowReader<K, V0>> above_;
  RowFunction<K, V0, V> function_;
  TaskContext* context_ = nullptr;
  std::string node_;
};

/// A table that is made of another: with a store of its own if the user named one, else by looking through.
template <class K, class V0, class V>
class DerivedOrigin final : public TableOrigin<K, V> {
 public:
  /// `above` may be null: then it sends old values always, and cannot be read. `store_name` is empty without a store.
  DerivedOrigin(GraphPtr graph, std::shared_ptr<TableOrigin<K, V0>> above, std::string store_name,
                Derivation<K, V0, V> derivation)
      : graph_(std::move(graph)),
        above_(std::move(above)),
        store_name_(std::move(store_name)),
        derivation_(std::move(derivation)) {
    // Where they cost nothing more, a filter takes them: it need not send tombstones for rows that never passed.
    if (derivation_.is_filter) derivation_.sends_old = detail::send_old_values(above_, false);
  }
  /// Once, when the node has its place in the graph.
  void stands_at(NodeId node) { node_ = node; }
  [[nodiscard]] NodeFactory factory() const {
    return [derivation = derivation_] { return std::make_unique<DerivedTableNode<K, V0, V>>(derivation); };
  }

  bool send_old_values(bool materialize) override {
    if (derivation_.sends_old) return true;
    if (!derivation_.store && !detail::send_old_values(above_, materialize)) return false;
    derivation_.sends_old = true;
    graph_->graph.replace_factory(node_, factory());
    return true;
  }
  Rows<K, V> rows() override {
    if (derivation_.store) {
      return {{store_name_}, [store = *derivation_.store] { return std::make_unique<StoredRowReader<K, V>>(store); }};
    }
    if (above_ == nullptr) {
      graph_->graph.add_finding("operator \"" + graph_->graph.node(node_).name +
                                "\": its rows cannot be read by others; name a store for it");
      return {};
    }
    Rows<K, V0> above = above_->rows();
    return {above.stores, [reader = above.reader, function = derivation_.function] {
              return std::make_unique<DerivedRowReader<K, V0, V>>(reader(), function);
            }};
  }

 private:
  GraphPtr graph_;
  std::shared_ptr<TableOrigin<K, V0>> above_;
  std::string store_name_;
  Derivation<K, V0, V> derivation_;
  NodeId node_;
};

}  // namespace millrace::detail
