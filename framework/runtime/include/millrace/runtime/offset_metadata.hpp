// OffsetMetadata: what the runtime notes beside each committed offset.
#pragma once

#include <string>
#include <string_view>

#include <millrace/base/result.hpp>
#include <millrace/model/ids.hpp>

namespace millrace {

/// Text form: "millrace/1 time=<ms> task=0_1 writer=<id> commit=<id>", at most 4,096 bytes as Kafka takes them.
struct OffsetMetadata {
  Timestamp partition_time = kNoTimestamp;  ///< highest timestamp taken from the partition
  std::string task;
  std::string writer_id;
  std::string commit_id;  ///< unique per commit: tells whether a commit whose answer was lost went through

  [[nodiscard]] std::string encode() const;
  /// Metadata of another form, as other tools write it, yields the default: nothing is known.
  [[nodiscard]] static OffsetMetadata decode(std::string_view text);
};

}  // namespace millrace
