// The numbers and names by which everybody speaks of positions in a log and of tasks.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>

#include <millrace/base/strong.hpp>

namespace millrace {

/// Position of a record in a partition; records are numbered upwards, not necessarily without gaps.
using Offset = Strong<std::int64_t, struct OffsetTag>;
/// Number of a partition within its topic, from 0.
using Partition = Strong<std::int32_t, struct PartitionTag>;
/// Number of a sub-topology within its topology, from 0.
using SubtopologyId = Strong<std::int32_t, struct SubtopologyIdTag>;

/// Event time: milliseconds since the Unix epoch, UTC.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// Before every valid timestamp: "no time is known yet".
inline constexpr Timestamp kNoTimestamp{std::chrono::milliseconds(-1)};

/// One partition of one topic.
struct TopicPartition {
  std::string topic;    ///< its full name
  Partition partition;  ///< from 0
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

/// "lines[3]"
[[nodiscard]] std::string to_string(const TopicPartition& topic_partition);

/// The unit of work and of state: one sub-topology over one partition number of its source topics.
struct TaskId {
  SubtopologyId subtopology;  ///< which part of the topology
  Partition partition;        ///< of each of its source topics
  friend auto operator<=>(const TaskId&, const TaskId&) = default;
};

/// "0_3", as Kafka Streams writes it.
[[nodiscard]] std::string to_string(const TaskId& task);

}  // namespace millrace

template <>
struct std::hash<millrace::TopicPartition> {
  std::size_t operator()(const millrace::TopicPartition& tp) const noexcept {
    return std::hash<std::string>()(tp.topic) * 31 + static_cast<std::size_t>(tp.partition.value());
  }
};
