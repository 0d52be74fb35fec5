// Outbox: the records that the tasks of one thread have sent and that are not yet handed to the log.
//
// What a record sends counts only once it is sealed; a failed record's output is taken back. freeze() gives everything
// to the transaction. Thread: the stream thread.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include <millrace/log/types.hpp>
#include <millrace/metrics/metrics.hpp>
#include <millrace/runtime/topic_catalog.hpp>
#include <millrace/topology/record_collector.hpp>

namespace millrace {

/// Collects the records of a transaction, by topic and partition. Thread: the stream thread.
class Outbox {
 public:
  /// Borrows both; they outlive the outbox.
  Outbox(const TopicCatalog& catalog, Metrics& metrics);

  /// Index for add(). Errors: TopicUnknown.
  [[nodiscard]] Result<OutputTopic> open(const std::string& topic);
  /// How many partitions the topic has.
  [[nodiscard]] std::int32_t partition_count(OutputTopic topic) const { return topics_[topic.value()].partition_count; }

  /// Copies the record. Errors: PartitionOutOfRange, RecordTooLarge.
  [[nodiscard]] Result<void> add(OutputTopic topic, Partition partition, OptionalBytesView key, OptionalBytesView value,
                                 Timestamp timestamp, BytesView encoded_headers);
  /// What was added since the last seal() stays.
  void seal();
  /// Where the current record stands in what it adds, for rollback(); good until seal().
  struct Savepoint {
    std::int64_t size_bytes = 0;                    ///< as size_bytes()
    std::vector<RecordBatchBuilder::Mark> marks{};  ///< of the partitions that it has added to, in that order
  };
  [[nodiscard]] Savepoint savepoint() const;  ///< As of now.
  /// A part of the current record failed: what was added since `to` goes.
  void rollback(const Savepoint& to);
  /// What was added since the last seal() goes.
  void rollback() { rollback(Savepoint{sealed_bytes_}); }

  /// Takes out all sealed records, in order per partition. REQUIRES: commit_ended() since the last one.
  [[nodiscard]] std::vector<PartitionAppend> freeze();
  /// Nobody holds what freeze() gave any more.
  void commit_ended() { frozen_bytes_ = 0; }
  /// Forgets everything.
  void clear();

  [[nodiscard]] bool empty() const { return size_bytes_ == 0; }  ///< True if nothing waits to be frozen.
  /// Without what is frozen.
  [[nodiscard]] std::int64_t size_bytes() const { return size_bytes_; }
  [[nodiscard]] std::int64_t frozen_bytes() const { return frozen_bytes_; }  ///< What the commit in flight holds.

 private:
  struct PartitionBox {
    std::vector<EncodedBatch> full;
    RecordBatchBuilder open;
    RecordBatchBuilder::Mark sealed;
    bool touched = false;
    bool active = false;
  };
  struct TopicBox {
    std::string name;
    std::int32_t partition_count = 0;
    std::deque<PartitionBox> partitions;
    CounterHandle produced;
  };
  struct Place {
    std::uint32_t topic;
    std::int32_t partition;
  };
  PartitionBox& box(Place place) { return topics_[place.topic].partitions[static_cast<std::size_t>(place.partition)]; }
  [[nodiscard]] const PartitionBox& box(Place place) const {
    return topics_[place.topic].partitions[static_cast<std::size_t>(place.partition)];
  }

  const TopicCatalog& catalog_;
  Metrics& metrics_;
  std::map<std::string, OutputTopic> index_;
  std::vector<TopicBox> topics_;
  std::vector<Place> touched_;  // since the last seal
  std::vector<Place> active_;   // with records
  std::int64_t size_bytes_ = 0;
  std::int64_t sealed_bytes_ = 0;
  std::int64_t frozen_bytes_ = 0;
};

}  // namespace millrace
