// Binding: a property together with the member of StreamsConfig that holds its value.
#pragma once

#include <functional>
#include <map>
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
  /// For those: all parts that are set, with their values.
  std::function<std::map<std::string, std::string>(const StreamsConfig&)> render_parts = nullptr;
};

/// The one table.
[[nodiscard]] const std::vector<Binding>& bindings();

/// What the keys of one topic begin with; the topic and the rest of the property's name follow.
inline constexpr std::string_view kTopicPrefix = "embedded.topic.";
/// In the place of the topic in the names of these properties.
inline constexpr std::string_view kTopicPart = "<topic>";

}  // namespace millrace::config_detail
