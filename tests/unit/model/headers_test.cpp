#include <millrace/model/headers.hpp>

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace millrace {
namespace {

Bytes encoded(const Headers& headers) {
  Bytes bytes;
  encode_headers(headers, bytes);
  return bytes;
}

TEST(Headers, KeepTheOrderOfTheirAdding) {
  Headers headers;
  headers.add("b", "1");
  headers.add("a", "2");
  headers.add("b", "3");
  std::string order;
  for (const Header& header : headers) order += header.name + *header.value + " ";
  EXPECT_EQ(order, "b1 a2 b3 ");
}

TEST(Headers, FindTheLastOfAName) {
  Headers headers{{"a", "old"}, {"b", ""}, {"a", "new"}};
  ASSERT_NE(headers.find("a"), nullptr);
  EXPECT_EQ(headers.find("a")->value, "new");
  EXPECT_EQ(headers.find("c"), nullptr);
}

TEST(Headers, RemoveAllOfAName) {
  Headers headers{{"a", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(headers.remove("a"), 2U);
  EXPECT_EQ(headers, (Headers{{"b", "2"}}));
  EXPECT_EQ(headers.remove("a"), 0U);
}

TEST(Headers, TellNullFromEmpty) { EXPECT_NE((Headers{{"a", std::nullopt}}), (Headers{{"a", ""}})); }

TEST(HeadersCodec, WritesTheBytesOfKafkasRecordFormat) {
  EXPECT_EQ(encoded({{"a", "bc"}}), Bytes("\x02\x02"
                                          "a\x04"
                                          "bc"));
  EXPECT_EQ(encoded({{"a", std::nullopt}}), Bytes("\x02\x02"
                                                  "a\x01"));
  EXPECT_EQ(encoded({{"", ""}}), Bytes("\x02\x00\x00", 3));
}

TEST(HeadersCodec, WritesNothingForNoHeaders) { EXPECT_EQ(encoded({}), ""); }

TEST(HeadersCodec, ReadsWhatItWrote) {
  Headers headers{{"trace", Bytes("\0\xff\x80", 3)}, {"", ""}, {"null", std::nullopt}, {"trace", Bytes(5000, 'x')}};
  auto decoded = decode_headers(encoded(headers));
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_EQ(*decoded, headers);
}

TEST(HeadersCodec, AppendsToWhatIsThere) {
  Bytes bytes = "before";
  encode_headers({{"a", "b"}}, bytes);
  EXPECT_EQ(bytes.substr(0, 6), "before");
  EXPECT_EQ(*decode_headers(BytesView(bytes).substr(6)), (Headers{{"a", "b"}}));
}

TEST(HeadersCodec, RefusesEveryTruncation) {
  Bytes whole = encoded({{"name", "value"}, {"null", std::nullopt}});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    auto decoded = decode_headers(BytesView(whole).substr(0, size));
    ASSERT_FALSE(decoded) << "of " << size << " bytes";
    EXPECT_EQ(decoded.error().code(), ErrorCode::DeserializationFailed);
  }
}

TEST(HeadersCodec, RefusesTrailingBytes) { EXPECT_FALSE(decode_headers(encoded({{"a", "b"}}) + "x")); }

TEST(HeadersCodec, RefusesNegativeAndHugeCounts) {
  EXPECT_FALSE(decode_headers("\x01"));                                              // -1 headers
  EXPECT_FALSE(decode_headers("\x02\x03"));                                          // a name of -2 bytes
  EXPECT_FALSE(decode_headers("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"));          // 2^63-1 headers
  EXPECT_FALSE(decode_headers("\x02\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"));      // a name of 2^63-1 bytes
  EXPECT_FALSE(decode_headers("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));  // no varint ends there
}

TEST(HeadersCodec, SurvivesRandomBytes) {
  std::mt19937_64 random(42);
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : random() % 8);
    auto decoded = decode_headers(bytes);
    if (decoded) {
      EXPECT_TRUE(decode_headers(encoded(*decoded)));
    }
  }
}

}  // namespace
}  // namespace millrace
