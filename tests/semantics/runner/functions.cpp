#include "functions.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <stdexcept>

namespace millrace::semantics {

namespace {

// As Java's string concatenation shows a null.
std::string shown(const Text& text) { return text.value_or("null"); }

/// "verb:argument".
struct Call {
  explicit Call(const std::string& name) {
    const auto colon = name.find(':');
    verb = name.substr(0, colon);
    if (colon != std::string::npos) argument = name.substr(colon + 1);
  }
  std::string verb;
  std::string argument;
};

[[noreturn]] void unknown(const std::string& what, const std::string& name) {
  throw std::runtime_error("unknown " + what + ": " + name);
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

}  // namespace

std::function<bool(const Text&, const Text&)> predicate(const YAML::Node& spec) {
  if (spec["value_contains"]) {
    return [part = spec["value_contains"].as<std::string>()](const Text&, const Text& value) {
      return value && value->find(part) != std::string::npos;
    };
  }
  if (spec["key_is"]) {
    return [wanted = spec["key_is"].as<std::string>()](const Text& key, const Text&) { return key == wanted; };
  }
  if (spec["value_null"]) return [](const Text&, const Text& value) { return !value; };
  unknown("predicate", YAML::Dump(spec));
}

std::function<Text(const Text&)> mapper(const std::string& name) {
  const Call call(name);
  if (call.verb == "same") return [](const Text& value) { return value; };
  if (call.verb == "upper") return [](const Text& value) { return value ? Text(upper(*value)) : Text(); };
  if (call.verb == "null") return [](const Text&) { return Text(); };
  if (call.verb == "append") return [tail = call.argument](const Text& value) { return Text(shown(value) + tail); };
  if (call.verb == "null_if") {
    return [out = call.argument](const Text& value) { return value == out ? Text() : value; };
  }
  unknown("mapper", name);
}

std::function<Text(const Text&, const Text&)> selector(const std::string& name) {
  if (name == "key") return [](const Text& key, const Text&) { return key; };
  if (name == "value") return [](const Text&, const Text& value) { return value; };
  if (name == "first") {
    return [](const Text&, const Text& value) { return value && !value->empty() ? Text(value->substr(0, 1)) : Text(); };
  }
  if (name == "rest") {
    return [](const Text&, const Text& value) { return value && !value->empty() ? Text(value->substr(1)) : Text(); };
  }
  if (name == "null") return [](const Text&, const Text&) { return Text(); };
  unknown("selector", name);
}

std::function<Text(const Text&, const Text&)> combiner(const std::string& name) {
  const Call call(name);
  auto join = [](const Text& old, const char* sign, const Text& value) {
    return Text(shown(old) + sign + shown(value));
  };
  if (call.verb == "plus") return [join](const Text& old, const Text& value) { return join(old, "+", value); };
  if (call.verb == "minus") return [join](const Text& old, const Text& value) { return join(old, "-", value); };
  if (call.verb == "latest") return [](const Text&, const Text& value) { return value; };
  if (call.verb == "delete_on") {
    return [join, out = call.argument](const Text& old, const Text& value) {
      return value == out ? Text() : join(old, "+", value);
    };
  }
  unknown("combiner", name);
}

TimestampExtractor<std::string, std::string> extractor(const std::string& name) {
  using TextRecord = Record<std::string, std::string>;
  auto of_value = [](const TextRecord& record) {
    const bool number =
        record.value && !record.value->empty() &&
        std::all_of(record.value->begin(), record.value->end(), [](char c) { return c >= '0' && c <= '9'; });
    return Timestamp(std::chrono::milliseconds(number ? std::stoll(*record.value) : -1));
  };
  if (name == "value") return {[of_value](const TextRecord& record, Timestamp) { return of_value(record); }};
  if (name == "value_or_partition_time") {
    return {[of_value](const TextRecord& record, Timestamp partition_time) {
      const Timestamp time = of_value(record);
      return time < Timestamp{} ? partition_time : time;
    }};
  }
  if (name == "wall_clock") return TimestampExtractor<std::string, std::string>::wall_clock();
  unknown("extractor", name);
}

std::string joined(const Text& left, const Text& right) { return shown(left) + "&" + shown(right); }

std::vector<std::string> words(const Text& value) {
  std::vector<std::string> words;
  std::istringstream stream(value.value_or(""));
  for (std::string word; std::getline(stream, word, ' ');) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

}  // namespace millrace::semantics
