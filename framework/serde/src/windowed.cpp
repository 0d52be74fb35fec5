#include <millrace/serde/windowed.hpp>

#include <fmt/format.h>

namespace millrace {

Error detail::no_windowed_key(BytesView got) {
  return Error(ErrorCode::DeserializationFailed,
               fmt::format("a windowed key has the key and 8 bytes of time, got {} byte{}: \"{}\"", got.size(),
                           got.size() == 1 ? "" : "s", printable(got)));
}

}  // namespace millrace
