#include <millrace/runtime/offset_metadata.hpp>

#include <charconv>
#include <iterator>

#include <fmt/format.h>

namespace millrace {

namespace {
constexpr std::string_view kPrefix = "millrace/1 ";
// " t", 8 digits of hash, "=", and a time with its sign.
constexpr std::size_t kTimeMaxBytes = 2 + 8 + 1 + 20;
// The prefix, the partition's time, and ids; an application's id has at most 249 characters.
constexpr std::size_t kFixedMaxBytes = 900;
static_assert(kFixedMaxBytes + kObservedTimesMax * kTimeMaxBytes <= kOffsetMetadataMaxBytes);

Timestamp parse_time(std::string_view text) {
  std::int64_t time_ms = -1;
  std::from_chars(text.data(), text.data() + text.size(), time_ms);
  return Timestamp(std::chrono::milliseconds(time_ms));
}

/// Notes the time if `name` is "t" and 8 hexadecimal digits.
void read_observed_time(std::string_view name, std::string_view value, ObservedTimes::Snapshot& times) {
  if (name.size() != 9 || name[0] != 't') return;
  std::uint32_t hash = 0;
  const char* end = name.data() + name.size();
  if (std::from_chars(name.data() + 1, end, hash, 16).ptr != end) return;
  times.push_back({hash, parse_time(value)});
}
}  // namespace

std::string OffsetMetadata::encode() const {
  std::string text = fmt::format("{}time={} task={} writer={} commit={}", kPrefix,
                                 partition_time.time_since_epoch().count(), task, writer_id, commit_id);
  for (const ObservedTimes::Entry& entry : times) {
    fmt::format_to(std::back_inserter(text), " t{:08x}={}", entry.name_hash, entry.time.time_since_epoch().count());
  }
  return text;
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
      metadata.partition_time = parse_time(value);
    } else if (name == "task") {
      metadata.task = value;
    } else if (name == "writer") {
      metadata.writer_id = value;
    } else if (name == "commit") {
      metadata.commit_id = value;
    } else {
      read_observed_time(name, value, metadata.times);
    }
  }
  return metadata;
}

}  // namespace millrace
