// KStream<K, V>: a stream of independent records. A small handle into the graph of its StreamsBuilder: copy it
// freely, use it any number of times. Verbs and semantics are those of Kafka Streams; names are snake_case.
//
// Functions take (const K& key, const V& value), or the value alone where the key cannot matter; a parameter of type
// const std::optional<V>& sees nulls. Each task uses a copy of the function: state in it is lost at a restart and
// differs from task to task, so keep state in stores.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <millrace/dsl/detail/checks.hpp>
#include <millrace/dsl/detail/repartition.hpp>
#include <millrace/dsl/detail/stateless_nodes.hpp>
#include <millrace/dsl/fwd.hpp>
#include <millrace/dsl/options.hpp>
#include <millrace/dsl/windows.hpp>
#include <millrace/processor/fixed_key_processor.hpp>

namespace millrace {

/// A stream of records. A handle: copy it freely, use it any number of times; each use is a branch.
template <class K, class V>
class KStream {
 public:
  using Key = K;    ///< type of the keys
  using Value = V;  ///< type of the values

  /// Records for which `predicate` is true.
  template <class F>
  [[nodiscard]] KStream filter(F predicate, Named options = {}) const {
    detail::check_returns_bool<F, K, V>();
    return same(add<Record<K, V>>("filter", options.name,
                                  [=] { return std::make_unique<detail::FilterNode<K, V, F>>(predicate, true); }));
  }
  /// Records for which `predicate` is false.
  template <class F>
  [[nodiscard]] KStream filter_not(F predicate, Named options = {}) const {
    detail::check_returns_bool<F, K, V>();
    return same(add<Record<K, V>>("filter_not", options.name,
                                  [=] { return std::make_unique<detail::FilterNode<K, V, F>>(predicate, false); }));
  }
  /// One value for each value; return std::optional to make nulls.
  template <class F>
  [[nodiscard]] auto map_values(F mapper, Named options = {}) const {
    detail::check_returns_value<F, K, V>();
    using V2 = detail::without_optional<detail::CallResult<F, K, V>>;
    auto node = add<Record<K, V2>>("map_values", options.name,
                                   [=] { return std::make_unique<detail::MapValuesNode<K, V, F>>(mapper); });
    return KStream<K, V2>(graph_, node, key_changed_, key_serde_, {});
  }
  /// Any number of values for each value: `mapper` returns a container of them.
  template <class F>
  [[nodiscard]] auto flat_map_values(F mapper, Named options = {}) const {
    detail::check_returns_values<F, K, V>();
    using V2 = detail::without_optional<decltype(*std::begin(std::declval<detail::CallResult<F, K, V>&>()))>;
    auto node = add<Record<K, V2>>("flat_map_values", options.name,
                                   [=] { return std::make_unique<detail::FlatMapValuesNode<K, V, F>>(mapper); });
    return KStream<K, V2>(graph_, node, key_changed_, key_serde_, {});
  }
  /// One KeyValue for each record. A later grouping goes through a repartition topic.
  template <class F>
  [[nodiscard]] auto map(F mapper, Named options = {}) const {
    detail::check_returns_key_value<F, K, V>();
    using Out = detail::CallResult<F, K, V>;
    using K2 = detail::without_optional<decltype(std::declval<Out>().key)>;
    using V2 = detail::without_optional<decltype(std::declval<Out>().value)>;
    auto node =
        add<Record<K2, V2>>("map", options.name, [=] { return std::make_unique<detail::MapNode<K, V, F>>(mapper); });
    return KStream<K2, V2>(graph_, node, true, {}, {});
  }
  /// Any number of KeyValues for each record: `mapper` returns a container of them.
  template <class F>
  [[nodiscard]] auto flat_map(F mapper, Named options = {}) const {
    detail::check_returns_key_values<F, K, V>();
    using Out = std::remove_cvref_t<decltype(*std::begin(std::declval<detail::CallResult<F, K, V>&>()))>;
    using K2 = detail::without_optional<decltype(std::declval<Out>().key)>;
    using V2 = detail::without_optional<decltype(std::declval<Out>().value)>;
    auto node = add<Record<K2, V2>>("flat_map", options.name,
                                    [=] { return std::make_unique<detail::FlatMapNode<K, V, F>>(mapper); });
    return KStream<K2, V2>(graph_, node, true, {}, {});
  }
  /// Another key for each record.
  template <class F>
  [[nodiscard]] auto select_key(F selector, Named options = {}) const {
    detail::check_returns_key<F, K, V>();
    using K2 = detail::without_optional<detail::CallResult<F, K, V>>;
    auto node = add<Record<K2, V>>("select_key", options.name,
                                   [=] { return std::make_unique<detail::SelectKeyNode<K, V, F>>(selector); });
    return KStream<K2, V>(graph_, node, true, {}, value_serde_);
  }
  /// Calls `action` for each record and hands the record on.
  template <class F>
  KStream peek(F action, Named options = {}) const {
    return same(
        add<Record<K, V>>("peek", options.name, [=] { return std::make_unique<detail::PeekNode<K, V, F>>(action); }));
  }
  /// Calls `action` for each record; the stream ends here. What it does outside of millrace may happen more than once.
  template <class F>
  void for_each(F action, Named options = {}) const {
    add<void>("for_each", options.name, [=] { return std::make_unique<detail::PeekNode<K, V, F>>(action); });
  }
  /// The records of both streams, in no order between them but that of timestamps.
  [[nodiscard]] KStream merge(const KStream& other, Named options = {}) const {
    auto name = graph_->name_for(options.name, node_, "merge");
    auto node = graph_->template add<Record<K, V>, Record<K, V>>(name, {node_, other.node_},
                                                                 [] { return std::make_unique<detail::PassNode>(); });
    return KStream(graph_, node, key_changed_ || other.key_changed_, key_serde_, value_serde_);
  }

