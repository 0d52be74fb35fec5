#include <millrace/serde/changed_bytes.hpp>

#include <cstdint>
#include <string>

#include <millrace/base/assert.hpp>

namespace millrace {

namespace {

enum Form : unsigned char { kOld = 0, kNew = 1, kBoth = 2, kVersioned = 3 };

// Kafka's ByteUtils.writeVarint: zigzag, then seven bits a byte, the lowest first.
void append_varint(std::int32_t number, Bytes& out) {
  auto bits = (static_cast<std::uint32_t>(number) << 1) ^ static_cast<std::uint32_t>(number >> 31);
  for (; bits >= 0x80; bits >>= 7) out += static_cast<char>((bits & 0x7f) | 0x80);
  out += static_cast<char>(bits);
}

/// Takes a varint from the front; nullopt if there is none.
std::optional<std::int32_t> take_varint(BytesView& bytes) {
  std::uint32_t bits = 0;
  for (int shift = 0; shift < 35 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    bits |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return static_cast<std::int32_t>((bits >> 1) ^ (~(bits & 1) + 1));
  }
  return std::nullopt;
}

Error damaged(const std::string& what) { return Error(ErrorCode::DeserializationFailed, "a table's change " + what); }

}  // namespace

void encode_changed(const ChangedBytes& changed, Bytes& out) {
  MILLRACE_ASSERT(changed.new_value || changed.old_value, "a change from no row to no row is not sent");
  if (changed.new_value && changed.old_value) append_varint(static_cast<std::int32_t>(changed.new_value->size()), out);
  if (changed.new_value) out += *changed.new_value;
  if (changed.old_value) out += *changed.old_value;
  out += static_cast<char>(!changed.new_value ? kOld : !changed.old_value ? kNew : kBoth);
}

Result<ChangedBytes> decode_changed(BytesView bytes) {
  if (bytes.empty()) return damaged("has no bytes");
  auto form = static_cast<unsigned char>(bytes.back());
  bytes.remove_suffix(1);
  if (form >= kVersioned && form <= kVersioned + kBoth) {
    if (bytes.empty()) return damaged("of a versioned table ends too early");
    bytes.remove_suffix(1);
    form = static_cast<unsigned char>(form - kVersioned);
  }
  switch (form) {
    case kOld: return ChangedBytes{std::nullopt, bytes};
    case kNew: return ChangedBytes{bytes, std::nullopt};
    case kBoth: break;
    default: return damaged("ends in " + std::to_string(form) + ", which says nothing of what it holds");
  }
  const auto length = take_varint(bytes);
  if (!length || *length < 0 || static_cast<std::size_t>(*length) > bytes.size())
    return damaged("does not say how long its new value is");
  return ChangedBytes{bytes.substr(0, static_cast<std::size_t>(*length)),
                      bytes.substr(static_cast<std::size_t>(*length))};
}

}  // namespace millrace
