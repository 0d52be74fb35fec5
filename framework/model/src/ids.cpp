#include <millrace/model/ids.hpp>

#include <fmt/format.h>

namespace millrace {

std::string to_string(const TopicPartition& topic_partition) {
  return fmt::format("{}[{}]", topic_partition.topic, topic_partition.partition.value());
}

std::string to_string(const TaskId& task) {
  return fmt::format("{}_{}", task.subtopology.value(), task.partition.value());
}

}  // namespace millrace
