// KeyIndex: which property a key means, and what to say when it means none.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <millrace/config/property.hpp>

#include "binding.hpp"

namespace millrace::config_detail {

/// What a key stands for. `binding` is null for an application's property; both are null for an unknown key.
struct KeyMatch {
  const Property* property = nullptr;
  const Binding* binding = nullptr;
  std::string part = {};  ///< the topic in "embedded.topic.<topic>.partitions"
};

struct KeyProblem {
  std::string message;
  std::string remedy;
  std::string meant = {};  ///< the property that the remedy names, if it names one
};

/// Keys of the framework and of one application. Borrows the application's properties.
class KeyIndex {
 public:
  /// Aborts when an application's property has no name, a framework's name, or a name twice.
  explicit KeyIndex(const std::vector<Property>& application_properties);

  [[nodiscard]] KeyMatch find(std::string_view key) const;
  /// REQUIRES: find(key) has no property.
  [[nodiscard]] KeyProblem explain_unknown(std::string_view key) const;

 private:
  void add(const Property& property, const Binding* binding);
  [[nodiscard]] std::vector<std::string> keys_below(std::string_view key) const;
  [[nodiscard]] const std::string* key_above(std::string_view key) const;

  std::unordered_map<std::string_view, KeyMatch> matches_;
  std::vector<std::string> names_;
};

}  // namespace millrace::config_detail
