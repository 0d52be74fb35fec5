#include <millrace/model/headers.hpp>

#include <algorithm>

#include <millrace/base/varint.hpp>

namespace millrace {

std::size_t Headers::remove(std::string_view name) {
  return std::erase_if(headers_, [&](const Header& header) { return header.name == name; });
}

const Header* Headers::find(std::string_view name) const {
  auto found = std::find_if(headers_.rbegin(), headers_.rend(), [&](const Header& h) { return h.name == name; });
  return found == headers_.rend() ? nullptr : &*found;
}

void encode_headers(const Headers& headers, Bytes& out) {
  if (headers.empty()) return;
  append_varint(out, static_cast<std::int64_t>(headers.size()));
  for (const Header& header : headers) {
    append_varint(out, static_cast<std::int64_t>(header.name.size()));
    out += header.name;
    append_varint(out, header.value ? static_cast<std::int64_t>(header.value->size()) : -1);
    if (header.value) out += *header.value;
  }
}

namespace {

bool take_bytes(BytesView& bytes, std::int64_t size, BytesView& taken) {
  if (size < 0 || static_cast<std::uint64_t>(size) > bytes.size()) return false;
  taken = bytes.substr(0, static_cast<std::size_t>(size));
  bytes.remove_prefix(static_cast<std::size_t>(size));
  return true;
}

bool take_header(BytesView& bytes, Header& header) {
  std::int64_t size = 0;
  BytesView taken;
  if (!take_varint(bytes, size) || !take_bytes(bytes, size, taken)) return false;
  header.name = std::string(taken);
  if (!take_varint(bytes, size)) return false;
  if (size == -1) return true;
  if (!take_bytes(bytes, size, taken)) return false;
  header.value = std::string(taken);
  return true;
}

}  // namespace

Result<Headers> decode_headers(BytesView bytes) {
  Headers headers;
  if (bytes.empty()) return headers;
  std::int64_t count = 0;
  bool good = take_varint(bytes, count) && count >= 0;
  for (std::int64_t i = 0; good && i < count; ++i) {
    Header header;
    good = take_header(bytes, header);
    if (good) headers.add(std::move(header.name), std::move(header.value));
  }
  if (!good || !bytes.empty()) return Error(ErrorCode::DeserializationFailed, "the headers are malformed");
  return headers;
}

}  // namespace millrace
