#include "key_index.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <millrace/base/assert.hpp>
#include <millrace/base/bytes.hpp>
#include <millrace/config/did_you_mean.hpp>
#include <millrace/model/kafka_name.hpp>

#include "foreign_keys.hpp"

namespace millrace::config_detail {

namespace {

/// What follows the topic in the name of a property of one topic; empty for others.
std::string_view topic_suffix(std::string_view name) {
  if (!name.starts_with(kTopicPrefix)) return {};
  name.remove_prefix(kTopicPrefix.size());
  return name.starts_with(kTopicPart) ? name.substr(kTopicPart.size()) : std::string_view();
}

/// The property of one topic that `key` is meant for, and the topic; nullptr if there is none.
const Binding* topic_binding(std::string_view key, std::string_view& topic) {
  for (const Binding& binding : bindings()) {
    std::string_view suffix = topic_suffix(binding.property.name);
    bool fits = !suffix.empty() && key.size() > kTopicPrefix.size() + suffix.size() && key.starts_with(kTopicPrefix) &&
                key.ends_with(suffix);
    if (!fits) continue;
    topic = key.substr(kTopicPrefix.size(), key.size() - kTopicPrefix.size() - suffix.size());
    return &binding;
  }
  return nullptr;
}

std::string topic_properties() {
  std::vector<std::string> names;
  for (const Binding& binding : bindings()) {
    if (!topic_suffix(binding.property.name).empty()) names.push_back("\"" + binding.property.name + "\"");
  }
  return fmt::format("{}", fmt::join(names, " or "));
}

std::string shown(std::string_view key) { return fmt::format("\"{}\"", printable(key, 80)); }

}  // namespace

KeyIndex::KeyIndex(const std::vector<Property>& application_properties) {
  for (const Binding& binding : bindings()) add(binding.property, &binding);
  for (const Property& property : application_properties) {
    bool own = !property.name.empty() && !property.name.starts_with(kTopicPrefix);
    MILLRACE_ASSERT(own, "an application's property is named \"" + property.name + "\"");
    add(property, nullptr);
  }
}

void KeyIndex::add(const Property& property, const Binding* binding) {
  bool added = matches_.emplace(property.name, KeyMatch{&property, binding}).second;
  MILLRACE_ASSERT(added, "two properties are named \"" + property.name + "\"");
  names_.push_back(property.name);
}

KeyMatch KeyIndex::find(std::string_view key) const {
  std::string_view topic;
  const Binding* of_topic = topic_binding(key, topic);
  if (of_topic != nullptr && is_valid_kafka_name(topic)) return {&of_topic->property, of_topic, std::string(topic)};
  auto found = matches_.find(key);
  return found == matches_.end() || !topic_suffix(key).empty() ? KeyMatch{} : found->second;
}

KeyProblem KeyIndex::explain_unknown(std::string_view key) const {
  if (key.empty()) return {"a key is empty", "write the name of a property before the colon"};
  if (std::string_view topic; topic_binding(key, topic) != nullptr) {
    return {fmt::format("{} is not a valid topic name in {}", shown(topic), shown(key)),
            "topic names have 1 to 249 characters of [a-zA-Z0-9._-] and are neither \".\" nor \"..\""};
  }
  std::string unknown = "unknown key " + shown(key);
  if (key.starts_with(kTopicPrefix)) return {unknown, "write " + topic_properties()};
  if (const std::string* above = key_above(key)) {
    return {fmt::format("{} takes one value, not further keys such as {}", *above, shown(key)),
            fmt::format("write \"{}: VALUE\"", *above), *above};
  }
  if (auto below = keys_below(key); !below.empty()) {
    std::string remedy = below.size() == 1 ? fmt::format("did you mean \"{}\"?", below.front())
                                           : fmt::format("it is the beginning of {}", fmt::join(below, ", "));
    return {std::move(unknown), std::move(remedy), below.front()};
  }
  if (auto remedy = remedy_for_foreign_key(key)) {
    return {shown(key) + " is a key of Kafka Streams that this version does not take", std::string(*remedy)};
  }
  if (auto near = did_you_mean(key, names_)) {
    return {std::move(unknown), fmt::format("did you mean \"{}\"?", *near), *near};
  }
  return {std::move(unknown), "remove it, or look it up in the configuration reference"};
}

/// Known keys of which `key` is the beginning, up to a dot.
std::vector<std::string> KeyIndex::keys_below(std::string_view key) const {
  std::vector<std::string> below;
  std::string prefix(key);
  if (!prefix.ends_with('.')) prefix += '.';
  for (const std::string& name : names_) {
    if (name.starts_with(prefix)) below.push_back(name);
  }
  return below;
}

/// The known key that `key` continues after a dot.
const std::string* KeyIndex::key_above(std::string_view key) const {
  for (const std::string& name : names_) {
    if (key.size() > name.size() && key.starts_with(name) && key[name.size()] == '.') return &name;
  }
  return nullptr;
}

}  // namespace millrace::config_detail
