// From raw settings to a StreamsConfig, or to everything that is wrong with them.
#pragma once

#include <string>
#include <vector>

#include <millrace/config/config_error.hpp>
#include <millrace/config/property.hpp>
#include <millrace/config/raw_setting.hpp>
#include <millrace/config/streams_config.hpp>

namespace millrace {

/// Checks `settings` against the property table and the application's own properties: unknown and duplicate keys,
/// types, ranges, what is missing, what does not go together.
///
/// Application properties need names that the framework does not use and defaults that pass their own checks; anything
/// else is the program's mistake and aborts.
/// Throws: ConfigError (ConfigInvalid) with all findings.
[[nodiscard]] StreamsConfig parse_config(const std::vector<RawSetting>& settings,
                                         const std::vector<Property>& application_properties = {});

/// What checking came to: the config is usable only without findings.
struct CheckedConfig {
  StreamsConfig config;                 ///< usable if there are no findings
  std::vector<ConfigFinding> findings;  ///< all of them
};

/// For readers of files, which have findings of their own to add.
struct CheckOptions {
  /// Where missing keys are reported.
  std::string file = {};
  /// False when the reader could not read all of the file: then nothing is reported as missing.
  bool complete = true;
};

/// parse_config() without the throw. Findings are in the order of the settings, not of their positions.
[[nodiscard]] CheckedConfig check_settings(const std::vector<RawSetting>& settings,
                                           const std::vector<Property>& application_properties,
                                           const CheckOptions& options);

/// All defaults; application_id is empty.
[[nodiscard]] StreamsConfig default_config(const std::vector<Property>& application_properties = {});

/// Checks a configuration that was made in code, as strictly as one from a file; application values are taken as they
/// are. Throws: ConfigError whose findings have no position.
void validate_config(const StreamsConfig& config);

}  // namespace millrace
