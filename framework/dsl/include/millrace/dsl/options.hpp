// Option structs of the DSL. Every field has a default; name the ones you set: .to("t", {.name = "out"}).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <millrace/model/offset_reset.hpp>
#include <millrace/processor/stream_partitioner.hpp>
#include <millrace/processor/timestamp_extractor.hpp>
#include <millrace/serde/serde.hpp>

namespace millrace {

/// An operator's name. Empty: derived from its parent's name and the verb. A name of your own also is the beginning of
/// the derived names below it.
struct Named {
  std::string name{};  ///< of the operator
};

/// How a topic is read.
template <class K, class V>
struct Consumed {
  std::string name{};                              ///< default: the topic's
  Serde<K> key_serde{};                            ///< default: that of the type
  Serde<V> value_serde{};                          ///< default: that of the type
  std::optional<OffsetReset> offset_reset{};       ///< default: auto.offset.reset
  TimestampExtractor<K, V> timestamp_extractor{};  ///< default: the record's own time; a negative one fails
};

/// How a topic is written.
template <class K, class V>
struct Produced {
  std::string name{};                     ///< of the operator
  Serde<K> key_serde{};                   ///< default: the stream's
  Serde<V> value_serde{};                 ///< default: the stream's
  StreamPartitioner<K, V> partitioner{};  ///< default: Kafka's, a hash of the key
};

/// How a stream is sent through a topic that brings equal keys together. The name becomes that of the operator and of
/// the topic: "<application id>-<name>-repartition".
template <class K, class V>
struct Repartitioned {
  std::string name{};      ///< of operator and topic
  Serde<K> key_serde{};    ///< default: the stream's
  Serde<V> value_serde{};  ///< default: the stream's
  /// Default: as many as what is joined with it, else as the largest topic upstream. At least 1.
  std::optional<std::int32_t> partitions{};
  StreamPartitioner<K, V> partitioner{};  ///< default: Kafka's, a hash of the key
};

/// How a stream is joined with a table. The serdes are for the repartition topic through which the stream goes if its
/// key may have changed: "<application id>-<name>-repartition".
template <class K, class V>
struct Joined {
  std::string name{};      ///< of the operator
  Serde<K> key_serde{};    ///< default: that of the type
  Serde<V> value_serde{};  ///< default: that of the type
};

/// How records are grouped. The name becomes that of the repartition topic, if one is needed:
/// "<application id>-<name>-repartition".
template <class K, class V>
struct Grouped {
  std::string name{};      ///< of the repartition topic
  Serde<K> key_serde{};    ///< default: the stream's
  Serde<V> value_serde{};  ///< default: the stream's
};

/// How a table is kept.
template <class K, class V>
struct Materialized {
  std::string store_name{};  ///< default: "<operator>-store"; name it, and an upgrade finds its state again
  bool persistent = true;    ///< RocksDB; otherwise memory
  Serde<K> key_serde{};      ///< default: the stream's
  Serde<V> value_serde{};    ///< default: that of the type
  std::string name{};        ///< of the operator
  /// Changes of a row are forwarded and logged once, at the commit, however often it changed since the last one: fewer
  /// records, later. Off by default, other than in Kafka Streams: readers see commits only, so that an uncached table
  /// shows them nothing too early, and its results do not depend on when commits come.
  bool caching = false;
  bool logging = true;  ///< false: no changelog; see KeyValueStoreBuilder::logging for what becomes of it at a start
};

/// How the table of a windowed aggregation is kept. K is the key without its window.
template <class K, class V>
struct MaterializedWindows {
  std::string store_name{};  ///< default: "<operator>-store"; name it, and an upgrade finds its state again
  /// How long after its start a window can be read; default and least: the windows' size plus their grace.
  std::optional<std::chrono::milliseconds> retention{};
  bool persistent = true;  ///< RocksDB; otherwise memory
  Serde<K> key_serde{};    ///< default: the stream's
  Serde<V> value_serde{};  ///< default: that of the type
  std::string name{};      ///< of the operator
  bool caching = false;    ///< as Materialized::caching
  bool logging = true;   ///< as Materialized::logging
};

/// How two streams are joined, and what for it is kept. V1 is the value of the left stream, V2 of the right.
template <class K, class V1, class V2>
struct StreamJoined {
  std::string name{};  ///< of the operator
  /// Stores are named "<store_name>-this-join-store" and so on; default: the operator's name. Name it, and an upgrade
  /// finds its state again.
  std::string store_name{};
  bool persistent = true;         ///< RocksDB; otherwise memory
  Serde<K> key_serde{};           ///< default: the streams'
  Serde<V1> value_serde{};        ///< default: the left stream's
  Serde<V2> other_value_serde{};  ///< default: the right stream's
};

/// How a processor stands in the graph.
struct ProcessOptions {
  std::vector<std::string> stores{};  ///< names of stores added with add_state_store, or of tables (KTable::store_name)
  std::string name{};                 ///< of the operator
};

/// A key and a value, as map() and flat_map() return them. Use std::optional<K> or std::optional<V> to produce nulls.
template <class K, class V>
struct KeyValue {
  K key;    ///< the new key
  V value;  ///< the new value
};
template <class K, class V>
KeyValue(K, V) -> KeyValue<K, V>;  ///< So that KeyValue{key, value} needs no types.

}  // namespace millrace
