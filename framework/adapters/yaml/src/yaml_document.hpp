// From YAML text to settings with positions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <millrace/config/config_error.hpp>
#include <millrace/config/raw_setting.hpp>

namespace millrace::yaml_detail {

inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxDepth = 64;
inline constexpr std::size_t kMaxSettings = 10'000;

/// What was read, and what is wrong with it.
struct Document {
  std::vector<RawSetting> settings;
  std::vector<ConfigFinding> findings;
  bool complete = true;  ///< false when reading stopped before the end
};

/// Reads `text`; values are as written. `file` is the name for messages. Never throws on account of the text.
[[nodiscard]] Document read_document(std::string_view text, const std::string& file);

}  // namespace millrace::yaml_detail
