#include <millrace/serde/basic.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using ::testing::HasSubstr;

template <class T>
Bytes bytes_of(const T& value) {
  Bytes out;
  Serde<T>().serialize(value, out);
  return out;
}

template <class T>
void expect_round_trip(const T& value) {
  auto back = Serde<T>().deserialize(bytes_of(value));
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_EQ(*back, value);
}

template <class T>
void expect_round_trips() {
  for (T value : {std::numeric_limits<T>::lowest(), T(0), T(1), T(42), std::numeric_limits<T>::max()}) {
    expect_round_trip<T>(value);
  }
}

TEST(BasicSerde, RoundTripsIntegers) {
  expect_round_trips<std::int16_t>();
  expect_round_trips<std::int32_t>();
  expect_round_trips<std::int64_t>();
  expect_round_trips<std::uint16_t>();
  expect_round_trips<std::uint32_t>();
  expect_round_trips<std::uint64_t>();
}

TEST(BasicSerde, RoundTripsFloatingPoint) {
  expect_round_trips<float>();
  expect_round_trips<double>();
  expect_round_trip(std::numeric_limits<double>::denorm_min());
  expect_round_trip(std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::signbit(*Serde<double>().deserialize(bytes_of(-0.0))));
  EXPECT_TRUE(std::isnan(*Serde<double>().deserialize(bytes_of(std::nan("")))));
}

TEST(BasicSerde, RoundTripsTheRest) {
  expect_round_trip(true);
  expect_round_trip(false);
  expect_round_trip(std::string());
  expect_round_trip(std::string("zwei\0\xff", 6));
  expect_round_trip(std::vector<std::byte>{});
  expect_round_trip(std::vector<std::byte>{std::byte{0}, std::byte{255}});
}

// What ShortSerializer, IntegerSerializer, LongSerializer, FloatSerializer, DoubleSerializer and BooleanSerializer
// write.
TEST(BasicSerde, WritesTheBytesOfJavasSerializers) {
  EXPECT_EQ(bytes_of(std::int16_t{-2}), Bytes("\xff\xfe", 2));
  EXPECT_EQ(bytes_of(std::int32_t{258}), Bytes("\0\0\1\2", 4));
  EXPECT_EQ(bytes_of(std::int32_t{-1}), Bytes("\xff\xff\xff\xff", 4));
  EXPECT_EQ(bytes_of(std::int64_t{1}), Bytes("\0\0\0\0\0\0\0\1", 8));
  EXPECT_EQ(bytes_of(std::numeric_limits<std::int64_t>::min()), Bytes("\x80\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes_of(1.5F), Bytes("\x3f\xc0\0\0", 4));
  EXPECT_EQ(bytes_of(-2.0), Bytes("\xc0\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes_of(true), Bytes("\1", 1));
  EXPECT_EQ(bytes_of(false), Bytes("\0", 1));
  EXPECT_EQ(bytes_of(std::string("\xc3\xa4")), "\xc3\xa4");
}

TEST(BasicSerde, AppendsToWhatIsThere) {
  Bytes out = "x";
  Serde<std::int16_t>().serialize(1, out);
  Serde<std::string>().serialize("y", out);
  EXPECT_EQ(out, Bytes("x\0\1y", 4));
}

template <class T>
void expect_wrong_sizes_refused(const std::string& part) {
  for (std::size_t size = 0; size <= 2 * sizeof(T); ++size) {
    if (size == sizeof(T)) continue;
    auto value = Serde<T>().deserialize(Bytes(size, 'a'));
    ASSERT_FALSE(value) << size << " bytes";
    EXPECT_EQ(value.error().code(), ErrorCode::DeserializationFailed);
    EXPECT_THAT(value.error().message(), HasSubstr(part));
    EXPECT_THAT(value.error().message(), HasSubstr("got " + std::to_string(size)));
  }
}

TEST(BasicSerde, RefusesOtherSizes) {
  expect_wrong_sizes_refused<std::int16_t>("expected 2 bytes");
  expect_wrong_sizes_refused<std::int32_t>("expected 4 bytes");
  expect_wrong_sizes_refused<std::int64_t>("expected 8 bytes");
  expect_wrong_sizes_refused<std::uint64_t>("expected 8 bytes");
  expect_wrong_sizes_refused<float>("expected 4 bytes");
  expect_wrong_sizes_refused<double>("expected 8 bytes");
  expect_wrong_sizes_refused<bool>("expected 1 byte ");
}

TEST(BasicSerde, QuotesTheBytesThatItRefuses) {
  EXPECT_EQ(Serde<std::int64_t>().deserialize("ab\n").error().message(),
            "expected 8 bytes for an integer, got 3: \"ab\\x0a\"");
  EXPECT_THAT(Serde<bool>().deserialize("\2").error().message(), HasSubstr("\\x02"));
}

struct Opaque {
  int value = 0;
};

TEST(Serde, HasNoCodecForATypeWithoutSerdeFor) {
  EXPECT_FALSE(Serde<Opaque>().has_codec());
  EXPECT_TRUE(Serde<Opaque>().is_default());
  EXPECT_TRUE(Serde<std::string>().has_codec());
  EXPECT_TRUE(Serde<std::string>().is_default());
}

TEST(Serde, IsMadeFromTwoFunctions) {
  auto serde = make_serde<Opaque>([](const Opaque& opaque, Bytes& out) { out += std::to_string(opaque.value); },
                                  [](BytesView bytes) -> Result<Opaque> {
                                    if (bytes.empty()) return Error(ErrorCode::DeserializationFailed, "empty");
                                    return Opaque{std::stoi(std::string(bytes))};
                                  });
  EXPECT_TRUE(serde.has_codec());
  EXPECT_FALSE(serde.is_default());
  Bytes out;
  serde.serialize(Opaque{7}, out);
  EXPECT_EQ(out, "7");
  EXPECT_EQ(serde.deserialize("12")->value, 12);
  EXPECT_EQ(serde.deserialize("").error().message(), "empty");
}

TEST(Serde, OfItsOwnIsNotTheDefault) {
  auto upper = make_serde<std::string>([](const std::string& text, Bytes& out) { out += text; },
                                       [](BytesView bytes) -> Result<std::string> { return std::string(bytes); });
  EXPECT_FALSE(upper.is_default());
  Serde<std::string> copy = upper;
  EXPECT_FALSE(copy.is_default());
}

}  // namespace
}  // namespace millrace
