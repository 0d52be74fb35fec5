// StreamsBuilder: where a topology begins.
//
//   millrace::StreamsBuilder builder;
//   builder.stream<std::string, std::string>("text-lines")
//       .flat_map_values([](const std::string& line) { return split_words(line); })
//       .group_by([](const std::string&, const std::string& word) { return word; })
//       .count({.store_name = "word-counts"})
//       .to_stream()
//       .to("word-counts-output");
//   millrace::Topology topology = builder.build();
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include <millrace/dsl/branched.hpp>
#include <millrace/dsl/kgrouped_table.hpp>
#include <millrace/dsl/stream_join.hpp>
#include <millrace/dsl/stream_table_join.hpp>
#include <millrace/dsl/time_windowed_kstream.hpp>

namespace millrace {

/// Not thread-safe. Faults are collected; build() throws them together.
class StreamsBuilder {
 public:
  StreamsBuilder() : graph_(std::make_shared<detail::DslGraph>()) {}

  /// The records of a topic. Reading a topic twice with the same types gives the same stream.
  template <class K, class V>
  [[nodiscard]] KStream<K, V> stream(const std::string& topic, Consumed<K, V> options) {
    NodeId node = source<K, V>(topic, options);
    return KStream<K, V>(graph_, node, false, options.key_serde, options.value_serde);
  }
  /// As above, with every option at its default.
  template <class K, class V>
  [[nodiscard]] KStream<K, V> stream(const std::string& topic) {
    detail::check_key_serde<K>();
    detail::check_value_serde<V>();
    return stream<K, V>(topic, Consumed<K, V>{});
  }

  /// A topic as a table: the latest value for each key; a null value deletes the row, a null key is dropped and
  /// counted. Kept in a store if `materialized` names one.
  template <class K, class V>
  [[nodiscard]] KTable<K, V> table(const std::string& topic, Materialized<K, V> materialized,
                                   Consumed<K, V> options = {}) {
    Serde<K> key_serde = detail::serde_or(materialized.key_serde, options.key_serde);
    Serde<V> value_serde = detail::serde_or(materialized.value_serde, options.value_serde);
    options.key_serde = key_serde;
    options.value_serde = value_serde;
    NodeId parent = source<K, V>(topic, options);
    std::string name = graph_->name_for(materialized.name, parent, "table");
    materialized.key_serde = key_serde;
    materialized.value_serde = value_serde;
    return KTable<K, V>::from_records(graph_, parent, name, materialized);
  }

  /// As above, with every option at its default.
  template <class K, class V>
  [[nodiscard]] KTable<K, V> table(const std::string& topic) {
    detail::check_key_serde<K>();
    detail::check_value_serde<V>();
    return table<K, V>(topic, Materialized<K, V>{});
  }

  /// Adds a store for processors; connect it by naming it in ProcessOptions::stores.
  template <class K, class V>
  void add_state_store(const KeyValueStoreBuilder<K, V>& store) {
    add_key_value_store(store);
  }
  /// Adds a store whose entries have timestamps; connect it by naming it in ProcessOptions::stores.
  template <class K, class V>
  void add_state_store(const TimestampedKeyValueStoreBuilder<K, V>& store) {
    add_key_value_store(store);
  }

  /// Adds a window store; connect it by naming it in ProcessOptions::stores.
  template <class K, class V>
  void add_state_store(const WindowStoreBuilder<K, V>& store) {
    graph_->check(store.name, store.key_serde, "key");
    graph_->check(store.name, store.value_serde, "value");
    graph_->check_retention(store.name, store.window_size, milliseconds(0), store.retention);
    graph_->graph.add_store(store.spec());
  }

  /// Checks and freezes the topology. Throws TopologyError naming every fault found.
  [[nodiscard]] Topology build() const { return graph_->graph.build(); }

 private:
  template <class Builder>
  void add_key_value_store(const Builder& store) {
    graph_->check(store.name, store.key_serde, "key");
    graph_->check(store.name, store.value_serde, "value");
    graph_->graph.add_store(store.spec());
  }

  template <class K, class V>
  using Reading = std::tuple<Serde<K>, Serde<V>, TimestampExtractor<K, V>>;

  template <class K, class V>
  NodeId source(const std::string& topic, const Consumed<K, V>& options) {
    TopicRef ref{topic, false};
    const Reading<K, V> reading{options.key_serde, options.value_serde, options.timestamp_extractor};
    const NodeSpec* known = graph_->graph.find_source(ref);
    bool same = known != nullptr && *known->output == typeid(Record<K, V>) &&
                known->offset_reset == options.offset_reset && (options.name.empty() || options.name == known->name);
    if (!same) {
      graph_->source_serdes[topic] = std::make_shared<Reading<K, V>>(reading);
      return graph_->add_source<K, V>(options.name.empty() ? topic : options.name, ref, options.key_serde,
                                      options.value_serde, options.offset_reset, options.timestamp_extractor);
    }
    // The types are equal, so the note of the first reading has them too.
    if (*std::static_pointer_cast<Reading<K, V>>(graph_->source_serdes.at(topic)) != reading) {
      graph_->graph.add_finding(
          "topic \"" + topic + "\" is read by \"" + known->name +
          "\" and again with other types or options (serdes, timestamp extractor): read it once and use it twice");
    }
    return known->id;
  }

  detail::GraphPtr graph_;
};

}  // namespace millrace
