#include <millrace/adapters/yaml/load_config.hpp>

#include <cstdlib>
#include <iterator>

#include <fmt/format.h>

#include <millrace/base/bytes.hpp>

#include "resolve_value.hpp"
#include "yaml_document.hpp"

namespace millrace {

namespace {

using yaml_detail::Document;

/// A finding about the file as a whole.
ConfigError whole_file(const std::filesystem::path& file, std::string message, std::string remedy, ErrorCode code) {
  return ConfigError({{.file = file.string(), .message = std::move(message), .remedy = std::move(remedy)}}, code);
}

/// Throws: ConfigError when there is nothing to check.
std::string read_file(const std::filesystem::path& file) {
  auto content = yaml_detail::read_small_file(file, yaml_detail::kMaxFileBytes, yaml_detail::Accept::AnyFile);
  if (content.too_large) {
    throw whole_file(file, "the configuration is larger than 1 MiB", "check that this is the right file",
                     ErrorCode::ConfigInvalid);
  }
  if (!content.bytes) {
    throw whole_file(file, "the configuration cannot be read: " + content.problem, "check the path and the permissions",
                     ErrorCode::ConfigUnreadable);
  }
  return std::move(*content.bytes);
}

void resolve(RawSetting& setting, const std::filesystem::path& folder, const Environment& environment,
             std::vector<ConfigFinding>& findings) {
  if (setting.kind != SettingKind::Plain && setting.kind != SettingKind::Quoted) return;
  auto resolved = yaml_detail::resolve_value(setting.value, folder, environment);
  setting.written = yaml_detail::without_fallbacks(setting.value);
  if (resolved.failed()) {
    findings.push_back({setting.file, setting.value_line, setting.value_column, setting.written,
                        fmt::format("{}: {}", printable(setting.key, 80), resolved.message),
                        std::move(resolved.remedy)});
    setting.kind = SettingKind::Unresolved;
    setting.value.clear();
    return;
  }
  setting.value = std::move(resolved.value);
  setting.secret = resolved.secret;
}

Document read_text(std::string_view text, const std::filesystem::path& file, const Environment& environment) {
  if (text.size() > yaml_detail::kMaxFileBytes) {
    throw whole_file(file, "the configuration is larger than 1 MiB", "check that this is the right file",
                     ErrorCode::ConfigInvalid);
  }
  Document document = yaml_detail::read_document(text, file.string());
  for (RawSetting& setting : document.settings) {
    resolve(setting, file.parent_path(), environment, document.findings);
  }
  return document;
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
}

StreamsConfig load_config_text(std::string_view text, const std::filesystem::path& name,
                               const std::vector<Property>& application_properties, const Environment& environment) {
  Document document = read_text(text, name, environment);
  CheckedConfig checked = check_settings(document.settings, application_properties, {name.string(), document.complete});
  auto& findings = document.findings;
  findings.insert(findings.end(), std::make_move_iterator(checked.findings.begin()),
                  std::make_move_iterator(checked.findings.end()));
  if (!findings.empty()) throw ConfigError(std::move(findings));
  return std::move(checked.config);
}

StreamsConfig load_config(const std::filesystem::path& file, const std::vector<Property>& application_properties,
                          const Environment& environment) {
  return load_config_text(read_file(file), file, application_properties, environment);
}

std::vector<RawSetting> load_yaml_file(const std::filesystem::path& file, const Environment& environment) {
  Document document = read_text(read_file(file), file, environment);
  if (!document.findings.empty()) throw ConfigError(std::move(document.findings));
  return std::move(document.settings);
}

}  // namespace millrace
