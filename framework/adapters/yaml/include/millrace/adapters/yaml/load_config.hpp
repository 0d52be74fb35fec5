// YAML files as configuration. What a file may hold: docs/reference/configuration.md.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/config/parse_config.hpp>

namespace millrace {

/// Looks an environment variable up.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The environment of this process. Not to be called while another thread changes it.
[[nodiscard]] Environment process_environment();

/// Reads and checks `file`. Findings of the reader and of the checks come in one ConfigError, in the order of the file;
/// they name it as `file` does.
///
/// Throws: ConfigError, with ConfigUnreadable when the file cannot be read, else with ConfigInvalid.
/// Thread: any. Blocks on the file system.
[[nodiscard]] StreamsConfig load_config(const std::filesystem::path& file,
                                        const std::vector<Property>& application_properties = {},
                                        const Environment& environment = process_environment());

/// The same for text in memory; `name` stands for the file in messages, and relative `file:` values are looked up
/// beside it.
[[nodiscard]] StreamsConfig load_config_text(std::string_view text, const std::filesystem::path& name,
                                             const std::vector<Property>& application_properties = {},
                                             const Environment& environment = process_environment());

/// Only reads: keys and resolved values, unchecked, in the order of the file. Throws as load_config() does.
[[nodiscard]] std::vector<RawSetting> load_yaml_file(const std::filesystem::path& file,
                                                     const Environment& environment = process_environment());

}  // namespace millrace
