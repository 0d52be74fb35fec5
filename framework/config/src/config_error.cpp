#include <millrace/config/config_error.hpp>

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>

namespace millrace {

namespace {

std::string all_lines(const std::vector<ConfigFinding>& findings) {
  std::string text;
  for (const ConfigFinding& finding : findings) {
    if (!text.empty()) text += '\n';
    text += finding.to_string();
  }
  return text;
}

}  // namespace

std::string ConfigFinding::to_string() const {
  std::string printed;
  if (!file.empty()) printed = line > 0 ? fmt::format("{}:{}:{}: ", file, line, column) : file + ": ";
  printed += message;
  if (!remedy.empty()) printed += "; " + remedy;
  return printed;
}

void sort_by_position(std::vector<ConfigFinding>& findings) {
  auto position = [](const ConfigFinding& finding) { return std::tie(finding.file, finding.line, finding.column); };
  std::stable_sort(findings.begin(), findings.end(),
                   [&](const auto& a, const auto& b) { return position(a) < position(b); });
}

ConfigError::ConfigError(std::vector<ConfigFinding> findings, ErrorCode code)
    : std::runtime_error(all_lines((sort_by_position(findings), findings))),
      code_(code),
      findings_(std::move(findings)) {
  MILLRACE_ASSERT(!findings_.empty(), "a ConfigError without findings");
}

}  // namespace millrace
