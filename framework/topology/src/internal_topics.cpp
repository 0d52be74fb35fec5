#include "internal_topics.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <millrace/model/kafka_name.hpp>

namespace millrace {

namespace {

constexpr std::size_t kTopicNameMax = 249;

/// An internal topic, and how a person knows it.
struct InternalTopic {
  std::string name;        // without the application's id
  std::string owner;       // "operator \"x\""
  std::string what;        // "changelog"
  std::string to_shorten;  // "store"
};

class Rule {
 public:
  Rule(const std::vector<NodeSpec>& nodes, const std::string& application_id)
      : nodes_(nodes), application_id_(application_id) {}

  std::vector<std::string> faults(const std::vector<InternalTopic>& topics) {
    for (const InternalTopic& topic : topics) {
      check_name(topic);
      if (!application_id_.empty()) check_writers(topic);
    }
    return std::move(faults_);
  }

 private:
  void check_name(const InternalTopic& topic) {
    if (!is_valid_kafka_name(topic.name.substr(0, kTopicNameMax))) {
      faults_.push_back(
          fmt::format("{}: its {} topic cannot be named \"{}\": use [a-zA-Z0-9._-] for the name of the {}", topic.owner,
                      topic.what, topic.name, topic.to_shorten));
      return;
    }
    std::size_t size = std::max<std::size_t>(application_id_.size(), 1) + 1 + topic.name.size();
    if (size <= kTopicNameMax) return;
    if (application_id_.empty()) {
      faults_.push_back(fmt::format(
          "{}: its {} topic \"<application.id>-{}\" would have at least {} characters, and topics may have "
          "{}: give the {} a name shorter by {}",
          topic.owner, topic.what, topic.name, size, kTopicNameMax, topic.to_shorten, size - kTopicNameMax));
      return;
    }
    faults_.push_back(fmt::format(
        "{}: its {} topic \"{}-{}\" would have {} characters, and topics may have {}: give the {} or the application a "
        "name shorter by {}",
        topic.owner, topic.what, application_id_, topic.name, size, kTopicNameMax, topic.to_shorten,
        size - kTopicNameMax));
  }

  void check_writers(const InternalTopic& topic) {
    TopicRef foreign{TopicRef{topic.name, true}.full_name(application_id_), false};
    for (const NodeSpec& node : nodes_) {
      bool writes = node.kind == NodeKind::Sink &&
                    std::find(node.topics.begin(), node.topics.end(), foreign) != node.topics.end();
      if (!writes) continue;
      faults_.push_back(
          fmt::format("operator \"{}\" writes to \"{}\", which is the {} topic of {}: write to another topic",
                      node.name, foreign.name, topic.what, topic.owner));
    }
  }

  const std::vector<NodeSpec>& nodes_;
  const std::string& application_id_;
  std::vector<std::string> faults_;
};

std::string owner_of(const StoreSpec& store, const std::vector<NodeSpec>& nodes) {
  for (const NodeSpec& node : nodes) {
    if (std::find(node.stores.begin(), node.stores.end(), store.name) != node.stores.end())
      return fmt::format("operator \"{}\"", node.name);
  }
  return fmt::format("store \"{}\"", store.name);
}

}  // namespace

std::vector<std::string> internal_topic_faults(const std::vector<NodeSpec>& nodes, const std::vector<StoreSpec>& stores,
                                               const std::vector<RepartitionSpec>& repartitions,
                                               const std::string& application_id) {
  std::vector<InternalTopic> topics;
  for (const StoreSpec& store : stores) {
    // A store whose own name is refused needs no second line about its changelog.
    if (store.logged && is_valid_kafka_name(store.name))
      topics.push_back({store.changelog().name, owner_of(store, nodes), "changelog", "store"});
  }
  for (const RepartitionSpec& repartition : repartitions) {
    const NodeSpec& parent = nodes.at(nodes.at(repartition.sink.value()).parents.front().value());
    topics.push_back({repartition.topic.name, fmt::format("operator \"{}\"", parent.name), "repartition", "group"});
  }
  return Rule(nodes, application_id).faults(topics);
}

}  // namespace millrace
