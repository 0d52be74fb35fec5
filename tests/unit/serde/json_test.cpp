#include <millrace/serde/json.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace json_test {

struct Clue {
  std::string code;
  std::int32_t points = 0;
  friend bool operator==(const Clue&, const Clue&) = default;
};
struct Hunt {
  std::string name;
  std::optional<std::string> city;
  std::vector<Clue> clues;
  std::map<std::string, std::int64_t> scores;
  std::optional<Clue> bonus;
  bool open = false;
  double radius_km = 0;
  friend bool operator==(const Hunt&, const Hunt&) = default;
};
struct Numbers {
  std::int8_t tiny = 0;
  std::uint8_t byte = 0;
  std::int16_t small = 0;
  std::int32_t medium = 0;
  std::int64_t large = 0;
  std::uint32_t natural = 0;
  std::uint64_t huge = 0;
  float single = 0;
  double real = 0;
  friend bool operator==(const Numbers&, const Numbers&) = default;
};
struct Sixteen {
  int a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, i = 9, j = 10, k = 11, l = 12, m = 13, n = 14, o = 15,
      p = 16;
  friend bool operator==(const Sixteen&, const Sixteen&) = default;
};
struct Single {
  double value = 0;
  friend bool operator==(const Single&, const Single&) = default;
};
struct Small {
  float value = 0;
};
struct Text {
  std::string text;
};
struct Nested {
  std::map<std::string, std::vector<std::optional<Clue>>> rows;
  std::vector<bool> flags;
  friend bool operator==(const Nested&, const Nested&) = default;
};

}  // namespace json_test

