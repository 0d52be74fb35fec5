#include "parse_value.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <millrace/base/bytes.hpp>
#include <millrace/config/did_you_mean.hpp>
#include <millrace/config/streams_config.hpp>
#include <millrace/config/units.hpp>
#include <millrace/model/kafka_name.hpp>

namespace millrace::config_detail {

namespace {

/// The text without blanks around it. Kafka trims everything but strings, too.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// Reads one value; the members are what every reader below needs.
class ValueReader {
 public:
  ValueReader(const Property& property, const RawSetting& setting)
      : property_(property), setting_(setting), text_(trimmed(setting.value)) {}

  ParsedValue read() const {
    switch (property_.type) {
      case PropertyType::String: return {ConfigValue::of_text(PropertyType::String, setting_.value)};
      case PropertyType::Name: return read_name();
      case PropertyType::Path: return read_path();
      case PropertyType::Bool: return read_bool();
      case PropertyType::Int: return read_number(parse_whole_number(text_));
      case PropertyType::Size:
        if (is_word()) return {ConfigValue::of_number(PropertyType::Size, kFromMemoryBudget)};
        return read_number(parse_size(text_));
      case PropertyType::Duration: return read_number(parse_duration(text_));
      case PropertyType::Enum: return read_word();
    }
    return problem("cannot be read", "");
  }

 private:
  ParsedValue problem(std::string_view what, std::string remedy) const {
    return {std::nullopt, fmt::format("{}: {} {}", setting_.key, shown_value(setting_), what), std::move(remedy)};
  }

  std::string write_allowed() const { return "write " + allowed_values(property_); }

  /// "auto", of a size that may be derived.
  bool is_word() const { return !property_.allowed.empty() && text_ == property_.allowed.front(); }

  // An empty name is the default of names that need not be set.
  ParsedValue read_name() const {
    bool may_be_empty = !property_.required && property_.default_value.empty();
    if (is_valid_kafka_name(setting_.value) || (setting_.value.empty() && may_be_empty)) {
      return {ConfigValue::of_text(PropertyType::Name, setting_.value)};
    }
    return problem("is not a valid name", write_allowed());
  }

  ParsedValue read_path() const {
    const std::string& path = setting_.value;
    if (path.empty()) return problem("is not a path", write_allowed());
    if (path.find('\0') != std::string::npos) return problem("holds a zero byte", write_allowed());
    // Only shells know the tilde: it would become a folder of that name.
    if (path == "~" || path.starts_with("~/")) {
      return problem("begins with ~, which is not replaced here", "write ${HOME} instead of ~");
    }
    return {ConfigValue::of_text(PropertyType::Path, path)};
  }

  ParsedValue read_bool() const {
    std::string word;
    for (char c : text_) word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (word == "true" || word == "false") return {ConfigValue::of_number(PropertyType::Bool, word == "true")};
    constexpr std::array<std::string_view, 4> kYes = {"yes", "on", "1", "y"};
    constexpr std::array<std::string_view, 4> kNo = {"no", "off", "0", "n"};
    bool yes = std::find(kYes.begin(), kYes.end(), word) != kYes.end();
    bool no = std::find(kNo.begin(), kNo.end(), word) != kNo.end();
    if ((yes || no) && !setting_.secret) {
      return problem("is not true or false", fmt::format("did you mean \"{}\"?", yes ? "true" : "false"));
    }
    return problem("is not true or false", write_allowed());
  }

  ParsedValue read_word() const {
    const auto& words = property_.allowed;
    auto found = std::find(words.begin(), words.end(), text_);
    if (found != words.end()) return {ConfigValue::of_word(*found, found - words.begin())};
    std::string remedy = write_allowed();
    auto near = setting_.secret ? std::nullopt : did_you_mean(text_, words);
    if (near) remedy = fmt::format("did you mean \"{}\"? It takes {}", *near, allowed_values(property_));
    return problem("is none of its values", std::move(remedy));
  }

