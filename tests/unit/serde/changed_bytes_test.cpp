// The format of changes in a repartition topic: that of Kafka Streams 4.3.1, byte for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/serde/changed_bytes.hpp>

namespace millrace {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

Bytes encoded(OptionalBytesView new_value, OptionalBytesView old_value) {
  Bytes out;
  encode_changed({new_value, old_value}, out);
  return out;
}

TEST(ChangedBytes, AreWrittenAsKafkaWritesThem) {
  EXPECT_EQ(encoded(std::nullopt, "old"), "old\x00"s);
  EXPECT_EQ(encoded("new", std::nullopt), "new\x01"s);
  EXPECT_EQ(encoded("new", "older"), "\x06newolder\x02"s);  // 3 as a zigzag varint is 6
  EXPECT_EQ(encoded("", ""), "\x00\x02"s);
  EXPECT_EQ(encoded(Bytes(64, 'n'), "o"), "\x80\x01"s + Bytes(64, 'n') + "o\x02");
  EXPECT_EQ(encoded(Bytes(300, 'n'), "o"), "\xd8\x04"s + Bytes(300, 'n') + "o\x02");
}

TEST(ChangedBytes, ComeBack) {
  for (std::size_t size : {0U, 1U, 63U, 64U, 127U, 128U, 300U, 70000U}) {
    const Bytes value(size, 'n');
    const Bytes bytes = encoded(value, "old");
    auto both = decode_changed(bytes);
    ASSERT_TRUE(both);
    EXPECT_EQ(both->new_value, value);
    EXPECT_EQ(both->old_value, "old");
  }
  const Bytes left = encoded(std::nullopt, "");
  EXPECT_EQ(decode_changed(left)->old_value, "");
  EXPECT_EQ(decode_changed(left)->new_value, std::nullopt);
  const Bytes joined = encoded("x", std::nullopt);
  EXPECT_EQ(decode_changed(joined)->new_value, "x");
  EXPECT_EQ(decode_changed(joined)->old_value, std::nullopt);
}

TEST(ChangedBytes, OfVersionedTablesAreRead) {
  EXPECT_EQ(decode_changed("old\x01\x03"s)->old_value, "old");
  EXPECT_EQ(decode_changed("new\x00\x04"s)->new_value, "new");
  EXPECT_EQ(decode_changed("\x06newold\x01\x05"s)->old_value, "old");
}

TEST(ChangedBytes, ThatAreDamagedAreRefused) {
  auto message = [](const Bytes& bytes) {
    auto decoded = decode_changed(bytes);
    if (decoded) return "decoded"s;
    EXPECT_EQ(decoded.error().code(), ErrorCode::DeserializationFailed);
    return decoded.error().message();
  };
  EXPECT_THAT(message(""), HasSubstr("has no bytes"));
  EXPECT_THAT(message("x\x06"s), HasSubstr("ends in 6"));
  EXPECT_THAT(message("\x03"s), HasSubstr("ends too early"));
  EXPECT_THAT(message("\x02"s), HasSubstr("how long its new value is"));
  EXPECT_THAT(message("\x08new\x02"s), HasSubstr("how long its new value is"));          // 4, but 3 are there
  EXPECT_THAT(message("\x05new\x02"s), HasSubstr("how long its new value is"));          // -3
  EXPECT_THAT(message("\xff\xff\xff\xff\xff\xff\x02"s), HasSubstr("how long its new value is"));
}

}  // namespace
}  // namespace millrace
