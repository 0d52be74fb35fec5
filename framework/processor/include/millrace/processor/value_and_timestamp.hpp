// The serde of ValueAndTimestamp<V>, as timestamped stores and tables keep it.
#pragma once

#include <string>

#include <millrace/model/value_and_timestamp.hpp>
#include <millrace/serde/serde.hpp>
#include <millrace/state/buffered_key_value_bytes_store.hpp>

namespace millrace {

template <class V>
inline constexpr bool kIsValueAndTimestamp = false;  ///< True for a ValueAndTimestamp.
template <class V>
inline constexpr bool kIsValueAndTimestamp<ValueAndTimestamp<V>> = true;  ///< True for a ValueAndTimestamp.

/// Eight bytes of milliseconds since the epoch, big-endian, then the bytes of the value: Kafka Streams'
/// ValueAndTimestampSerializer. Without a codec if `value_serde` has none.
template <class V>
[[nodiscard]] Serde<ValueAndTimestamp<V>> timestamped_serde(const Serde<V>& value_serde) {
  if (!value_serde.has_codec()) return Serde<ValueAndTimestamp<V>>();
  return make_serde<ValueAndTimestamp<V>>(
      [value_serde](const ValueAndTimestamp<V>& stored, Bytes& out) {
        encode_timestamped(stored.timestamp, {}, out);
        value_serde.serialize(stored.value, out);
      },
      [value_serde](BytesView stored) -> Result<ValueAndTimestamp<V>> {
        if (stored.size() < 8) {
          return Error(ErrorCode::DeserializationFailed, "expected a timestamp of 8 bytes before the value, got " +
                                                             std::to_string(stored.size()) + " bytes");
        }
        auto value = value_serde.deserialize(value_of(stored));
        if (!value) return value.error();
        return ValueAndTimestamp<V>{std::move(*value), timestamp_of(stored)};
      });
}

}  // namespace millrace
