// What a topology is made of, before anything runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <vector>

#include <millrace/model/offset_reset.hpp>
#include <millrace/topology/node.hpp>
#include <millrace/topology/topic_ref.hpp>

namespace millrace {

/// Index of a node in its topology.
using NodeId = Strong<std::uint32_t, struct NodeIdTag>;

/// What a node does with topics.
enum class NodeKind : std::uint8_t { Source, Processor, Sink };

/// Makes the node of one task. Called once per task.
using NodeFactory = std::function<std::unique_ptr<Node>()>;

/// One node of the graph.
struct NodeSpec {
  NodeId id;                                ///< its index
  NodeKind kind = NodeKind::Processor;      ///< source, processor or sink
  std::string name;                         ///< unique in the topology
  std::vector<NodeId> parents;              ///< who forwards to it
  std::vector<NodeId> children;             ///< to whom it forwards
  std::vector<std::string> stores;          ///< that the node may use
  std::vector<TopicRef> topics;             ///< of a source; one for a sink, none if it chooses a topic per record
  std::optional<OffsetReset> offset_reset;  ///< of a source; default: auto.offset.reset
  std::vector<std::string> times{};         ///< event times that it observes (ObservedTimes); nodes may share one
  const std::type_info* input = nullptr;    ///< Record<K, V> taken; nullptr for sources
  const std::type_info* output = nullptr;   ///< Record<K, V> forwarded; nullptr for sinks
  NodeFactory factory;                      ///< makes one for each task
};

/// How a store is addressed.
enum class StoreKind : std::uint8_t {
  KeyValue,
  Window,  ///< keys are key | 8 bytes of window start | 4 bytes of sequence, big-endian, as Kafka Streams has them
};

/// What a typed layer notes beside a store: the serdes of its keys and values. The runtime does not look into it.
struct StoreTyping {
  StoreTyping() = default;
  StoreTyping(const StoreTyping&) = delete;
  StoreTyping& operator=(const StoreTyping&) = delete;
  virtual ~StoreTyping() = default;
};

/// One state store; every task of its sub-topology has its own.
struct StoreSpec {
  std::string name;                      ///< unique in the topology
  StoreKind kind = StoreKind::KeyValue;  ///< how it is addressed
  bool persistent = true;                ///< RocksDB; otherwise memory, restored in full at every start
  bool logged = true;                    ///< changes go to the topic "<application id>-<name>-changelog"
  bool timestamped = false;  ///< values begin with 8 bytes of timestamp; the changelog carries it as the record's
  bool caching = false;      ///< changes are logged and forwarded at the commit, or earlier where memory is short
  std::string types;         ///< "std::string -> long", for describe
  /// Of a window store: entries whose window starts `retention` or longer before the latest start seen are gone.
  std::chrono::milliseconds retention{};
  std::chrono::milliseconds window_size{};    ///< of a window store
  bool retain_duplicates = false;             ///< of a window store: a put never replaces
  std::shared_ptr<const StoreTyping> typing;  ///< its types and serdes

  [[nodiscard]] TopicRef changelog() const { return {name + "-changelog", true}; }  ///< The topic of its changes.
};

/// A topic that the application creates to bring equal keys together.
struct RepartitionSpec {
  TopicRef topic;                                         ///< which topic
  NodeId sink;                                            ///< the node that writes it
  NodeId source;                                          ///< the node that reads it
  std::optional<std::int32_t> partitions = std::nullopt;  ///< fixed by the user; else it follows from the topics around
};

}  // namespace millrace
