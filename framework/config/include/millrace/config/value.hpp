// ConfigValue: one checked value of a property.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

/// What a property's value is.
enum class PropertyType : std::uint8_t {
  String,    ///< any text
  Name,      ///< a name as Kafka allows it, see is_valid_kafka_name()
  Path,      ///< a path of the file system
  Bool,      ///< true or false
  Int,       ///< a whole number
  Size,      ///< bytes, plain or with B, KiB, MiB, GiB, TiB
  Duration,  ///< milliseconds, plain or with ms, s, m, h
  Enum,      ///< one of a few words
};

/// "size in bytes", as the reference page and messages say it.
[[nodiscard]] std::string_view to_string(PropertyType type);

/// A value of one of the types above, already checked against its property. Copyable.
///
/// The getters abort when asked for another type than the value has: a program knows what it registered.
class ConfigValue {
 public:
  /// A value that is text: a string, name or path.
  [[nodiscard]] static ConfigValue of_text(PropertyType type, std::string text) { return {type, std::move(text), 0}; }
  /// A value that is a number: an int, size, duration, bool or the index of an enum's word.
  [[nodiscard]] static ConfigValue of_number(PropertyType type, std::int64_t number) { return {type, {}, number}; }
  /// `index` is the word's place among Property::allowed.
  [[nodiscard]] static ConfigValue of_word(std::string word, std::int64_t index) {
    return {PropertyType::Enum, std::move(word), index};
  }

  [[nodiscard]] PropertyType type() const { return type_; }  ///< Which of the accessors may be used.
  /// REQUIRES: String, Name, Path or Enum.
  [[nodiscard]] const std::string& as_string() const;
  /// REQUIRES: Bool.
  [[nodiscard]] bool as_bool() const;
  /// REQUIRES: Int.
  [[nodiscard]] std::int64_t as_int() const;
  /// REQUIRES: Size.
  [[nodiscard]] std::int64_t as_bytes() const;
  /// REQUIRES: Duration.
  [[nodiscard]] std::chrono::milliseconds as_milliseconds() const;
  /// Place of the word among Property::allowed. REQUIRES: Enum.
  [[nodiscard]] std::int64_t as_index() const;

  friend bool operator==(const ConfigValue&, const ConfigValue&) = default;

 private:
  ConfigValue(PropertyType type, std::string text, std::int64_t number)
      : type_(type), text_(std::move(text)), number_(number) {}
  PropertyType type_;
  std::string text_;
  std::int64_t number_;
};

}  // namespace millrace
