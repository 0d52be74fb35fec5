// RecordCollector: where a task's output goes. The runtime implements it with the thread's outbox.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <millrace/base/bytes.hpp>
#include <millrace/base/strong.hpp>
#include <millrace/model/ids.hpp>
#include <millrace/topology/topic_ref.hpp>

namespace millrace {

/// Index of an output topic within a collector.
using OutputTopic = Strong<std::uint32_t, struct OutputTopicTag>;

/// Takes encoded records. Nothing is visible to readers before the commit; what a failed record sent is taken back.
class RecordCollector {
 public:
  RecordCollector() = default;
  RecordCollector(const RecordCollector&) = delete;
  RecordCollector& operator=(const RecordCollector&) = delete;
  virtual ~RecordCollector() = default;

  /// Looks the topic up once, so that send() needs no name. Fails (TopicUnknown) if the log has no such topic.
  [[nodiscard]] virtual OutputTopic open(const TopicRef& topic) = 0;
  /// A user's topic, chosen while running; nullopt if the log had no such topic when the application started, or if it
  /// is one of the application's internal topics.
  [[nodiscard]] virtual std::optional<OutputTopic> find(const std::string& topic) = 0;
  /// How many partitions an opened topic has.
  [[nodiscard]] virtual std::int32_t partition_count(OutputTopic topic) const = 0;
  /// Copies the bytes. Without a partition, Kafka's default partitioner picks it from the key; records without a key
  /// are spread. Fails on behalf of `node`, which may be empty: RecordTooLarge, PartitionOutOfRange.
  virtual void send(const std::string& node, OutputTopic topic, std::optional<Partition> partition,
                    OptionalBytesView key, OptionalBytesView value, Timestamp timestamp, BytesView encoded_headers) = 0;
};

}  // namespace millrace
