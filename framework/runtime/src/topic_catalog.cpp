#include <millrace/runtime/topic_catalog.hpp>

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <millrace/base/assert.hpp>

namespace millrace {

TopicCatalog::TopicCatalog(const std::vector<TopicInfo>& topics) {
  for (const TopicInfo& topic : topics) topics_[topic.name] = topic;
}

const TopicInfo* TopicCatalog::find(const std::string& name) const {
  auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : &found->second;
}

namespace {

/// Works out partition counts, following repartition topics upstream.
class PartitionPlanner {
 public:
  PartitionPlanner(const Topology& topology, const std::string& application_id, const TopicCatalog& catalog)
      : topology_(topology), application_id_(application_id), catalog_(catalog) {}

  /// Partitions of a topic that may not exist yet; 0 while that depends on itself only.
  std::int32_t partitions(const TopicRef& topic) {
    const TopicInfo* info = catalog_.find(topic.full_name(application_id_));
    if (!topic.internal) return info == nullptr ? 0 : info->partitions;
    auto [known, fresh] = repartition_partitions_.emplace(topic.name, 0);
    if (!fresh) return known->second;
    std::int32_t most = 0;
    for (const RepartitionSpec& repartition : topology_.repartitions()) {
      if (repartition.topic == topic) most = std::max(most, task_count(subtopology_of(repartition.sink)));
    }
    return repartition_partitions_[topic.name] = most;
  }

  std::int32_t task_count(const Subtopology& subtopology) {
    std::int32_t most = 0;
    for (const TopicRef& topic : subtopology.source_topics) most = std::max(most, partitions(topic));
    return most;
  }

  Result<void> check(const Subtopology& subtopology) {
    std::vector<std::string> missing;
    std::vector<std::string> counts;
    bool equal = true;
    std::int32_t tasks = task_count(subtopology);
    for (const TopicRef& topic : subtopology.source_topics) {
      std::int32_t count = partitions(topic);
      if (count == 0) missing.push_back(topic.full_name(application_id_));
      equal &= count == tasks;
      counts.push_back(fmt::format("{} has {}", topic.full_name(application_id_), count));
    }
    if (!missing.empty()) {
      return Error(ErrorCode::SourceTopicMissing,
                   fmt::format("sub-topology {} reads {}, which the log does not have", subtopology.id.value(),
                               fmt::join(missing, ", ")),
                   {.topic = missing.front()});
    }
    if (!equal) {
      return Error(ErrorCode::NotCopartitioned, fmt::format("sub-topology {} needs equal numbers of partitions: {}",
                                                            subtopology.id.value(), fmt::join(counts, ", ")));
    }
    return {};
  }

 private:
  const Subtopology& subtopology_of(NodeId node) const {
    for (const Subtopology& subtopology : topology_.subtopologies()) {
      const auto& nodes = subtopology.nodes;
      if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return subtopology;
    }
    MILLRACE_ASSERT(false, "every node is in a sub-topology");
  }

  const Topology& topology_;
  const std::string& application_id_;
  const TopicCatalog& catalog_;
  std::map<std::string, std::int32_t> repartition_partitions_;
};

}  // namespace

Result<std::vector<TopicSpec>> plan_internal_topics(const Topology& topology, const std::string& application_id,
                                                    const TopicCatalog& catalog) {
  PartitionPlanner planner(topology, application_id, catalog);
  std::vector<TopicSpec> specs;
  for (const Subtopology& subtopology : topology.subtopologies()) {
    MILLRACE_TRY(planner.check(subtopology));
    for (const std::string& name : subtopology.stores) {
      const StoreSpec& store = topology.stores().at(name);
      if (!store.logged) continue;
      specs.push_back(
          {store.changelog().full_name(application_id), planner.task_count(subtopology), CleanupPolicy::Compact});
    }
  }
  for (const RepartitionSpec& repartition : topology.repartitions()) {
    specs.push_back(
        {repartition.topic.full_name(application_id), planner.partitions(repartition.topic), CleanupPolicy::Delete});
  }
  return specs;
}

std::vector<TaskId> plan_tasks(const Topology& topology, const std::string& application_id,
                               const TopicCatalog& catalog) {
  PartitionPlanner planner(topology, application_id, catalog);
  std::vector<TaskId> tasks;
  for (const Subtopology& subtopology : topology.subtopologies()) {
    for (std::int32_t i = 0; i < planner.task_count(subtopology); ++i) tasks.push_back({subtopology.id, Partition(i)});
  }
  return tasks;
}

}  // namespace millrace
