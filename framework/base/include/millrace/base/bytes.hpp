// Bytes as the runtime, stores and transports see them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// Owned bytes (not text: any byte may occur).
using Bytes = std::string;
/// Borrowed bytes; valid as long as what they were borrowed from.
using BytesView = std::string_view;
/// Borrowed bytes or null. Null and empty differ, as in Kafka.
using OptionalBytesView = std::optional<std::string_view>;

/// `bytes` as text for a message: printable ASCII as it is, the rest as `\xNN`, at most `limit` bytes of it.
[[nodiscard]] std::string printable(BytesView bytes, std::size_t limit = 64);

}  // namespace millrace
