#include <millrace/state/buffered_key_value_bytes_store.hpp>

#include <millrace/base/big_endian.hpp>

namespace millrace {

Result<void> ChangeLoggingKeyValueBytesStore::put(BytesView key, OptionalBytesView value) {
  if (timestamped_ && value) logger_.log_change(key, value_of(*value), timestamp_of(*value));
  else logger_.log_change(key, value, std::nullopt);
  return inner_.put(key, value);
}

void encode_timestamped(Timestamp timestamp, BytesView value, Bytes& out) {
  append_big_endian(out, static_cast<std::int64_t>(timestamp.time_since_epoch().count()));
  out.append(value.data(), value.size());
}

Timestamp timestamp_of(BytesView stored) {
  return Timestamp(std::chrono::milliseconds(read_big_endian<std::int64_t>(stored)));
}

BytesView value_of(BytesView stored) { return stored.substr(8); }

}  // namespace millrace
