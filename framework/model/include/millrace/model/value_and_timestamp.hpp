// ValueAndTimestamp<V>: what a timestamped store keeps for a key: a value, and when it was last changed.
#pragma once

#include <millrace/model/ids.hpp>

namespace millrace {

/// The timestamp is that of the record that made the value or, in a table's store, of its row.
template <class V>
struct ValueAndTimestamp {
  V value{};              ///< the value
  Timestamp timestamp{};  ///< event time
  friend bool operator==(const ValueAndTimestamp&, const ValueAndTimestamp&) = default;
};

}  // namespace millrace
