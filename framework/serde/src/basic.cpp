#include <millrace/serde/basic.hpp>

#include <fmt/format.h>

namespace millrace {

Error detail::wrong_size(const char* what, std::size_t expected, BytesView got) {
  return Error(ErrorCode::DeserializationFailed,
               fmt::format("expected {} byte{} for {}, got {}: \"{}\"", expected, expected == 1 ? "" : "s", what,
                           got.size(), printable(got)));
}

Result<bool> SerdeFor<bool>::deserialize(BytesView bytes) {
  if (bytes.size() != 1) return detail::wrong_size("a bool", 1, bytes);
  if (bytes[0] != '\0' && bytes[0] != '\1') {
    return Error(ErrorCode::DeserializationFailed,
                 fmt::format("expected the byte 0 or 1 for a bool, got \"{}\"", printable(bytes)));
  }
  return bytes[0] == '\1';
}

Result<Uuid> SerdeFor<Uuid>::deserialize(BytesView bytes) {
  auto uuid = Uuid::parse(bytes);
  if (!uuid) {
    return Error(ErrorCode::DeserializationFailed,
                 fmt::format("expected a UUID as 36 characters, got {}: \"{}\"", bytes.size(), printable(bytes)));
  }
  return *uuid;
}

}  // namespace millrace