  /// Branches: each record goes to the first one that wants it. The name is the beginning of the branches' names, as
  /// it is given ("orders-"); default: "<parent>.split.". See branched.hpp.
  [[nodiscard]] BranchedKStream<K, V> split(Named options = {}) const;

  /// Sends the stream through a topic of its own, so that equal keys meet in one task; whoever groups or joins by the
  /// key afterwards needs no further topic. Records without a key are left out, unless a left join below takes them.
  [[nodiscard]] KStream repartition(Repartitioned<K, V> options = {}) const {
    options.key_serde = detail::serde_or(options.key_serde, key_serde_);
    options.value_serde = detail::serde_or(options.value_serde, value_serde_);
    options.name = graph_->name_for(options.name, node_, "repartition");
    auto node = detail::add_repartition<K, V>(*graph_, node_, options, options.name);
    return KStream(graph_, node, false, options.key_serde, options.value_serde);
  }

  /// Writes the stream to a topic.
  void to(const std::string& topic, Produced<K, V> options = {}) const {
    auto name = graph_->name_for(options.name, node_, "to");
    const TopicRef ref{topic, false};
    auto writer = writer_for(name, options);
    graph_->template add_sink<K, V>(
        name, node_, {ref}, [=] { return std::make_unique<TypedSinkNode<K, V>>(ref, writer, false); });
  }
  /// Writes each record to the topic that `extractor` names: it takes (const K& key, const V& value) or the value
  /// alone, and behind them, if it likes, a const RecordContext&. The topics have to be there when the application
  /// starts: a record for another one, or for an internal topic, fails (TopicNotWritable).
  template <class F>
  requires(!std::convertible_to<F, std::string>)
  void to(F extractor, Produced<K, V> options = {}) const {
    static_assert(std::convertible_to<decltype(detail::call_with(
                                          extractor, std::declval<const Record<K, V>&>(),
                                          std::declval<const RecordContext&>(), std::declval<TaskContext&>(),
                                          std::declval<const std::string&>())),
                                      std::string>,
                  "millrace: a function that chooses a record's topic must return its name as std::string");
    auto name = graph_->name_for(options.name, node_, "to");
    auto writer = writer_for(name, options);
    typename ChoosingSinkNode<K, V>::Extractor choose =
        [extractor](const Record<K, V>& record, const RecordContext& about, TaskContext& context,
                    const std::string& node) mutable {
          return std::string(detail::call_with(extractor, record, about, context, node));
        };
    graph_->template add_sink<K, V>(name, node_, {},
                                    [=] { return std::make_unique<ChoosingSinkNode<K, V>>(choose, writer); });
  }

