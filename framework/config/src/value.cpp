#include <millrace/config/value.hpp>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>

namespace millrace {

namespace {

void require(bool holds, std::string_view asked, PropertyType type) {
  MILLRACE_ASSERT(holds, fmt::format("{} of a configuration value that is a {}", asked, to_string(type)));
}

}  // namespace

std::string_view to_string(PropertyType type) {
  switch (type) {
    case PropertyType::String: return "string";
    case PropertyType::Name: return "name";
    case PropertyType::Path: return "path";
    case PropertyType::Bool: return "bool";
    case PropertyType::Int: return "int";
    case PropertyType::Size: return "size in bytes";
    case PropertyType::Duration: return "duration in ms";
    case PropertyType::Enum: return "enum";
  }
  return "?";
}

const std::string& ConfigValue::as_string() const {
  require(type_ == PropertyType::String || type_ == PropertyType::Name || type_ == PropertyType::Path ||
              type_ == PropertyType::Enum,
          "as_string()", type_);
  return text_;
}

bool ConfigValue::as_bool() const {
  require(type_ == PropertyType::Bool, "as_bool()", type_);
  return number_ != 0;
}

std::int64_t ConfigValue::as_int() const {
  require(type_ == PropertyType::Int, "as_int()", type_);
  return number_;
}

std::int64_t ConfigValue::as_bytes() const {
  require(type_ == PropertyType::Size, "as_bytes()", type_);
  return number_;
}

std::chrono::milliseconds ConfigValue::as_milliseconds() const {
  require(type_ == PropertyType::Duration, "as_milliseconds()", type_);
  return std::chrono::milliseconds(number_);
}

std::int64_t ConfigValue::as_index() const {
  require(type_ == PropertyType::Enum, "as_index()", type_);
  return number_;
}

}  // namespace millrace
