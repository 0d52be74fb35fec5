#include <millrace/config/units.hpp>

#include <charconv>
#include <iterator>
#include <limits>
#include <span>

namespace millrace {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr Unit kSizeUnits[] = {{"TiB", std::int64_t{1} << 40},
                               {"GiB", std::int64_t{1} << 30},
                               {"MiB", std::int64_t{1} << 20},
                               {"KiB", std::int64_t{1} << 10},
                               {"B", 1}};
constexpr Unit kDurationUnits[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads the number; what follows it goes into `unit`.
ParsedNumber split_number(std::string_view text) {
  std::size_t begin = text.starts_with('-') ? 1 : 0;
  std::size_t end = begin;
  while (end < text.size() && is_digit(text[end])) ++end;
  bool leading_zero = end - begin > 1 && text[begin] == '0';
  if (end == begin || leading_zero) return {NumberFault::NotANumber};
  ParsedNumber number{NumberFault::None, 0, text.substr(end)};
  auto [_, error] = std::from_chars(text.data(), text.data() + end, number.value);
  if (error != std::errc{}) number.fault = NumberFault::TooLarge;
  return number;
}

ParsedNumber parse_with_unit(std::string_view text, std::span<const Unit> units) {
  ParsedNumber number = split_number(text);
  if (number.fault == NumberFault::NotANumber || number.unit.empty()) return number;
  if (number.unit.size() > 1 && number.unit.front() == ' ') number.unit.remove_prefix(1);
  for (const Unit& unit : units) {
    if (unit.name != number.unit) continue;
    if (number.fault != NumberFault::None) return number;
    if (__builtin_mul_overflow(number.value, unit.factor, &number.value)) number.fault = NumberFault::TooLarge;
    return number;
  }
  bool looks_like_unit = (number.unit.front() | 0x20) >= 'a' && (number.unit.front() | 0x20) <= 'z';
  number.fault = looks_like_unit ? NumberFault::UnknownUnit : NumberFault::NotANumber;
  return number;
}

}  // namespace

ParsedNumber parse_whole_number(std::string_view text) {
  ParsedNumber number = split_number(text);
  if (number.fault != NumberFault::NotANumber && !number.unit.empty()) return {NumberFault::NotANumber};
  return number;
}

ParsedNumber parse_size(std::string_view text) { return parse_with_unit(text, kSizeUnits); }

ParsedNumber parse_duration(std::string_view text) { return parse_with_unit(text, kDurationUnits); }

std::string format_size(std::int64_t bytes) {
  if (bytes == 0) return "0";
  for (const Unit& unit : kSizeUnits) {
    if (bytes % unit.factor != 0) continue;
    return std::to_string(bytes / unit.factor) + (unit.factor == 1 ? "" : std::string(unit.name));
  }
  return std::to_string(bytes);
}

}  // namespace millrace
