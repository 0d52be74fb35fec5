#include <millrace/base/big_endian.hpp>
#include <millrace/base/bytes.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace millrace {
namespace {

template <class T>
std::string encode(T value) {
  std::string bytes;
  append_big_endian(bytes, value);
  return bytes;
}

template <class T>
class BigEndian : public testing::Test {};
using Integers = testing::Types<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t,
                                std::int64_t, std::uint64_t>;
TYPED_TEST_SUITE(BigEndian, Integers);

TYPED_TEST(BigEndian, ReadsBackWhatItWrote) {
  using Limits = std::numeric_limits<TypeParam>;
  for (TypeParam value : {Limits::min(), static_cast<TypeParam>(Limits::min() + 1), static_cast<TypeParam>(-1),
                          TypeParam{0}, TypeParam{1}, static_cast<TypeParam>(Limits::max() - 1), Limits::max()}) {
    std::string bytes = encode(value);
    ASSERT_EQ(bytes.size(), sizeof(TypeParam));
    EXPECT_EQ(read_big_endian<TypeParam>(bytes), value);
  }
}

TEST(BigEndianBytes, WritesTheMostSignificantByteFirst) {
  EXPECT_EQ(encode<std::int32_t>(0x01020384), std::string("\x01\x02\x03\x84"));
  EXPECT_EQ(encode<std::int64_t>(-2), std::string("\xff\xff\xff\xff\xff\xff\xff\xfe"));
  EXPECT_EQ(encode<std::uint16_t>(0x0100), std::string("\x01\x00", 2));
}

TEST(BigEndianBytes, AppendsToWhatIsThereAndReadsOnlyWhatItNeeds) {
  std::string bytes = "ab";
  append_big_endian<std::uint16_t>(bytes, 0x6364);
  bytes += "tail";
  EXPECT_EQ(bytes, "abcdtail");
  EXPECT_EQ(read_big_endian<std::uint16_t>(std::string_view(bytes).substr(2)), 0x6364);
}

TEST(BigEndianBytes, UnsignedNumbersSortAsTheirBytesDo) {
  std::vector<std::uint64_t> rising = {0,     1,     255,        256,
                                       65535, 65536, 1ull << 40, std::numeric_limits<std::uint64_t>::max()};
  for (std::size_t i = 1; i < rising.size(); ++i) EXPECT_LT(encode(rising[i - 1]), encode(rising[i]));
}

TEST(Printable, ShowsTextAsItIs) { EXPECT_EQ(printable("Hello, world 123"), "Hello, world 123"); }

TEST(Printable, EscapesWhatIsNotPrintableAscii) {
  EXPECT_EQ(printable(std::string_view("a\0\n\x7f\xff", 5)), "a\\x00\\x0a\\x7f\\xff");
}

TEST(Printable, EscapesTheBackslashSoThatTheTextIsUnambiguous) { EXPECT_EQ(printable("\\x00"), "\\x5cx00"); }

TEST(Printable, CutsLongBytesAndSaysSo) {
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("abc", 3), "abc");
  EXPECT_EQ(printable(std::string(1000, 'x')).size(), 64u + 3u);
}

}  // namespace
}  // namespace millrace
