// A stream through an internal topic, so that equal keys meet in one task.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <millrace/dsl/detail/dsl_graph.hpp>
#include <millrace/dsl/options.hpp>

namespace millrace::detail {

/// Sends `parent` through "<application id>-<options.name>-repartition" and returns the source that reads it, which is
/// named `source_name`, or else after the topic. Streams that ask for one name share its topic if they are one stream.
/// The options' serdes are taken as they are; records without a key are left out unless keep_null_keys() asks for them.
template <class K, class V>
NodeId add_repartition(DslGraph& dsl, NodeId parent, const Repartitioned<K, V>& options, std::string source_name = "") {
  const std::string suffix = "-repartition";
  const std::string topic_name = options.name.ends_with(suffix) ? options.name : options.name + suffix;
  const TopicRef topic{topic_name, true};
  TopologyGraph& graph = dsl.graph;
  if (options.partitions && *options.partitions < 1) {
    graph.add_finding("the repartition topic \"" + topic_name + "\" is to have " + std::to_string(*options.partitions) +
                      " partitions: give it at least 1");
  }
  if (const NodeSpec* known = graph.find_source(topic)) {
    const NodeSpec& writer = graph.node(graph.find_sink(topic)->parents.front());
    if (writer.id != parent || !source_name.empty()) {
      graph.add_finding("the repartition topic \"" + topic_name + "\" is written by \"" + writer.name + "\" and by \"" +
                        graph.node(parent).name + "\": give one of the groups another name");
    }
    return known->id;
  }
  const std::string sink_name = topic_name + "-sink";
  dsl.check(sink_name, options.key_serde, "key");
  dsl.check(sink_name, options.value_serde, "value");
  auto writing = [=](bool drop_null_keys) {
    return [=, writer = RecordWriter<K, V>(options.key_serde, options.value_serde, options.partitioner)] {
      return std::make_unique<TypedSinkNode<K, V>>(topic, writer, drop_null_keys);
    };
  };
  NodeId sink = dsl.add_sink<K, V>(sink_name, parent, {topic}, writing(true));
  dsl.keep_null_keys_sinks[sink] = writing(false);
  if (source_name.empty()) source_name = topic_name + "-source";
  NodeId source = dsl.add_source<K, V>(std::move(source_name), topic, options.key_serde, options.value_serde,
                                       OffsetReset::Earliest);
  graph.add_repartition({topic, sink, source, options.partitions});
  return source;
}

}  // namespace millrace::detail
