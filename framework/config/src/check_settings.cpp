#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>
#include <millrace/base/bytes.hpp>
#include <millrace/config/memory_shares.hpp>
#include <millrace/config/parse_config.hpp>

#include "binding.hpp"
#include "key_index.hpp"
#include "parse_value.hpp"

namespace millrace {

namespace {

using config_detail::Binding;
using config_detail::KeyIndex;
using config_detail::KeyMatch;
using config_detail::ParsedValue;

ConfigValue default_value(const Property& property) {
  RawSetting setting{.key = property.name, .value = property.default_value};
  ParsedValue parsed = config_detail::parse_value(property, setting);
  MILLRACE_ASSERT(parsed.value.has_value(), "the default of a property fails its own check: " + parsed.message);
  return *parsed.value;
}

std::string position_of(const RawSetting& setting) {
  return fmt::format("{}:{}:{}", setting.file, setting.line, setting.column);
}

/// One run over the settings. Every step adds its findings; none stops the next.
class Checker {
 public:
  Checker(const std::vector<Property>& application_properties, const CheckOptions& options)
      : application_properties_(application_properties), options_(options), keys_(application_properties) {
    result_.config = default_config(application_properties);
  }

  CheckedConfig run(const std::vector<RawSetting>& settings) && {
    for (const RawSetting& setting : settings) check(setting);
    if (options_.complete) check_required();
    check_dead_letter();
    check_memory();
    return std::move(result_);
  }

 private:
  void check(const RawSetting& setting) {
    KeyMatch match = keys_.find(setting.key);
    if (match.property == nullptr) {
      auto problem = keys_.explain_unknown(setting.key);
      meant_.insert(problem.meant);
      return report(setting, false, printable(setting.key, 80), problem.message, problem.remedy);
    }
    auto [first, added] = seen_.emplace(setting.key, &setting);
    if (!added) {
      return report(setting, false, setting.key, fmt::format("\"{}\" is set a second time", setting.key),
                    fmt::format("the first is at {}; keep one of them", position_of(*first->second)));
    }
    if (setting.kind != SettingKind::Unresolved) take_value(setting, match);
  }

  void take_value(const RawSetting& setting, const KeyMatch& match) {
    ParsedValue parsed = config_detail::parse_value(*match.property, setting);
    if (!parsed.value) {
      bool has_text = setting.kind == SettingKind::Plain || setting.kind == SettingKind::Quoted;
      const std::string& text = setting.secret ? setting.written : setting.value;
      return report(setting, true, printable(has_text ? text : setting.key, 80), parsed.message, parsed.remedy);
    }
    good_.emplace(setting.key, &setting);
    if (match.binding) match.binding->set(result_.config, match.part, *parsed.value);
    else result_.config.application_values.insert_or_assign(setting.key, *parsed.value);
  }

  void check_required() {
    for (const Property& property : property_table()) check_required(property);
    for (const Property& property : application_properties_) check_required(property);
  }

  void check_required(const Property& property) {
    bool mistyped = meant_.contains(property.name);
    if (!property.required || mistyped || seen_.contains(property.name)) return;
    int line = options_.file.empty() ? 0 : 1;
    result_.findings.push_back(
        {options_.file, line, line, property.name, fmt::format("{} is missing", property.name),
         fmt::format("add a line \"{}: VALUE\"; it takes {}", property.name, allowed_values(property))});
  }

  /// A handler without its topic, or a topic that nothing would be written to.
  void check_dead_letter() {
    static const std::string kTopic = "errors.dead.letter.queue.topic.name";
    static const std::string kDeserialization = "deserialization.exception.handler";
    static const std::string kProcessing = "processing.exception.handler";
    const StreamsConfig& config = result_.config;
    bool deserialization = config.deserialization_exception_handler == ExceptionResponse::DeadLetter;
    bool processing = config.processing_exception_handler == ExceptionResponse::DeadLetter;
    bool topic_is_open = seen_.contains(kTopic) ? !good_.contains(kTopic) : !options_.complete;
    if ((deserialization || processing) && config.dead_letter_topic.empty() && !topic_is_open) {
      const std::string& handler = deserialization ? kDeserialization : kProcessing;
      report(*good_.at(handler), true, "dead-letter",
             fmt::format("{} is dead-letter, but {} is not set", handler, kTopic),
             fmt::format("add a line \"{}: TOPIC\"", kTopic));
    }
    bool handlers_are_open = is_open(kDeserialization) || is_open(kProcessing);
    if (!deserialization && !processing && !config.dead_letter_topic.empty() && !handlers_are_open) {
      report(*good_.at(kTopic), false, kTopic,
             fmt::format("{} is set, but no handler is dead-letter, so nothing would go there", kTopic),
             fmt::format("set {} or {} to dead-letter, or remove this line", kDeserialization, kProcessing));
    }
  }

