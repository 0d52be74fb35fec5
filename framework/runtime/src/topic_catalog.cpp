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

// As windowstore.changelog.additional.retention.ms of Kafka Streams.
constexpr std::chrono::hours kAdditionalRetention{24};

/// Works out partition counts. A topic of the user has what the log says, a repartition topic what the user fixed; what
/// is left takes the count of the topics that are read beside it, else of the largest upstream.
class PartitionPlanner {
 public:
  PartitionPlanner(const Topology& topology, const std::string& application_id, const TopicCatalog& catalog)
      : topology_(topology), application_id_(application_id), catalog_(catalog) {
    tasks_.resize(topology.subtopologies().size());
    // Counts only grow, up to the largest that is given, so this ends; repartition topics may stand in a circle.
    for (bool changed = true; changed;) {
      changed = false;
      for (const Subtopology& subtopology : topology.subtopologies()) {
        std::int32_t& tasks = tasks_[static_cast<std::size_t>(subtopology.id.value())];
        std::int32_t count = count_tasks(subtopology);
        changed |= count != tasks;
        tasks = count;
      }
    }
  }

  /// 0 if the log has no such topic.
  std::int32_t partitions(const TopicRef& topic) const {
    if (auto given = given_partitions(topic)) return *given;
    return task_count(subtopology_of(repartition_of(topic).source));
  }
  std::int32_t task_count(const Subtopology& subtopology) const {
    return tasks_[static_cast<std::size_t>(subtopology.id.value())];
  }

  Result<void> check(const Subtopology& subtopology) const {
    std::vector<std::string> missing;
    std::vector<std::string> counts;
    bool equal = true;
    std::int32_t tasks = task_count(subtopology);
    for (const TopicRef& topic : subtopology.source_topics) {
      std::int32_t count = partitions(topic);
      if (count == 0) missing.push_back(topic.full_name(application_id_));
      equal &= count == tasks;
      counts.push_back(fmt::format("{} has {}{}", topic.full_name(application_id_), count, fixed_by(topic)));
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
  /// What is not for us to choose.
  std::optional<std::int32_t> given_partitions(const TopicRef& topic) const {
    if (topic.internal) return repartition_of(topic).partitions;
    const TopicInfo* info = catalog_.find(topic.full_name(application_id_));
    return info == nullptr ? 0 : info->partitions;
  }

  std::int32_t count_tasks(const Subtopology& subtopology) const {
    std::int32_t given = 0;
    std::int32_t upstream = 0;
    for (const TopicRef& topic : subtopology.source_topics) {
      if (auto count = given_partitions(topic)) given = std::max(given, *count);
      else upstream = std::max(upstream, task_count(subtopology_of(repartition_of(topic).sink)));
    }
    return given > 0 ? given : upstream;
  }

  /// " (set by "by-user")" for a repartition topic whose number the user fixed.
  std::string fixed_by(const TopicRef& topic) const {
    if (!topic.internal || !repartition_of(topic).partitions) return "";
    return fmt::format(" (set by \"{}\")", topology_.node(repartition_of(topic).source).name);
  }

  const RepartitionSpec& repartition_of(const TopicRef& topic) const {
    for (const RepartitionSpec& repartition : topology_.repartitions()) {
      if (repartition.topic == topic) return repartition;
    }
    MILLRACE_ASSERT(false, "an internal topic that is read is a repartition topic: " + topic.name);
  }
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
  std::vector<std::int32_t> tasks_;
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
      TopicSpec changelog{store.changelog().full_name(application_id), planner.task_count(subtopology),
                          CleanupPolicy::Compact};
      if (store.kind == StoreKind::Window) {
        changelog.cleanup = CleanupPolicy::CompactDelete;
        changelog.limits.retention = store.retention + kAdditionalRetention;
      }
      specs.push_back(std::move(changelog));
    }
  }
  for (const RepartitionSpec& repartition : topology.repartitions()) {
    specs.push_back(
        {repartition.topic.full_name(application_id), planner.partitions(repartition.topic), CleanupPolicy::Delete});
  }
  return specs;
}

bool is_internal_topic(const Topology& topology, const std::string& application_id, const std::string& topic) {
  if (!topic.starts_with(application_id + "-")) return false;
  auto named = [&](const TopicRef& internal) { return internal.full_name(application_id) == topic; };
  const auto& repartitions = topology.repartitions();
  const auto& stores = topology.stores();
  return std::any_of(repartitions.begin(), repartitions.end(), [&](const auto& spec) { return named(spec.topic); }) ||
         std::any_of(stores.begin(), stores.end(), [&](const auto& entry) { return named(entry.second.changelog()); });
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
