// TopicCatalog: the topics that an application reads and writes, as the log has them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <millrace/base/result.hpp>
#include <millrace/log/types.hpp>
#include <millrace/topology/topology.hpp>

namespace millrace {

/// Immutable after its making.
class TopicCatalog {
 public:
  TopicCatalog() = default;
  explicit TopicCatalog(const std::vector<TopicInfo>& topics);  ///< Of these topics.

  /// nullptr if the log has no such topic.
  [[nodiscard]] const TopicInfo* find(const std::string& name) const;

 private:
  std::map<std::string, TopicInfo> topics_;
};

/// The internal topics of an application, with the number of partitions each needs. A repartition topic has the number
/// that the user fixed, else that of the topics which its sub-topology reads beside it, else as many as the largest
/// topic upstream; a changelog has as many as its sub-topology has tasks. Errors: SourceTopicMissing, NotCopartitioned,
/// each naming all topics concerned.
[[nodiscard]] Result<std::vector<TopicSpec>> plan_internal_topics(const Topology& topology,
                                                                  const std::string& application_id,
                                                                  const TopicCatalog& catalog);

/// True if `topic` is a repartition topic or a changelog that the application makes for itself.
[[nodiscard]] bool is_internal_topic(const Topology& topology, const std::string& application_id,
                                     const std::string& topic);

/// All tasks: one per sub-topology and partition of its sources. REQUIRES: every source topic is in the catalog.
[[nodiscard]] std::vector<TaskId> plan_tasks(const Topology& topology, const std::string& application_id,
                                             const TopicCatalog& catalog);

}  // namespace millrace
