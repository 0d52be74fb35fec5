// Strong ids: numbers that cannot be mistaken for one another.
#pragma once

#include <compare>
#include <functional>
#include <string>

namespace millrace {

/// A number of its own type. `Tag` is an incomplete type that only names it.
template <class T, class Tag>
class Strong {
 public:
  using Rep = T;  ///< the type of the number
  constexpr Strong() = default;
  /// Takes the number; never by itself, so that ids do not mix.
  constexpr explicit Strong(T value) : value_(value) {}
  [[nodiscard]] constexpr T value() const { return value_; }  ///< The number.
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;

  /// The next number.
  [[nodiscard]] constexpr Strong next() const { return Strong(value_ + 1); }
  /// `distance` further.
  [[nodiscard]] constexpr Strong plus(T distance) const { return Strong(value_ + distance); }
  friend std::string to_string(const Strong& id) { return std::to_string(id.value_); }  ///< The number in decimal.

 private:
  T value_{};
};

}  // namespace millrace

template <class T, class Tag>
struct std::hash<millrace::Strong<T, Tag>> {
  std::size_t operator()(const millrace::Strong<T, Tag>& id) const noexcept { return std::hash<T>()(id.value()); }
};
