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

bool is_topic_partitions(std::string_view key) {
  return key.size() > kTopicPartitionsPrefix.size() + kTopicPartitionsSuffix.size() &&
         key.starts_with(kTopicPartitionsPrefix) && key.ends_with(kTopicPartitionsSuffix);
}

std::string_view topic_in(std::string_view key) {
  key.remove_prefix(kTopicPartitionsPrefix.size());
  key.remove_suffix(kTopicPartitionsSuffix.size());
  return key;
}

std::string shown(std::string_view key) { return fmt::format("\"{}\"", printable(key, 80)); }

}  // namespace

KeyIndex::KeyIndex(const std::vector<Property>& application_properties) {
  for (const Binding& binding : bindings()) add(binding.property, &binding);
  for (const Property& property : application_properties) {
    bool own = !property.name.empty() && !property.name.starts_with(kTopicPartitionsPrefix);
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
  if (is_topic_partitions(key) && is_valid_kafka_name(topic_in(key))) {
    KeyMatch match = matches_.at(kTopicPartitionsKey);
    match.part = std::string(topic_in(key));
    return match;
  }
  auto found = matches_.find(key);
  return found == matches_.end() || key == kTopicPartitionsKey ? KeyMatch{} : found->second;
}

KeyProblem KeyIndex::explain_unknown(std::string_view key) const {
  if (key.empty()) return {"a key is empty", "write the name of a property before the colon"};
  if (is_topic_partitions(key)) {
    return {fmt::format("{} is not a valid topic name in {}", shown(topic_in(key)), shown(key)),
            "topic names have 1 to 249 characters of [a-zA-Z0-9._-] and are neither \".\" nor \"..\""};
  }
  std::string unknown = "unknown key " + shown(key);
  if (key.starts_with(kTopicPartitionsPrefix)) return {unknown, fmt::format("write \"{}\"", kTopicPartitionsKey)};
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
