// Serdes of windowed keys, byte for byte Kafka's TimeWindowedSerializer: the key's bytes, then 8 bytes of the window's
// start in milliseconds, big-endian. The end is not in the bytes, so reading needs the size of the windows.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include <millrace/base/big_endian.hpp>
#include <millrace/model/windowed.hpp>
#include <millrace/serde/serde.hpp>

namespace millrace {

namespace detail {
/// DeserializationFailed: "a windowed key has a key and 8 bytes of time, got 3 bytes: ...".
[[nodiscard]] Error no_windowed_key(BytesView got);
}  // namespace detail

/// The serde of keys in windows of `window_size`. A table from a windowed aggregation has it already; set it where such
/// keys are read from a topic:
///   builder.stream<Windowed<std::string>, std::int64_t>("t", {.key_serde = time_windowed_serde<std::string>(5min)})
template <class K>
[[nodiscard]] Serde<Windowed<K>> time_windowed_serde(std::chrono::milliseconds window_size, Serde<K> key_serde = {}) {
  struct Codec final : Serde<Windowed<K>>::Codec {
    Codec(std::chrono::milliseconds s, Serde<K> k) : size(s), key(std::move(k)) {}
    void serialize(const Windowed<K>& value, Bytes& out) const override {
      key.serialize(value.key, out);
      append_big_endian(out, static_cast<std::int64_t>(value.window.start.time_since_epoch().count()));
    }
    Result<Windowed<K>> deserialize(BytesView bytes) const override {
      if (bytes.size() < sizeof(std::int64_t)) return detail::no_windowed_key(bytes);
      const std::size_t split = bytes.size() - sizeof(std::int64_t);
      auto plain = key.deserialize(bytes.substr(0, split));
      if (!plain) return plain.error();
      const Timestamp start(std::chrono::milliseconds(read_big_endian<std::int64_t>(bytes.substr(split))));
      return Windowed<K>{std::move(*plain), {start, shift_time(start, size)}};
    }
    const std::chrono::milliseconds size;
    const Serde<K> key;
  };
  if (!key_serde.has_codec()) return Serde<Windowed<K>>(nullptr);
  return Serde<Windowed<K>>(std::make_shared<const Codec>(window_size, std::move(key_serde)));
}

}  // namespace millrace
