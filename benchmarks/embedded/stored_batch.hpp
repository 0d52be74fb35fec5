#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace::bench {

/// The bytes in which the embedded log stores records, here once more so that the limit stands on RocksDB alone:
///   batch   = magic:1  count:4  base timestamp:8   record*                (integers big-endian)
///   record  = timestamp delta  key length  key  value length  value  headers length   (numbers are zigzag varints)
class StoredBatch {
 public:
  void add(std::string_view key, std::string_view value, std::uint64_t delta_ms) {
    if (bytes_.empty()) bytes_.resize(kHeaderBytes);
    append_varint(delta_ms);
    append_varint(key.size());
    bytes_.append(key);
    append_varint(value.size());
    bytes_.append(value);
    append_varint(0);
    ++count_;
  }

  std::uint32_t count() const { return count_; }
  std::size_t size_bytes() const { return bytes_.size(); }

  /// The finished bytes, valid until clear(). REQUIRES: count() > 0.
  std::string_view finish(std::uint64_t base_timestamp_ms) {
    bytes_[0] = 1;
    for (int i = 0; i < 4; ++i) bytes_[1 + i] = static_cast<char>(count_ >> (24 - 8 * i));
    for (int i = 0; i < 8; ++i) bytes_[5 + i] = static_cast<char>(base_timestamp_ms >> (56 - 8 * i));
    return bytes_;
  }

  void clear() {
    bytes_.clear();
    count_ = 0;
  }

  static std::uint32_t count_of(std::string_view batch) {
    if (batch.size() < kHeaderBytes || batch[0] != 1) throw std::runtime_error("a stored batch has no header");
    std::uint32_t count = 0;
    for (int i = 0; i < 4; ++i) count = count << 8 | static_cast<unsigned char>(batch[1 + i]);
    return count;
  }

  /// Calls `take(key, value, delta_ms)` for each record; the views borrow from `batch`.
  template <class Take>
  static void for_each(std::string_view batch, Take take) {
    const std::uint32_t count = count_of(batch);
    batch.remove_prefix(kHeaderBytes);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t delta_ms = take_varint(batch);
      const std::string_view key = take_bytes(batch);
      const std::string_view value = take_bytes(batch);
      take_bytes(batch);  // headers
      take(key, value, delta_ms);
    }
  }

 private:
  static constexpr std::size_t kHeaderBytes = 1 + 4 + 8;

  void append_varint(std::uint64_t number) {
    number <<= 1;  // zigzag of a number that is never negative
    for (; number >= 0x80; number >>= 7) bytes_.push_back(static_cast<char>(number | 0x80));
    bytes_.push_back(static_cast<char>(number));
  }

  static std::uint64_t take_varint(std::string_view& bytes) {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number >> 1;
    }
    throw std::runtime_error("a stored batch ends within a number");
  }

  static std::string_view take_bytes(std::string_view& bytes) {
    const std::uint64_t size = take_varint(bytes);
    if (size > bytes.size()) throw std::runtime_error("a stored batch ends within a record");
    const std::string_view taken = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return taken;
  }

  std::string bytes_;
  std::uint32_t count_ = 0;
};

}  // namespace millrace::bench
