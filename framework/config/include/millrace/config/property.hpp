// Property: one key that a configuration file may set, and the one table of them.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/config/value.hpp>

namespace millrace {

/// How likely it is that a deployment sets a key.
enum class Importance : std::uint8_t { High, Medium, Low };

[[nodiscard]] std::string_view to_string(Importance importance);  ///< "high".

/// One key. The framework's are in property_table(); an application registers its own with the same struct:
///
///   Property{.name = "hunt.players", .type = PropertyType::Int, .default_value = "100", .min = 1, .max = 100'000,
///            .doc = "Number of simulated players."}
struct Property {
  /// Dotted key, Kafka Streams' where it has one. A part in angle brackets stands for any topic name:
  /// "embedded.topic.<topic>.partitions".
  std::string name;
  PropertyType type = PropertyType::String;  ///< what a value must look like
  /// As one would write it in the file. Of no account when `required`.
  std::string default_value = {};
  /// Int, Size (bytes) and Duration (milliseconds): what is allowed, both ends included.
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();  ///< see `min`
  /// Enum: the words, in the order of ConfigValue::as_index(). Size: "auto" if it may be a share of
  /// memory.budget.bytes.
  std::vector<std::string> allowed = {};
  /// What the property does; whole sentences.
  std::string doc = {};
  Importance importance = Importance::Medium;  ///< orders the reference page
  /// There is no default: a file without the key is refused.
  bool required = false;
  /// Why the range is as it is, when users may wonder; completes "out of range: ...".
  std::string range_reason = {};

  friend bool operator==(const Property&, const Property&) = default;
};

/// Every property of the framework, in the order of the reference page.
[[nodiscard]] const std::vector<Property>& property_table();

/// What the property takes: "a whole number from 1 to 1000000", "true or false", "one of earliest, latest, none".
[[nodiscard]] std::string allowed_values(const Property& property);

/// The reference page in Markdown, made from property_table(). docs/reference/configuration.md is its copy.
[[nodiscard]] std::string configuration_reference();

}  // namespace millrace
