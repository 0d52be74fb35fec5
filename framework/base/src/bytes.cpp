#include <millrace/base/bytes.hpp>

namespace millrace {

std::string printable(BytesView bytes, std::size_t limit) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (unsigned char c : bytes.substr(0, limit)) {
    if (c >= 0x20 && c < 0x7f && c != '\\') {
      text += static_cast<char>(c);
    } else {
      text += "\\x";
      text += kHex[c >> 4];
      text += kHex[c & 15];
    }
  }
  if (bytes.size() > limit) text += "...";
  return text;
}

}  // namespace millrace
