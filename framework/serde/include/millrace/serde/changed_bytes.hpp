// How a change of a table's row stands in a repartition topic. The format is that of Kafka Streams' ChangedSerializer
// (KIP-904), so that a topic written by either is read by the other:
//
//   old value, 0                                   the row leaves the group
//   new value, 1                                   the row joins the group
//   length of the new value, new value, old value, 2   the row stays in the group; the length is a zigzag varint
//
// The last byte says which. Kafka writes 3, 4 and 5 for versioned tables, with a byte before it that says whether the
// change is the latest; they are read, and the byte is not looked at.
#pragma once

#include <millrace/base/bytes.hpp>
#include <millrace/base/result.hpp>

namespace millrace {

/// A row's new and old value as bytes; at least one of them is there. Borrows.
struct ChangedBytes {
  OptionalBytesView new_value;  ///< after the change, or null
  OptionalBytesView old_value;  ///< before the change, or null
};

/// Appends the change. REQUIRES: one of the two values is there.
void encode_changed(const ChangedBytes& changed, Bytes& out);
/// Borrows from `bytes`. Errors: DeserializationFailed.
[[nodiscard]] Result<ChangedBytes> decode_changed(BytesView bytes);

}  // namespace millrace
