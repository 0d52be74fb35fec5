// Kafka's rule for names of topics, applications and stores.
#pragma once

#include <string_view>

namespace millrace {

/// Names have 1 to 249 characters of [a-zA-Z0-9._-] and are neither "." nor "..".
[[nodiscard]] bool is_valid_kafka_name(std::string_view name);

}  // namespace millrace