  /// The stream as a table: each record is the new value of its key's row, null deletes it; a null key is dropped and
  /// counted. Through a repartition topic if an operator before may have changed the key. Kept in a store if
  /// `materialized` names one.
  [[nodiscard]] KTable<K, V> to_table(Materialized<K, V> materialized = {}) const;

  /// Puts an operator of your own here. `make` returns a new std::unique_ptr to a Processor<K, V, ...> at each call:
  /// every task has its own. The result is the stream of what it forwards; nothing if it forwards nothing.
  template <class Make>
  auto process(Make make, ProcessOptions options = {}) const {
    static_assert(detail::MakesUnique<Make>,
                  "millrace: process() takes a function without parameters that returns a new std::unique_ptr to a "
                  "Processor at each call");
    using P = typename std::invoke_result_t<Make&>::element_type;
    static_assert(std::same_as<typename P::InputKey, K> && std::same_as<typename P::InputValue, V>,
                  "millrace: the processor's KIn and VIn must be the stream's K and V");
    using Out = Record<typename P::OutputKey, typename P::OutputValue>;
    constexpr bool terminal = std::same_as<typename P::OutputKey, NoOutput>;
    auto name = graph_->name_for(options.name, node_, "process");
    auto node = graph_->template add<Record<K, V>, std::conditional_t<terminal, void, Out>>(
        name, {node_}, [=] { return std::make_unique<ProcessorNode<P>>(make()); }, options.stores);
    if constexpr (!terminal) return KStream<typename P::OutputKey, typename P::OutputValue>(graph_, node, true, {}, {});
  }

  /// Puts an operator of your own here that cannot change the key, so that nothing need be repartitioned behind it.
  /// `make` returns a new std::unique_ptr to a FixedKeyProcessor<K, V, VOut> at each call.
  template <class Make>
  auto process_values(Make make, ProcessOptions options = {}) const {
    static_assert(detail::MakesUnique<Make>,
                  "millrace: process_values() takes a function without parameters that returns a new std::unique_ptr "
                  "to a FixedKeyProcessor at each call");
    using P = typename std::invoke_result_t<Make&>::element_type;
    static_assert(std::same_as<typename P::InputKey, K> && std::same_as<typename P::InputValue, V>,
                  "millrace: the processor's K and VIn must be the stream's K and V");
    using V2 = typename P::OutputValue;
    auto name = graph_->name_for(options.name, node_, "process_values");
    auto node = graph_->template add<Record<K, V>, Record<K, V2>>(
        name, {node_}, [=] { return std::make_unique<FixedKeyProcessorNode<P>>(make()); }, options.stores);
    return KStream<K, V2>(graph_, node, key_changed_, key_serde_, {});
  }

  /// Joins each record with the row that `table` has for its key at that moment; a record without one gives nothing.
  /// The table's changes give nothing either. `joiner` takes (const V& value, const V2& table_value), before them the
  /// key if it likes, and returns the new value. Null keys and values are dropped and counted. The stream goes through
  /// a repartition topic if its key may have changed; the topics of both sides need equal numbers of partitions.
  template <class K2, class V2, class F>
  [[nodiscard]] auto join(const KTable<K2, V2>& table, F joiner, Joined<K, V> options = {}) const;
  /// As join(), but a record without a row is joined too: `joiner` takes const std::optional<V2>& of the table. So is a
  /// record without a key; a joiner that asks for it takes const std::optional<K>&.
  template <class K2, class V2, class F>
  [[nodiscard]] auto left_join(const KTable<K2, V2>& table, F joiner, Joined<K, V> options = {}) const;

