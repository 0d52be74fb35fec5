#include <millrace/runtime/offset_metadata.hpp>

#include <charconv>

#include <fmt/format.h>

namespace millrace {

namespace {
constexpr std::string_view kPrefix = "millrace/1 ";
}

std::string OffsetMetadata::encode() const {
  return fmt::format("{}time={} task={} writer={} commit={}", kPrefix, partition_time.time_since_epoch().count(), task,
                     writer_id, commit_id);
}

OffsetMetadata OffsetMetadata::decode(std::string_view text) {
  OffsetMetadata metadata;
  if (!text.starts_with(kPrefix)) return metadata;
  text.remove_prefix(kPrefix.size());
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    auto equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view name = word.substr(0, equals);
    std::string_view value = word.substr(equals + 1);
    if (name == "time") {
      std::int64_t time_ms = -1;
      std::from_chars(value.data(), value.data() + value.size(), time_ms);
      metadata.partition_time = Timestamp(std::chrono::milliseconds(time_ms));
    } else if (name == "task") {
      metadata.task = value;
    } else if (name == "writer") {
      metadata.writer_id = value;
    } else if (name == "commit") {
      metadata.commit_id = value;
    }
  }
  return metadata;
}

}  // namespace millrace
