// OffsetMetadata: what the runtime notes beside each committed offset.
#pragma once

#include <string>
#include <string_view>

#include <millrace/base/result.hpp>
#include <millrace/model/ids.hpp>
#include <millrace/model/observed_times.hpp>

namespace millrace {

/// What Kafka takes unless a broker says otherwise (offset.metadata.max.bytes).
inline constexpr std::size_t kOffsetMetadataMaxBytes = 4096;

/// Text form: "millrace/1 time=<ms> task=0_1 writer=<id> commit=<id> t1a2b3c4d=<ms>", the last for each observed time;
/// within kOffsetMetadataMaxBytes, since a topology has at most kObservedTimesMax of these per task.
struct OffsetMetadata {
  Timestamp partition_time = kNoTimestamp;  ///< highest timestamp taken from the partition
  std::string task;                         ///< "0_1"
  std::string writer_id;                    ///< of the writer in whose transaction it stands
  std::string commit_id;            ///< unique per commit: tells whether a commit whose answer was lost went through
  ObservedTimes::Snapshot times{};  ///< how far windowed operators and window stores have come

  [[nodiscard]] std::string encode() const;  ///< As text for CommittedOffset::metadata.
  /// Metadata of another form, as other tools write it, yields the default: nothing is known.
  [[nodiscard]] static OffsetMetadata decode(std::string_view text);
};

}  // namespace millrace
