#include "case.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include <fmt/format.h>

namespace millrace::semantics {

std::string to_string(const Output& output) {
  auto quoted = [](const Text& text) { return text ? '"' + *text + '"' : std::string("null"); };
  return fmt::format("{}: {} -> {} at {}{}{}", output.topic, quoted(output.key), quoted(output.value),
                     output.timestamp_ms, output.headers.empty() ? "" : ", headers ", output.headers);
}

Text text_of(const YAML::Node& node) {
  if (!node.IsDefined()) throw std::runtime_error("a key or value is missing");
  return node.IsNull() ? Text() : Text(node.as<std::string>());
}

namespace {

Output read_output(const YAML::Node& node) {
  return {node["topic"].as<std::string>(), text_of(node["key"]), text_of(node["value"]), node["ts"].as<std::int64_t>(),
          node["headers"] ? node["headers"].as<std::string>() : ""};
}

Expectation read_expectation(const YAML::Node& node) {
  Expectation expected;
  for (const YAML::Node& step : node["steps"]) {
    auto& outputs = expected.steps.emplace_back();
    for (const YAML::Node& output : step) outputs.push_back(read_output(output));
  }
  if (node["stores"]) expected.stores = node["stores"].as<decltype(expected.stores)>();
  expected.dropped = node["dropped"].as<std::int64_t>();
  expected.fails = node["fails"] && node["fails"].as<bool>();
  return expected;
}

void load_file(const std::filesystem::path& path, const std::filesystem::path& expected_path,
               std::vector<Case>& cases) {
  const YAML::Node given = YAML::LoadFile(path.string());
  const YAML::Node expected = YAML::LoadFile(expected_path.string());
  for (std::size_t i = 0; i < given.size(); ++i) {
    Case one{
        path.stem().string(), given[i]["case"].as<std::string>(), given[i]["topology"], given[i]["steps"], false, {}};
    one.kafka_streams_is_later = given[i]["kafka_streams_is_later"] && given[i]["kafka_streams_is_later"].as<bool>();
    // In the same order: the oracle wrote them so.
    if (i >= expected.size() || expected[i]["case"].as<std::string>() != one.name) {
      throw std::runtime_error(path.string() + ": no expectation for \"" + one.name +
                               "\": run tests/semantics/oracle.sh");
    }
    one.expected = read_expectation(expected[i]);
    cases.push_back(std::move(one));
  }
}

}  // namespace

std::vector<Case> load_cases(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/cases")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Case> cases;
  for (const auto& file : files) load_file(file, folder + "/expected/" + file.filename().string(), cases);
  return cases;
}

}  // namespace millrace::semantics