MILLRACE_DESCRIBE(json_test::Clue, code, points)
MILLRACE_DESCRIBE(json_test::Hunt, name, city, clues, scores, bonus, open, radius_km)
MILLRACE_DESCRIBE(json_test::Numbers, tiny, byte, small, medium, large, natural, huge, single, real)
MILLRACE_DESCRIBE(json_test::Sixteen, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
MILLRACE_DESCRIBE(json_test::Single, value)
MILLRACE_DESCRIBE(json_test::Small, value)
MILLRACE_DESCRIBE(json_test::Text, text)
MILLRACE_DESCRIBE(json_test::Nested, rows, flags)

namespace millrace {
namespace {

using namespace json_test;
using ::testing::HasSubstr;

template <class T>
Bytes text_of(const T& value) {
  Bytes out;
  Serde<T>().serialize(value, out);
  return out;
}
template <class T>
std::string refusal(BytesView text) {
  auto value = Serde<T>().deserialize(text);
  if (value) return "accepted";
  EXPECT_EQ(value.error().code(), ErrorCode::DeserializationFailed);
  return value.error().message();
}

const Hunt kHunt{"docks", "Kiel", {{"a1", 10}, {"b2", -3}}, {{"ada", 3}, {"bob", 4}}, Clue{"x", 1}, true, 2.5};

TEST(JsonSerde, WritesMembersInTheOrderOfTheDescription) {
  EXPECT_EQ(text_of(kHunt),
            R"({"name":"docks","city":"Kiel","clues":[{"code":"a1","points":10},{"code":"b2","points":-3}],)"
            R"("scores":{"ada":3,"bob":4},"bonus":{"code":"x","points":1},"open":true,"radius_km":2.5})");
}

TEST(JsonSerde, LeavesAbsentOptionalsOut) {
  EXPECT_EQ(text_of(Hunt{}), R"({"name":"","clues":[],"scores":{},"open":false,"radius_km":0})");
}

TEST(JsonSerde, ReadsWhatItWrote) {
  EXPECT_EQ(*Serde<Hunt>().deserialize(text_of(kHunt)), kHunt);
  EXPECT_EQ(*Serde<Hunt>().deserialize(text_of(Hunt{})), Hunt{});
  EXPECT_EQ(*Serde<Sixteen>().deserialize(text_of(Sixteen{})), Sixteen{});
  Nested nested{{{"r", {Clue{"a", 1}, std::nullopt}}, {"", {}}}, {true, false}};
  EXPECT_EQ(text_of(nested), R"({"rows":{"":[],"r":[{"code":"a","points":1},null]},"flags":[true,false]})");
  EXPECT_EQ(*Serde<Nested>().deserialize(text_of(nested)), nested);
}

TEST(JsonSerde, RoundTripsTheLimitsOfNumbers) {
  for (bool low : {true, false}) {
    auto limit = [&]<class T>(T) { return low ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max(); };
    Numbers numbers{limit(std::int8_t{}),   limit(std::uint8_t{}), limit(std::int16_t{}),
                    limit(std::int32_t{}),  limit(std::int64_t{}), limit(std::uint32_t{}),
                    limit(std::uint64_t{}), limit(float{}),        limit(double{})};
    auto back = Serde<Numbers>().deserialize(text_of(numbers));
    ASSERT_TRUE(back) << back.error().to_string();
    EXPECT_EQ(*back, numbers);
  }
}

TEST(JsonSerde, WritesDoublesThatReadBackTheSame) {
  for (double value : {0.1, 1e21, 1e-7, 5e-324, -1.7976931348623157e308, 3.0, 123456789.123456789}) {
    EXPECT_EQ(*Serde<Single>().deserialize(text_of(Single{value})), Single{value}) << text_of(Single{value});
  }
}

TEST(JsonSerde, TakesAnIntegerWhereADoubleIsAsked) {
  EXPECT_EQ(Serde<Single>().deserialize(R"({"value":3})")->value, 3.0);
}

TEST(JsonSerde, RefusesToWriteNanAndInfinity) {
  for (double value :
       {std::nan(""), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(text_of(Single{value}), std::domain_error);
  }
}

TEST(JsonSerde, RefusesToReadNanAndInfinity) {
  for (const char* text : {R"({"value":NaN})", R"({"value":Infinity})", R"({"value":-Infinity})", R"({"value":nan})"}) {
    EXPECT_THAT(refusal<Single>(text), HasSubstr("not JSON at byte")) << text;
  }
}

TEST(JsonSerde, RefusesNumbersThatNoDoubleHolds) {
  EXPECT_THAT(refusal<Single>(R"({"value":1e400})"), HasSubstr("number that does not fit a double"));
  EXPECT_THAT(refusal<Single>(R"({"value":0,"unknown":-1e999})"), HasSubstr("number that does not fit a double"));
}

TEST(JsonSerde, RefusesNumbersThatNoFloatHolds) {
  EXPECT_THAT(refusal<Small>(R"({"value":1e39})"), HasSubstr("JSON at value: "));
  EXPECT_THAT(refusal<Small>(R"({"value":-1e300})"), HasSubstr("does not fit"));
  EXPECT_EQ(Serde<Small>().deserialize(R"({"value":3.4028234663852886e38})")->value, std::numeric_limits<float>::max());
}

TEST(JsonSerde, RefusesIntegersThatDoNotFit) {
  std::string rest = R"(,"byte":0,"small":0,"medium":0,"large":0,"natural":0,"huge":0,"single":0,"real":0})";
  EXPECT_THAT(refusal<Numbers>(R"({"tiny":128)" + rest), HasSubstr("JSON at tiny: the number 128 does not fit"));
  EXPECT_THAT(refusal<Numbers>(R"({"tiny":-129)" + rest), HasSubstr("JSON at tiny: the number -129 does not fit"));
  EXPECT_THAT(refusal<Clue>(R"({"code":"","points":2147483648})"),
              HasSubstr("points: the number 2147483648 does not fit"));
  EXPECT_THAT(refusal<Clue>(R"({"code":"","points":9223372036854775808})"), HasSubstr("does not fit"));
  EXPECT_THAT(refusal<Clue>(R"({"code":"","points":99999999999999999999})"), HasSubstr("JSON at points: "));
  EXPECT_THAT(refusal<Clue>(R"({"code":"","points":1.5})"), HasSubstr("expected an integer, found the number 1.5"));
  std::string wide = R"({"tiny":0,"byte":0,"small":0,"medium":0,"large":0,"natural":-1,"huge":0,"single":0,"real":0})";
  EXPECT_THAT(refusal<Numbers>(wide), HasSubstr("JSON at natural: the number -1 does not fit"));
}

TEST(JsonSerde, NamesThePathOfWhatIsWrong) {
  EXPECT_THAT(refusal<Hunt>(R"({"name":"x","clues":[{"code":"a","points":1},{"code":7,"points":1}],)"
                            R"("scores":{},"open":true,"radius_km":1})"),
              HasSubstr("JSON at clues[1].code: expected a string, found the integer 7"));
  EXPECT_THAT(refusal<Hunt>(R"({"name":"x","clues":[],"scores":{"ada":"many"},"open":true,"radius_km":1})"),
              HasSubstr("JSON at scores.ada: expected an integer, found the string \"many\""));
  EXPECT_THAT(refusal<Hunt>(R"({"name":"x","clues":[],"scores":{},"bonus":{"code":"a"},"open":true,"radius_km":1})"),
              HasSubstr("JSON at bonus: the member \"points\" is missing"));
  EXPECT_THAT(refusal<Hunt>(R"({"name":"x","clues":{},"scores":{},"open":true,"radius_km":1})"),
              HasSubstr("JSON at clues: expected an array, found an object"));
  EXPECT_THAT(refusal<Hunt>(R"({"name":"x","clues":[],"scores":[],"open":true,"radius_km":1})"),
              HasSubstr("JSON at scores: expected an object, found an array"));
  EXPECT_THAT(refusal<Nested>(R"({"rows":{"r":[null,{"code":"a","points":true}]},"flags":[]})"),
              HasSubstr("JSON at rows.r[1].points: expected an integer, found a boolean"));
}

TEST(JsonSerde, NamesAMissingMember) {
  EXPECT_THAT(refusal<Clue>(R"({"code":"a"})"), HasSubstr("JSON: the member \"points\" is missing"));
  EXPECT_THAT(refusal<Clue>(R"({"code":null,"points":1})"), HasSubstr("JSON at code: expected a string, found null"));
}

TEST(JsonSerde, ReadsNullAndAbsenceOfOptionalsAlike) {
  std::string head = R"({"name":"x","clues":[],"scores":{},"open":true,"radius_km":1)";
  EXPECT_FALSE(Serde<Hunt>().deserialize(head + "}")->city.has_value());
  EXPECT_FALSE(Serde<Hunt>().deserialize(head + R"(,"city":null})")->city.has_value());
}

TEST(JsonSerde, IgnoresUnknownMembersAndTheirOrder) {
  EXPECT_EQ(
      *Serde<Clue>().deserialize(R"( { "new" : {"deep":[1,2,{"x":null}]}, "points" : 4, "code" : "z", "also":1.5 } )"),
      (Clue{"z", 4}));
}

TEST(JsonSerde, RefusesWhatIsNotAnObject) {
  for (const char* text : {"3", "\"x\"", "null", "true", "[]", "[{}]"}) {
    EXPECT_THAT(refusal<Clue>(text), HasSubstr("expected an object, found ")) << text;
  }
}

TEST(JsonSerde, RefusesWhatIsNotJsonAndSaysWhere) {
  for (const char* text : {"", " ", "{", "{\"code\":\"a\",}", "{'code':1}", "{\"code\":\"a\" \"points\":1}", "\xff\xfe",
                           "{} {}", "nul", "// no\n{}", "{\"code\":\"\x01\",\"points\":1}"}) {
    EXPECT_THAT(refusal<Clue>(text), HasSubstr("not JSON at byte ")) << text;
  }
}

TEST(JsonSerde, WritesStringsWithEverySpecialCharacter) {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all.push_back(static_cast<char>(c));
  all += "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x97\xba";
  EXPECT_EQ(Serde<Text>().deserialize(text_of(Text{all}))->text, all);
  EXPECT_EQ(text_of(Text{"\"\\\n\t\x01"}), R"({"text":"\"\\\n\t\u0001"})");
}

TEST(JsonSerde, ReplacesInvalidUtf8WhenWriting) {
  EXPECT_EQ(text_of(Text{"a\xff"
                         "b"}),
            "{\"text\":\"a\xef\xbf\xbd"
            "b\"}");
  EXPECT_TRUE(Serde<Text>().deserialize(text_of(Text{"\xc3\x28\xe2\x82"})));
}

TEST(JsonSerde, RefusesInvalidUtf8WhenReading) {
  for (const char* text :
       {"{\"text\":\"\xff\"}", "{\"text\":\"\xc3\x28\"}", "{\"text\":\"\xed\xa0\x80\"}", "{\"text\":\"\xc0\x80\"}"}) {
    EXPECT_THAT(refusal<Text>(text), HasSubstr("not JSON at byte")) << text;
  }
}

TEST(JsonSerde, WritesKeysOfMapsAsStrings) {
  Hunt hunt;
  hunt.scores = {{"a\"b\n", 1}};
  EXPECT_THAT(text_of(hunt), HasSubstr(R"("scores":{"a\"b\n":1})"));
}

TEST(JsonSerde, SurvivesHostileNesting) {
  constexpr std::size_t kDepth = 100000;
  EXPECT_NE(refusal<Clue>(std::string(kDepth, '[')), "accepted");
  EXPECT_NE(refusal<Clue>(std::string(kDepth, '[') + std::string(kDepth, ']')), "accepted");
  std::string objects;
  for (std::size_t i = 0; i < kDepth; ++i) objects += "{\"a\":";
  EXPECT_NE(refusal<Clue>(objects), "accepted");
  std::string unknown =
      R"({"code":"a","points":1,"unknown":)" + std::string(kDepth, '[') + std::string(kDepth, ']') + "}";
  EXPECT_EQ(*Serde<Clue>().deserialize(unknown), (Clue{"a", 1}));
}

TEST(JsonSerde, SurvivesRandomBytes) {
  std::mt19937_64 random(7);
  const std::string letters = "{}[]\":,\\ue0123456789.-+EtrufalsncodepiW\xff\xc3 ";
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t size = random() % 60; text.size() < size;) text += letters[random() % letters.size()];
    (void)Serde<Hunt>().deserialize(text);
  }
}

TEST(JsonSerde, SurvivesBytesChangedAtRandom) {
  std::mt19937_64 random(11);
  const Bytes good = text_of(kHunt);
  for (int i = 0; i < 20000; ++i) {
    Bytes text = good;
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes)
      text[random() % text.size()] = static_cast<char>(random());
    auto read = Serde<Hunt>().deserialize(text);
    if (read) {
      EXPECT_TRUE(Serde<Hunt>().deserialize(text_of(*read)));
    }
  }
}

}  // namespace
}  // namespace millrace
