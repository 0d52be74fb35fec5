// Headers: named bytes that travel with a record.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/base/bytes.hpp>
#include <millrace/base/result.hpp>

namespace millrace {

/// One header. Names may repeat; a null value differs from an empty one.
struct Header {
  std::string name;            ///< need not be unique
  std::optional<Bytes> value;  ///< null, empty, or bytes
  friend bool operator==(const Header&, const Header&) = default;
};

/// Headers in the order of their adding.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> headers) : headers_(headers) {}  ///< In that order.

  /// Adds one at the end, also if there is one of that name.
  void add(std::string name, std::optional<Bytes> value) { headers_.push_back({std::move(name), std::move(value)}); }
  /// Removes every header of that name; returns how many.
  std::size_t remove(std::string_view name);
  /// The last header of that name, or nullptr. Borrowed until the next change.
  [[nodiscard]] const Header* find(std::string_view name) const;

  [[nodiscard]] bool empty() const { return headers_.empty(); }  ///< True if there are none.
  /// How many there are; those of equal names count each.
  [[nodiscard]] std::size_t size() const { return headers_.size(); }
  [[nodiscard]] auto begin() const { return headers_.begin(); }  ///< The first, in the order of adding.
  [[nodiscard]] auto end() const { return headers_.end(); }      ///< Past the last.
  friend bool operator==(const Headers&, const Headers&) = default;

 private:
  std::vector<Header> headers_;
};

/// Appends the encoding of `headers` (Kafka's: count, then length-prefixed names and values; nothing when empty).
void encode_headers(const Headers& headers, Bytes& out);
/// The inverse. Errors: DeserializationFailed if the bytes are malformed.
[[nodiscard]] Result<Headers> decode_headers(BytesView bytes);

}  // namespace millrace
