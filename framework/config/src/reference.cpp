#include <cctype>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <millrace/config/property.hpp>
#include <millrace/config/units.hpp>

namespace millrace {

namespace {

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::string range(const Property& property, std::string (*show)(std::int64_t)) {
  if (property.min == kLeast && property.max == kMost) return {};
  if (property.max == kMost) return fmt::format(" of at least {}", show(property.min));
  if (property.min == kLeast) return fmt::format(" of at most {}", show(property.max));
  return fmt::format(" from {} to {}", show(property.min), show(property.max));
}

std::string plain(std::int64_t number) { return std::to_string(number); }

constexpr std::string_view kIntroduction = R"(# Configuration

<!-- Printed by millrace_config_reference from the property table. Change the table, not this page. -->

An application reads one YAML file, `--config FILE`. Keys are dotted; they may be written flat, nested or mixed:

```yaml
application.id: word-count
commit:
  interval.ms: 100
embedded.topic.text-lines.partitions: 4
```

- **Values.** Sizes are bytes, plain or with `B`, `KiB`, `MiB`, `GiB` or `TiB` (`67108864`, `64MiB`). Durations are
  milliseconds, plain or with `ms`, `s`, `m` or `h` (`100`, `5s`). Quotes change nothing: `"100"` is the number 100,
  as in Kafka's own files.
- **`${NAME}`** within a value stands for an environment variable; `${NAME:-other}` for `other` when the variable is not
  set or empty; `$${` for the two characters `${`.
- **`file:PATH`** as a value stands for the content of that file without the newline at its end. A relative path is
  relative to the folder of the configuration file. No message shows a value that came from the environment or a file.
- **One file, one meaning.** Anchors, aliases, tags, lists, several documents and keys set twice are refused, and so are
  files over 1 MiB. The file is UTF-8.
- **Mistakes** are reported all at once as `FILE:LINE:COLUMN: what is wrong; what to do`, and the exit code is 2. To
  check a file without running: `check --config FILE`.

Applications may add keys of their own; their documentation lists them.
)";

/// The Markdown anchor of a heading that is a key in backquotes.
std::string anchor(const std::string& name) {
  std::string text;
  for (char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_') text += c;
  }
  return text;
}

std::string default_text(const Property& property) {
  if (property.required) return "none: required";
  if (property.name.find('<') != std::string::npos) return "none";
  return property.default_value.empty() ? "empty" : fmt::format("`{}`", property.default_value);
}

std::string section(const Property& property) {
  std::string text = fmt::format("\n### `{}`\n\n{}\n\n", property.name, property.doc);
  text += fmt::format("- Type: {}\n- Default: {}\n", to_string(property.type), default_text(property));
  text += fmt::format("- Takes: {}{}\n", allowed_values(property),
                      property.range_reason.empty() ? "" : fmt::format(" ({})", property.range_reason));
  text += fmt::format("- Importance: {}\n", to_string(property.importance));
  return text;
}

}  // namespace

std::string_view to_string(Importance importance) {
  switch (importance) {
    case Importance::High: return "high";
    case Importance::Medium: return "medium";
    case Importance::Low: return "low";
  }
  return "?";
}

std::string allowed_values(const Property& property) {
  switch (property.type) {
    case PropertyType::String: return "any text";
    case PropertyType::Name: return "1 to 249 characters of [a-zA-Z0-9._-], but not \".\" or \"..\"";
    case PropertyType::Path: return "a path";
    case PropertyType::Bool: return "true or false";
    case PropertyType::Int:
      return property.min == property.max ? plain(property.min) : "a whole number" + range(property, plain);
    case PropertyType::Size:
      return (property.allowed.empty() ? "a size" : property.allowed.front() + " or a size") +
             range(property, format_size) + ", such as 65536 or 64MiB";
    case PropertyType::Duration: return "milliseconds" + range(property, plain) + ", or with a unit, such as 5s";
    case PropertyType::Enum: return fmt::format("one of {}", fmt::join(property.allowed, ", "));
  }
  return {};
}

std::string configuration_reference() {
  std::string page(kIntroduction);
  page += "\n## Properties\n\n| Key | Type | Default | Importance |\n|---|---|---|---|\n";
  for (const Property& property : property_table()) {
    page += fmt::format("| [`{}`](#{}) | {} | {} | {} |\n", property.name, anchor(property.name),
                        to_string(property.type), default_text(property), to_string(property.importance));
  }
  for (const Property& property : property_table()) page += section(property);
  return page;
}

}  // namespace millrace
