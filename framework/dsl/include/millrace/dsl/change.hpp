// Change<V>: what travels along the edges of tables.
#pragma once

#include <optional>

namespace millrace {

/// A row's new and old value; nullopt is "no row".
template <class V>
struct Change {
  std::optional<V> new_value;  ///< the row after the change
  std::optional<V> old_value;  ///< the row before it
  friend bool operator==(const Change&, const Change&) = default;
};

}  // namespace millrace
