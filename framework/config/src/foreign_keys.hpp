// Keys that people bring along from Kafka Streams and that this version does not take.
#pragma once

#include <optional>
#include <string_view>

namespace millrace::config_detail {

/// What to do instead of setting `key`; none when the key is not one of Kafka Streams'.
[[nodiscard]] std::optional<std::string_view> remedy_for_foreign_key(std::string_view key);

}  // namespace millrace::config_detail
