// Default serdes of the built-in types, byte for byte those of Kafka's Java clients.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <millrace/base/big_endian.hpp>
#include <millrace/model/uuid.hpp>
#include <millrace/serde/serde.hpp>

namespace millrace {

namespace detail {
/// DeserializationFailed: "expected 8 bytes for a 64-bit integer, got 3: abc".
[[nodiscard]] Error wrong_size(const char* what, std::size_t expected, BytesView got);

template <std::integral T>
struct BigEndianSerde {
  static void serialize(const T& value, Bytes& out) { append_big_endian(out, value); }
  static Result<T> deserialize(BytesView bytes) {
    if (bytes.size() != sizeof(T)) [[unlikely]]
      return wrong_size("an integer", sizeof(T), bytes);
    return read_big_endian<T>(bytes);
  }
};

template <class T, class Bits>
struct FloatingSerde {
  static void serialize(const T& value, Bytes& out) { append_big_endian(out, std::bit_cast<Bits>(value)); }
  static Result<T> deserialize(BytesView bytes) {
    if (bytes.size() != sizeof(T)) [[unlikely]]
      return wrong_size("a floating-point number", sizeof(T), bytes);
    return std::bit_cast<T>(read_big_endian<Bits>(bytes));
  }
};
}  // namespace detail

/// The bytes of the string as they are; Kafka's StringSerializer for UTF-8 text. The encoding is not checked.
template <>
struct SerdeFor<std::string> {
  static void serialize(const std::string& value, Bytes& out) { out += value; }
  static BytesView view(const std::string& value) { return value; }
  static Result<std::string> deserialize(BytesView bytes) { return std::string(bytes); }
};

/// Bytes as they are (Kafka's ByteArraySerializer).
template <>
struct SerdeFor<std::vector<std::byte>> {
  static void serialize(const std::vector<std::byte>& value, Bytes& out) {
    out.append(reinterpret_cast<const char*>(value.data()), value.size());
  }
  static Result<std::vector<std::byte>> deserialize(BytesView bytes) {
    const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
    return std::vector<std::byte>(first, first + bytes.size());
  }
};

/// Big-endian two's complement: Kafka's ShortSerializer, IntegerSerializer, LongSerializer; unsigned types alike.
template <>
struct SerdeFor<std::int16_t> : detail::BigEndianSerde<std::int16_t> {};
template <>
struct SerdeFor<std::int32_t> : detail::BigEndianSerde<std::int32_t> {};
template <>
struct SerdeFor<std::int64_t> : detail::BigEndianSerde<std::int64_t> {};
template <>
struct SerdeFor<std::uint16_t> : detail::BigEndianSerde<std::uint16_t> {};
template <>
struct SerdeFor<std::uint32_t> : detail::BigEndianSerde<std::uint32_t> {};
template <>
struct SerdeFor<std::uint64_t> : detail::BigEndianSerde<std::uint64_t> {};

/// IEEE 754 bits, big-endian: Kafka's FloatSerializer and DoubleSerializer.
template <>
struct SerdeFor<float> : detail::FloatingSerde<float, std::uint32_t> {};
template <>
struct SerdeFor<double> : detail::FloatingSerde<double, std::uint64_t> {};

/// One byte, 0 or 1; anything else is an error: Kafka's BooleanSerializer.
template <>
struct SerdeFor<bool> {
  static void serialize(const bool& value, Bytes& out) { out.push_back(value ? '\1' : '\0'); }
  static Result<bool> deserialize(BytesView bytes);
};

/// 36 characters of text: Kafka's UUIDSerializer.
template <>
struct SerdeFor<Uuid> {
  static void serialize(const Uuid& value, Bytes& out) { out += to_string(value); }
  static Result<Uuid> deserialize(BytesView bytes);
};

}  // namespace millrace
