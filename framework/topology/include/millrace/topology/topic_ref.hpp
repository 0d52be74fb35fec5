// TopicRef: a topic as the topology names it.
#pragma once

#include <compare>
#include <string>

namespace millrace {

/// A user's topic by its own name, or an internal one whose full name begins with the application's id.
struct TopicRef {
  std::string name;       ///< without the application's id, if it is internal
  bool internal = false;  ///< its full name begins with the application's id

  /// The name in the log: internal topics are "<application id>-<name>".
  [[nodiscard]] std::string full_name(const std::string& application_id) const {
    return internal ? application_id + "-" + name : name;
  }
  friend auto operator<=>(const TopicRef&, const TopicRef&) = default;
};

}  // namespace millrace
