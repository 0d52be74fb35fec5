// TimestampExtractor: what the time of a source's records is. The choice among a task's partitions, windows, joins and
// results all go by it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <millrace/model/record.hpp>

namespace millrace {

/// A value, cheap to copy. By default the time is the record's own, and a negative one fails (MR-0306).
///
///   auto time_of = [](const Record<std::string, Order>& record, Timestamp) { return record.value->time; };
///   builder.stream<std::string, Order>("orders", {.timestamp_extractor = time_of});
///
/// Source: TimestampExtractor of Kafka Streams.
template <class K, class V>
class TimestampExtractor {
 public:
  /// `partition_time` is the latest time of the partition so far, kNoTimestamp before the first. A negative result: the
  /// record is dropped and counted (streams_dropped_records_total, reason "invalid_timestamp"). What it throws goes to
  /// processing.exception.handler. The record's timestamp is its own.
  using Function = std::function<Timestamp(const Record<K, V>& record, Timestamp partition_time)>;
  /// Where the time comes from.
  enum class Kind : std::uint8_t { FailOnInvalid, SkipInvalid, PartitionTimeForInvalid, WallClock, Function };

  TimestampExtractor() = default;
  /// From a function of your own.
  template <class F, class = std::enable_if_t<std::is_invocable_r_v<Timestamp, F&, const Record<K, V>&, Timestamp>>>
  // NOLINTNEXTLINE(google-explicit-constructor): a lambda is one
  TimestampExtractor(F extract)
      : kind_(Kind::Function), function_(std::make_shared<const Function>(std::move(extract))) {}

  /// A record whose own time is negative is dropped and counted.
  [[nodiscard]] static TimestampExtractor log_and_skip_on_invalid() { return TimestampExtractor(Kind::SkipInvalid); }
  /// A record whose own time is negative has the partition's; it fails (MR-0306) while that is not known.
  [[nodiscard]] static TimestampExtractor use_partition_time_on_invalid() {
    return TimestampExtractor(Kind::PartitionTimeForInvalid);
  }
  /// The machine's time when the record is next in its partition. Results then depend on when they are made.
  [[nodiscard]] static TimestampExtractor wall_clock() { return TimestampExtractor(Kind::WallClock); }

  [[nodiscard]] Kind kind() const { return kind_; }  ///< Where the time comes from.
  /// REQUIRES: kind() is Function.
  [[nodiscard]] Timestamp operator()(const Record<K, V>& record, Timestamp partition_time) const {
    return (*function_)(record, partition_time);
  }
  /// Equal extractors are of one kind, with the same function or copies of it.
  friend bool operator==(const TimestampExtractor& a, const TimestampExtractor& b) {
    return a.kind_ == b.kind_ && a.function_ == b.function_;
  }

 private:
  explicit TimestampExtractor(Kind kind) : kind_(kind) {}
  Kind kind_ = Kind::FailOnInvalid;
  std::shared_ptr<const Function> function_;
};

}  // namespace millrace