  /// Groups by a new key; records go through a repartition topic, so that equal keys meet in one task.
  template <class F>
  [[nodiscard]] auto group_by(F selector,
                              Grouped<detail::without_optional<detail::CallResult<F, K, V>>, V> options) const;
  /// As above, with every option at its default.
  template <class F>
  [[nodiscard]] auto group_by(F selector) const {
    using K2 = detail::without_optional<detail::CallResult<F, K, V>>;
    detail::check_key_serde<K2>();
    return group_by(std::move(selector), Grouped<K2, V>{});
  }
  /// Groups by the key; through a repartition topic only if an operator before may have changed it.
  [[nodiscard]] KGroupedStream<K, V> group_by_key(Grouped<K, V> options = {}) const;

  /// Pairs of records of both streams with equal keys and timestamps that differ by no more than `windows` says:
  /// `joiner(const V& left, const V2& right)`, or with the key before, gives the value of the result. Its timestamp is
  /// the larger one, its headers are those of the record that came second. Records with a null key or value are dropped
  /// and counted. A side whose key may have changed goes through a repartition topic; the topics of both sides need
  /// equal numbers of partitions.
  template <class V2, class F>
  [[nodiscard]] auto join(const KStream<K, V2>& other, F joiner, JoinWindows windows,
                          StreamJoined<K, V, V2> options = {}) const {
    return join_streams<detail::JoinKind::Inner>(other, std::move(joiner), windows, std::move(options), "join");
  }
  /// As join(), with a result for each record of this stream that meets none of the other, too:
  /// `joiner(const V& left, const std::optional<V2>& right)`. It comes as soon as a later record of either stream shows
  /// that the window and its grace are over, with the timestamp of its record and the headers of that later one. A
  /// record with a null key is such a result at once.
  template <class V2, class F>
  [[nodiscard]] auto left_join(const KStream<K, V2>& other, F joiner, JoinWindows windows,
                               StreamJoined<K, V, V2> options = {}) const {
    return join_streams<detail::JoinKind::Left>(other, std::move(joiner), windows, std::move(options), "left_join");
  }
  /// As left_join(), for records of both streams:
  /// `joiner(const std::optional<V>& left, const std::optional<V2>& right)`.
  template <class V2, class F>
  [[nodiscard]] auto outer_join(const KStream<K, V2>& other, F joiner, JoinWindows windows,
                                StreamJoined<K, V, V2> options = {}) const {
    return join_streams<detail::JoinKind::Outer>(other, std::move(joiner), windows, std::move(options), "outer_join");
  }

 private:
  template <class, class>
  friend class KStream;
  template <class, class>
  friend class KTable;
  friend class BranchedKStream<K, V>;
  friend class StreamsBuilder;

  KStream(detail::GraphPtr graph, NodeId node, bool key_changed, Serde<K> key_serde, Serde<V> value_serde)
      : graph_(std::move(graph)),
        node_(node),
        key_changed_(key_changed),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)) {}

  template <bool left, class K2, class V2, class F>
  [[nodiscard]] auto join_table(std::string_view verb, const KTable<K2, V2>& table, F joiner,
                                Joined<K, V> options) const;
  template <class Out>
  NodeId add(std::string_view verb, const std::string& given, NodeFactory factory) const {
    return graph_->template add<Record<K, V>, Out>(graph_->name_for(given, node_, verb), {node_}, std::move(factory));
  }
  RecordWriter<K, V> writer_for(const std::string& node, const Produced<K, V>& options) const {
    auto key_serde = detail::serde_or(options.key_serde, key_serde_);
    auto value_serde = detail::serde_or(options.value_serde, value_serde_);
    graph_->check(node, key_serde, "key");
    graph_->check(node, value_serde, "value");
    return RecordWriter<K, V>(key_serde, value_serde, options.partitioner);
  }
  template <detail::JoinKind kKind, class V2, class F>
  auto join_streams(const KStream<K, V2>& other, F joiner, const JoinWindows& windows, StreamJoined<K, V, V2> options,
                    std::string_view verb) const;
  [[nodiscard]] KStream same(NodeId node) const {
    return KStream(graph_, node, key_changed_, key_serde_, value_serde_);
  }

  detail::GraphPtr graph_;
  NodeId node_;
  bool key_changed_;  // an operator before may have changed the key: equal keys may be in different partitions
  Serde<K> key_serde_;
  Serde<V> value_serde_;
};

}  // namespace millrace
