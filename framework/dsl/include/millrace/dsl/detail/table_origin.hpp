// What a table's handles share while the topology is built: where its rows can be read, and whether its changes carry
// the old values. Both cost state, so they are there only for operators that ask.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/dsl/detail/dsl_graph.hpp>
#include <millrace/dsl/detail/table_nodes.hpp>

namespace millrace::detail {

/// Reads a table's rows on behalf of a node beside it. Thread: the one that owns the task.
template <class K, class V>
class RowReader {
 public:
  using Row = ValueAndTimestamp<V>;

  RowReader() = default;
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;
  virtual ~RowReader() = default;

  /// Called once, before the first read. `node` is connected to the stores that Rows names.
  virtual void init(TaskContext& context, const std::string& node) = 0;
  /// The row as it is now; nullopt if there is none.
  [[nodiscard]] virtual std::optional<Row> read(const K& key) = 0;
};

/// Reads them from the table's own store.
template <class K, class V>
class StoredRowReader final : public RowReader<K, V> {
 public:
  explicit StoredRowReader(TableStore<K, V> store) : store_(std::move(store)) {}
  void init(TaskContext& context, const std::string& node) override { store_.init(context, node); }
  std::optional<typename RowReader<K, V>::Row> read(const K& key) override { return store_.read(key); }

 private:
  TableStore<K, V> store_;
};

/// How to read the rows of a table.
template <class K, class V>
struct Rows {
  std::vector<std::string> stores;  ///< that a node which reads has to be connected to
  std::function<std::unique_ptr<RowReader<K, V>>()> reader;
};

/// One table of the graph.
/// Source: KTableImpl.enableSendingOldValues and KTableValueGetterSupplier of Kafka Streams.
template <class K, class V>
class TableOrigin {
 public:
  TableOrigin() = default;
  TableOrigin(const TableOrigin&) = delete;
  TableOrigin& operator=(const TableOrigin&) = delete;
  virtual ~TableOrigin() = default;

  /// From now on the table's changes carry old values. False if it keeps no rows to know them from; with `materialize`
  /// it then begins to.
  virtual bool send_old_values(bool materialize) = 0;
  /// Where its rows can be read. A table that keeps none, nor stands upon one that does, begins to.
  [[nodiscard]] virtual Rows<K, V> rows() = 0;
};

/// A table with a store of its own, or without one until somebody asks for what only a store can tell.
template <class K, class V>
class StoreOrigin final : public TableOrigin<K, V> {
 public:
  /// Makes the node's factory: with or without the store, sending old values or not.
  using MakeFactory = std::function<NodeFactory(bool stored, bool send_old_values)>;

  /// `graph` has `node` already; its store too, if `stored`.
  StoreOrigin(GraphPtr graph, NodeId node, Materialized<K, V> options, bool stored, MakeFactory make)
      : graph_(std::move(graph)), node_(node), options_(std::move(options)), stored_(stored), make_(std::move(make)) {}

  bool send_old_values(bool materialize) override {
    if (!stored_ && !materialize) return false;
    if (!sends_old_) {
      sends_old_ = true;
      if (!stored_) store();
      graph_->graph.replace_factory(node_, make_(true, true));
    }
    return true;
  }
  Rows<K, V> rows() override {
    if (!stored_) {
      store();
      graph_->graph.replace_factory(node_, make_(true, sends_old_));
    }
    TableStore<K, V> store(options_.store_name, options_.key_serde, options_.value_serde);
    return {{options_.store_name}, [store] { return std::make_unique<StoredRowReader<K, V>>(store); }};
  }

 private:
  void store() {
    stored_ = true;
    graph_->add_table_store(options_.store_name, node_, options_, options_.key_serde, options_.value_serde);
  }

  GraphPtr graph_;
  NodeId node_;
  Materialized<K, V> options_;  // store_name: of the store, or of the one it would get
  bool stored_;
  bool sends_old_ = false;
  MakeFactory make_;
};

/// Whether the table's changes carry old values from now on. A table without an origin sends them always.
template <class K, class V>
bool send_old_values(const std::shared_ptr<TableOrigin<K, V>>& origin, bool materialize) {
  return origin == nullptr || origin->send_old_values(materialize);
}

}  // namespace millrace::detail