  ParsedValue read_number(const ParsedNumber& number) const {
    switch (number.fault) {
      case NumberFault::NotANumber: return not_a_number();
      case NumberFault::UnknownUnit: return unknown_unit(number);
      case NumberFault::TooLarge: return out_of_range();
      case NumberFault::None: break;
    }
    if (number.value < property_.min || number.value > property_.max) return out_of_range();
    return {ConfigValue::of_number(property_.type, number.value)};
  }

  ParsedValue not_a_number() const {
    switch (property_.type) {
      case PropertyType::Size: return problem("is not a size", write_allowed());
      case PropertyType::Duration: return problem("is not a duration", write_allowed());
      default: return problem("is not a whole number", write_allowed());
    }
  }

  ParsedValue unknown_unit(const ParsedNumber& number) const {
    if (setting_.secret) return problem("has an unknown unit", write_allowed());
    std::string what = fmt::format("has the unknown unit \"{}\"", printable(number.unit, 20));
    std::string unit = likely_unit(number.unit);
    if (unit.empty()) return problem(what, write_allowed());
    std::string_view digits = trimmed(text_.substr(0, text_.size() - number.unit.size()));
    return problem(what, fmt::format("did you mean \"{}{}\"? It takes {}", digits, unit, allowed_values(property_)));
  }

  /// What people write for the units there are.
  std::string likely_unit(std::string_view unit) const {
    std::string lower;
    for (char c : unit) lower += static_cast<char>(c | 0x20);
    struct Habit {
      PropertyType type;
      std::vector<std::string_view> spellings;
      std::string_view meant;
    };
    static const std::vector<Habit> habits = {
        {PropertyType::Size, {"b", "byte", "bytes"}, "B"},
        {PropertyType::Size, {"k", "kb", "kib", "ki"}, "KiB"},
        {PropertyType::Size, {"m", "mb", "mib", "mi"}, "MiB"},
        {PropertyType::Size, {"g", "gb", "gib", "gi"}, "GiB"},
        {PropertyType::Size, {"t", "tb", "tib", "ti"}, "TiB"},
        {PropertyType::Duration, {"ms", "msec", "msecs", "millis", "milliseconds", "millisecond"}, "ms"},
        {PropertyType::Duration, {"s", "sec", "secs", "second", "seconds"}, "s"},
        {PropertyType::Duration, {"m", "min", "mins", "minute", "minutes"}, "m"},
        {PropertyType::Duration, {"h", "hr", "hrs", "hour", "hours"}, "h"},
    };
    for (const Habit& habit : habits) {
      if (habit.type != property_.type) continue;
      if (std::find(habit.spellings.begin(), habit.spellings.end(), lower) != habit.spellings.end()) {
        return std::string(habit.meant);
      }
    }
    return {};
  }

  ParsedValue out_of_range() const {
    std::string what = "is out of range";
    if (!property_.range_reason.empty()) what += ": " + property_.range_reason;
    return problem(what, write_allowed());
  }

  const Property& property_;
  const RawSetting& setting_;
  std::string_view text_;
};

ParsedValue without_value(const Property& property, const RawSetting& setting, std::string_view what) {
  std::string remedy = "write " + allowed_values(property);
  if (setting.kind == SettingKind::Null && !property.required && !property.default_value.empty()) {
    remedy += fmt::format(", or remove the line to have the default ({})", property.default_value);
  }
  return {std::nullopt, fmt::format("{} {}", setting.key, what), std::move(remedy)};
}

}  // namespace

std::string shown_value(const RawSetting& setting) {
  constexpr std::size_t kLimit = 80;
  if (!setting.secret) return fmt::format("\"{}\"", printable(setting.value, kLimit));
  return fmt::format("the value of \"{}\" (not shown)", printable(setting.written, kLimit));
}

ParsedValue parse_value(const Property& property, const RawSetting& setting) {
  switch (setting.kind) {
    case SettingKind::Null: return without_value(property, setting, "has no value");
    case SettingKind::Sequence: return without_value(property, setting, "takes one value, not a list");
    case SettingKind::Mapping: return without_value(property, setting, "takes one value, not further keys");
    default: return ValueReader(property, setting).read();
  }
}

}  // namespace millrace::config_detail
