// Binding: a property together with the member of StreamsConfig that holds its value.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/config/property.hpp>
#include <millrace/config/streams_config.hpp>

namespace millrace::config_detail {

struct Binding {
  Property property;
  /// `part` is what stands in the key for the part in angle brackets; empty for keys without one.
  std::function<void(StreamsConfig&, std::string_view part, const ConfigValue&)> set;
  /// The member as the file would spell it. Null for keys with a part in angle brackets.
  std::function<std::string(const StreamsConfig&)> render;
};

/// The one table.
[[nodiscard]] const std::vector<Binding>& bindings();

inline constexpr std::string_view kTopicPartitionsPrefix = "embedded.topic.";
inline constexpr std::string_view kTopicPartitionsSuffix = ".partitions";
inline constexpr std::string_view kTopicPartitionsKey = "embedded.topic.<topic>.partitions";

}  // namespace millrace::config_detail