  /// Parts that come to more than the whole.
  void check_memory() {
    auto fault = memory_fault(result_.config);
    if (!fault) return;
    // Where one of the keys is itself at fault, the sum says nothing.
    const RawSetting* at = nullptr;
    for (const char* key : {"memory.budget.bytes", "rocksdb.block.cache.max.bytes", "rocksdb.memtables.max.bytes",
                            "statestore.uncommitted.max.bytes", "statestore.cache.max.bytes", "input.buffer.max.bytes",
                            "producer.buffer.max.bytes"}) {
      if (seen_.contains(key) && !good_.contains(key)) return;
      if (at == nullptr && good_.contains(key)) at = good_.at(key);
    }
    report(*at, true, at->key, fault->message, fault->remedy);
  }

  /// Whether it is not known what `key` is meant to be, for another finding says that it is wrong or it was not read.
  bool is_open(const std::string& key) const { return seen_.contains(key) ? !good_.contains(key) : !options_.complete; }

  void report(const RawSetting& setting, bool at_value, std::string text, std::string message, std::string remedy) {
    bool value_known = at_value && setting.value_line > 0;
    result_.findings.push_back({setting.file, value_known ? setting.value_line : setting.line,
                                value_known ? setting.value_column : setting.column, std::move(text),
                                std::move(message), std::move(remedy)});
  }

  const std::vector<Property>& application_properties_;
  const CheckOptions& options_;
  KeyIndex keys_;
  CheckedConfig result_;
  std::unordered_set<std::string> meant_;                    ///< properties that unknown keys probably mean
  std::unordered_map<std::string, const RawSetting*> seen_;  ///< first setting of each known key
  std::unordered_map<std::string, const RawSetting*> good_;  ///< those whose values were taken
};

}  // namespace

CheckedConfig check_settings(const std::vector<RawSetting>& settings,
                             const std::vector<Property>& application_properties, const CheckOptions& options) {
  return Checker(application_properties, options).run(settings);
}

StreamsConfig parse_config(const std::vector<RawSetting>& settings,
                           const std::vector<Property>& application_properties) {
  CheckOptions options{.file = settings.empty() ? std::string() : settings.front().file};
  CheckedConfig checked = check_settings(settings, application_properties, options);
  if (!checked.findings.empty()) throw ConfigError(std::move(checked.findings));
  return std::move(checked.config);
}

StreamsConfig default_config(const std::vector<Property>& application_properties) {
  StreamsConfig config;
  for (const Binding& binding : config_detail::bindings()) {
    bool has_default = !binding.property.required && binding.render != nullptr;
    if (has_default) binding.set(config, {}, default_value(binding.property));
  }
  for (const Property& property : application_properties) {
    if (!property.required) config.application_values.emplace(property.name, default_value(property));
  }
  return config;
}

void validate_config(const StreamsConfig& config) {
  std::vector<RawSetting> settings;
  for (const Binding& binding : config_detail::bindings()) {
    if (binding.render) settings.push_back({.key = binding.property.name, .value = binding.render(config)});
    if (!binding.render_parts) continue;
    for (auto& [part, value] : binding.render_parts(config)) {
      std::string key = binding.property.name;
      key.replace(config_detail::kTopicPrefix.size(), config_detail::kTopicPart.size(), part);
      settings.push_back({.key = std::move(key), .value = std::move(value)});
    }
  }
  static_cast<void>(parse_config(settings));
}

}  // namespace millrace
