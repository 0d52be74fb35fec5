// Bytes as Kafka's own serdes write them.
#include <millrace/serde/windowed.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/serde/basic.hpp>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

template <class T>
Bytes bytes_of(const T& value, const Serde<T>& serde = {}) {
  Bytes out;
  serde.serialize(value, out);
  return out;
}

Timestamp at(std::int64_t ms) { return Timestamp(std::chrono::milliseconds(ms)); }

TEST(UuidSerde, WritesThirtySixCharacters) {
  Uuid uuid{0x123e4567e89b12d3U, 0xa456426614174000U};
  EXPECT_EQ(bytes_of(uuid), "123e4567-e89b-12d3-a456-426614174000");
  EXPECT_EQ(Serde<Uuid>().deserialize("123E4567-e89b-12d3-a456-426614174000").value(), uuid);
}

TEST(UuidSerde, SaysWhatDoesNotDecode) {
  auto failed = Serde<Uuid>().deserialize("not a uuid");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::DeserializationFailed);
  EXPECT_THAT(failed.error().to_string(), HasSubstr("36 characters"));
  EXPECT_THAT(failed.error().to_string(), HasSubstr("not a uuid"));
}

// new TimeWindowedSerializer<>(new StringSerializer()).serialize("t", new Windowed<>("ab", new TimeWindow(66051,
// 126051)))
TEST(TimeWindowedSerde, WritesTheKeyAndTheStart) {
  auto serde = time_windowed_serde<std::string>(1min);
  Windowed<std::string> key{"ab", {at(66051), at(126051)}};
  EXPECT_EQ(bytes_of(key, serde), Bytes("ab\0\0\0\0\0\x01\x02\x03", 10));
  EXPECT_EQ(serde.deserialize(Bytes("ab\0\0\0\0\0\x01\x02\x03", 10)).value(), key);
  EXPECT_FALSE(serde.is_default());
}

TEST(TimeWindowedSerde, HoldsAnyKey) {
  auto serde = time_windowed_serde<std::int32_t>(10ms);
  Windowed<std::int32_t> key{-2, {at(1'700'000'000'000), at(1'700'000'000'010)}};
  EXPECT_EQ(bytes_of(key, serde), Bytes("\xff\xff\xff\xfe\x00\x00\x01\x8b\xcf\xe5\x68\x00", 12));
  EXPECT_EQ(serde.deserialize(bytes_of(key, serde)).value(), key);
  auto of_empty = time_windowed_serde<std::string>(10ms);
  EXPECT_EQ(of_empty.deserialize(Bytes(8, '\0')).value(), (Windowed<std::string>{"", {at(0), at(10)}}));
}

TEST(TimeWindowedSerde, EndsAWindowAtTheEndOfTime) {
  auto serde = time_windowed_serde<std::string>(std::chrono::hours(1));
  auto key = serde.deserialize(Bytes("k\x7f\xff\xff\xff\xff\xff\xff\xff", 9)).value();
  EXPECT_EQ(key.window.start, Timestamp::max());
  EXPECT_EQ(key.window.end, Timestamp::max());
}

TEST(TimeWindowedSerde, SaysWhatDoesNotDecode) {
  auto failed = time_windowed_serde<std::string>(1min).deserialize("abc");
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().to_string(), HasSubstr("8 bytes of time"));
  auto inner = time_windowed_serde<std::int32_t>(1min).deserialize(Bytes(9, '\1'));
  ASSERT_FALSE(inner);
  EXPECT_THAT(inner.error().to_string(), HasSubstr("an integer"));
}

struct Opaque {};

TEST(TimeWindowedSerde, IsNoneWhereTheKeyHasNone) {
  EXPECT_FALSE(time_windowed_serde<Opaque>(1min).has_codec());
  EXPECT_FALSE(Serde<Windowed<std::string>>().has_codec());
}

}  // namespace
}  // namespace millrace
