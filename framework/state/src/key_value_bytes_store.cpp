#include <millrace/state/key_value_bytes_store.hpp>

namespace millrace {

KeyRange prefix_range(BytesView prefix, KeyOrder order) {
  KeyRange range{Bytes(prefix), std::nullopt, order};
  // The end is the smallest key above all that begin so: the last byte that can grow does, those behind it go. Above a
  // prefix of 0xff alone there is none.
  Bytes end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return range;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  range.to = std::move(end);
  return range;
}

}  // namespace millrace
