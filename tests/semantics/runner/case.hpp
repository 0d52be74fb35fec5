// Cases and expectations of tests/semantics, as their YAML files say. README.md there describes the formats.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace millrace::semantics {

using Text = std::optional<std::string>;

/// One record that came out.
struct Output {
  std::string topic;
  Text key;
  Text value;
  std::int64_t timestamp_ms = 0;
  std::string headers;  ///< "name=value,..."
  friend bool operator==(const Output&, const Output&) = default;
};
std::string to_string(const Output& output);

struct Expectation {
  std::vector<std::vector<Output>> steps;
  std::map<std::string, std::map<std::string, std::string>> stores;
  std::int64_t dropped = 0;
  bool fails = false;
};

struct Case {
  std::string file;  ///< without its ending
  std::string name;
  YAML::Node topology;
  YAML::Node steps;
  bool kafka_streams_is_later = false;
  Expectation expected;
};

/// Null where the file says null.
Text text_of(const YAML::Node& node);

/// All cases, with their expectations. Throws std::runtime_error where one is missing.
std::vector<Case> load_cases(const std::string& folder);

}  // namespace millrace::semantics
