// Label values that every scraper accepts.
#pragma once

#include <string>
#include <string_view>

namespace millrace::detail {

inline constexpr std::size_t kLabelValueBytesMax = 200;

/// `value` as valid UTF-8 without control characters, at most kLabelValueBytesMax bytes: one bad byte in one label
/// makes Prometheus refuse the whole scrape.
[[nodiscard]] std::string clean_label_value(std::string_view value);

}  // namespace millrace::detail
