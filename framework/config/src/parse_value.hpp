// From the text of a value to a checked value.
#pragma once

#include <optional>
#include <string>

#include <millrace/config/property.hpp>
#include <millrace/config/raw_setting.hpp>
#include <millrace/config/value.hpp>

namespace millrace::config_detail {

/// The value, or what is wrong with it. Without a value, message and remedy are set.
struct ParsedValue {
  std::optional<ConfigValue> value;
  std::string message = {};
  std::string remedy = {};
};

/// Reads `setting` as `property` wants it. Messages begin with the key and never show a secret.
/// REQUIRES: setting.kind is not Unresolved.
[[nodiscard]] ParsedValue parse_value(const Property& property, const RawSetting& setting);

/// The text of `setting` for a message, quoted: what the file has, not what it resolves to.
[[nodiscard]] std::string shown_value(const RawSetting& setting);

}  // namespace millrace::config_detail
