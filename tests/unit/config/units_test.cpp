#include <millrace/config/units.hpp>

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace millrace {
namespace {

std::int64_t size_of(std::string_view text) {
  ParsedNumber number = parse_size(text);
  EXPECT_EQ(number.fault, NumberFault::None) << text;
  return number.value;
}

std::int64_t milliseconds_of(std::string_view text) {
  ParsedNumber number = parse_duration(text);
  EXPECT_EQ(number.fault, NumberFault::None) << text;
  return number.value;
}

TEST(ParseSize, TakesPlainBytesAndBinaryUnits) {
  EXPECT_EQ(size_of("0"), 0);
  EXPECT_EQ(size_of("1048576"), 1'048'576);
  EXPECT_EQ(size_of("5B"), 5);
  EXPECT_EQ(size_of("512KiB"), 524'288);
  EXPECT_EQ(size_of("64MiB"), 67'108'864);
  EXPECT_EQ(size_of("64 MiB"), 67'108'864);
  EXPECT_EQ(size_of("2GiB"), 2'147'483'648);
  EXPECT_EQ(size_of("1TiB"), std::int64_t{1} << 40);
  EXPECT_EQ(size_of("-1KiB"), -1024) << "the range says that it is too little";
}

TEST(ParseDuration, TakesPlainMillisecondsAndUnits) {
  EXPECT_EQ(milliseconds_of("100"), 100);
  EXPECT_EQ(milliseconds_of("100ms"), 100);
  EXPECT_EQ(milliseconds_of("5s"), 5'000);
  EXPECT_EQ(milliseconds_of("2m"), 120'000);
  EXPECT_EQ(milliseconds_of("1 h"), 3'600'000);
}

TEST(ParseSize, NamesUnitsItDoesNotKnow) {
  for (auto [text, unit] : {std::pair("64MB", "MB"), {"64 mib", "mib"}, {"1k", "k"}, {"5s", "s"}, {"5MiBs", "MiBs"}}) {
    ParsedNumber number = parse_size(text);
    EXPECT_EQ(number.fault, NumberFault::UnknownUnit) << text;
    EXPECT_EQ(number.unit, unit);
  }
}

TEST(ParseNumbers, RefuseWhatIsNoWholeNumber) {
  for (std::string_view text : {"", "-", "+1", "1.5", "1,5", "1_000", "0x10", "1e3", "007", "-01", "ten", " 1", "1 ",
                                "\xd9\xa3", "--1", "1-", "NaN", "1;"}) {
    EXPECT_EQ(parse_whole_number(text).fault, NumberFault::NotANumber) << text;
  }
  for (std::string_view text : {"", "MiB", "1.5MiB", "1,5MiB", "01KiB", " 1KiB", "1  ", "1 ", "1_000"}) {
    EXPECT_EQ(parse_size(text).fault, NumberFault::NotANumber) << text;
    EXPECT_EQ(parse_duration(text).fault, NumberFault::NotANumber) << text;
  }
}

TEST(ParseNumbers, NoticeOverflow) {
  EXPECT_EQ(parse_whole_number("9223372036854775807").value, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_whole_number("-9223372036854775808").value, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_whole_number("9223372036854775808").fault, NumberFault::TooLarge);
  EXPECT_EQ(parse_size("8388608TiB").fault, NumberFault::TooLarge);
  EXPECT_EQ(parse_size("99999999999999999999KiB").fault, NumberFault::TooLarge);
  EXPECT_EQ(parse_duration("9223372036854775807h").fault, NumberFault::TooLarge);
}

TEST(FormatSize, IsReadBackAsTheSameNumber) {
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(format_size(4096), "4KiB");
  EXPECT_EQ(format_size(4097), "4097");
  EXPECT_EQ(format_size(std::int64_t{64} << 20), "64MiB");
  for (std::int64_t bytes : {0LL, 1LL, 1023LL, 1024LL, 1'048'577LL, 3LL << 30, 1LL << 40}) {
    EXPECT_EQ(size_of(format_size(bytes)), bytes);
  }
}

}  // namespace
}  // namespace millrace
