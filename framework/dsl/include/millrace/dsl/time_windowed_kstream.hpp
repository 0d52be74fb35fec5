// TimeWindowedKStream<K, V>: a grouped stream in windows of time. Aggregate it into a table with one row for each key
// and window.
//
//   stream.group_by_key().windowed_by(TimeWindows::of(5min).grace(30s)).count().to_stream().to("counts");
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <millrace/dsl/detail/window_nodes.hpp>
#include <millrace/dsl/kgrouped_stream.hpp>
#include <millrace/serde/windowed.hpp>

namespace millrace {

/// A record counts for every window that holds its timestamp and is still open: its end lies after the operator's
/// stream time (the latest timestamp it has seen) less the grace. For each that is not, the record is dropped and
/// counted (streams_dropped_records_total, reason "late"). A null key is dropped and counted; null values are not
/// dropped: take `const std::optional<V>&` to see them. The timestamp of a row is the largest of those that made it.
/// Keys of the table are written as Kafka's TimeWindowedSerializer does.
template <class K, class V>
class TimeWindowedKStream {
 public:
  /// How many records there were for each key and window, null values included.
  [[nodiscard]] KTable<Windowed<K>, std::int64_t> count(MaterializedWindows<K, std::int64_t> options = {}) const {
    return materialize<std::int64_t>("windowed_by.count", options,
                                     [](const Record<K, V>&, std::optional<std::int64_t>&& old, auto&&) {
                                       return std::optional<std::int64_t>(old.value_or(0) + 1);
                                     });
  }

  /// Combines the values of each key and window: `reducer(const V& aggregate, const V& value)` gives V, or
  /// std::optional<V> whose nullopt deletes the row. The first value is the first result; if it is null there is no
  /// row.
  template <class F>
  [[nodiscard]] KTable<Windowed<K>, V> reduce(F reducer, MaterializedWindows<K, V> options = {}) const {
    static_assert(std::invocable<F&, const V&, detail::Argument<F, 1, V>>,
                  "millrace: the reducer must take (const V& aggregate, const V& value) of the grouped stream; take "
                  "const std::optional<V>& as the value to see nulls");
    options.value_serde = detail::serde_or(options.value_serde, grouped_.value_serde_);
    return materialize<V>("windowed_by.reduce", options,
                          [reducer](const Record<K, V>& record, std::optional<V>&& old, auto&& value_of) mutable {
                            return old ? std::optional<V>(reducer(*old, value_of(reducer))) : record.value;
                          });
  }

  /// Folds the values of each key and window: `initializer()` gives the first A, `aggregator(const K&, const V&, A)`
  /// the next, or std::optional<A> whose nullopt deletes the row.
  template <class Init, class F, class A = detail::initial_aggregate<Init>>
  [[nodiscard]] KTable<Windowed<K>, A> aggregate(Init initializer, F aggregator,
                                                 MaterializedWindows<K, A> options) const {
    static_assert(std::invocable<F&, const K&, detail::Argument<F, 1, V>, A>,
                  "millrace: the aggregator must take (const K& key, const V& value, A aggregate), where A is what the "
                  "initializer returns; take const std::optional<V>& as the value to see nulls");
    return materialize<A>(
        "windowed_by.aggregate", options,
        [initializer, aggregator](const Record<K, V>& record, std::optional<A>&& old, auto&& value_of) mutable {
          return std::optional<A>(aggregator(*record.key, value_of(aggregator), old ? std::move(*old) : initializer()));
        });
  }
  /// As above, with every option at its default.
  template <class Init, class F, class A = detail::initial_aggregate<Init>>
  [[nodiscard]] KTable<Windowed<K>, A> aggregate(Init initializer, F aggregator) const {
    detail::check_value_serde<A>();
    return aggregate(std::move(initializer), std::move(aggregator), MaterializedWindows<K, A>{});
  }

 private:
  template <class, class>
  friend class KGroupedStream;

  TimeWindowedKStream(KGroupedStream<K, V> grouped, TimeWindows windows)
      : grouped_(std::move(grouped)), windows_(windows) {}

  template <class A, class Step>
  KTable<Windowed<K>, A> materialize(std::string_view verb, const MaterializedWindows<K, A>& options, Step step) const {
    detail::DslGraph& graph = *grouped_.graph_;
    const std::string operator_name = graph.name_for(options.name, grouped_.node_, verb);
    const std::string store = options.store_name.empty() ? operator_name + "-store" : options.store_name;
    NodeId parent = grouped_.co_partitioned(options.store_name.empty() ? operator_name : options.store_name);
    const Serde<K> key_serde = detail::serde_or(options.key_serde, grouped_.key_serde_);
    const StoreSpec spec = store_spec(store, options, key_serde);
    using Aggregate = detail::WindowAggregateNode<K, V, A, Step>;
    detail::WindowRows<K, A> rows(spec, key_serde, options.value_serde);
    auto node = graph.add<Record<K, V>, Record<Windowed<K>, Change<A>>>(
        operator_name, {parent},
        [rows, windows = windows_, step] { return std::make_unique<Aggregate>(rows, windows, step); });
    graph.add_window_store(spec, node, key_serde, options.value_serde);
    graph.graph.observe_time(node, operator_name);
    return KTable<Windowed<K>, A>(grouped_.graph_, node, store, time_windowed_serde<K>(windows_.size(), key_serde),
                                  options.value_serde);
  }

  /// Notes findings for windows and retention out of range.
  template <class A>
  StoreSpec store_spec(const std::string& store, const MaterializedWindows<K, A>& options,
                       const Serde<K>& key_serde) const {
    const auto faults = windows_.faults();
    for (const std::string& fault : faults) {
      grouped_.graph_->graph.add_finding("the operator with the store \"" + store + "\": " + fault);
    }
    const milliseconds least = shift_time(Timestamp(windows_.size()), windows_.grace()).time_since_epoch();
    WindowStoreBuilder<K, A> builder{.name = store,
                                     .retention = options.retention.value_or(least),
                                     .window_size = windows_.size(),
                                     .timestamped = true,
                                     .persistent = options.persistent,
                                     .key_serde = key_serde,
                                     .value_serde = options.value_serde,
                                     .caching = options.caching,
                                     .logging = options.logging};
    if (faults.empty()) {
      grouped_.graph_->check_retention(store, windows_.size(), windows_.grace(), builder.retention);
    }
    return builder.spec();
  }

  KGroupedStream<K, V> grouped_;
  TimeWindows windows_;
};

}  // namespace millrace
