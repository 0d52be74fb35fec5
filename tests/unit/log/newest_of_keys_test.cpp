// NewestOfKeys against a map: keys of all sizes, growth, when it is full.
#include <millrace/log/newest_of_keys.hpp>

#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace millrace {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 30;

TEST(NewestOfKeys, HasWhatWasPutLast) {
  NewestOfKeys newest(kPlenty);
  EXPECT_EQ(newest.find("a"), std::nullopt);
  newest.put("a", Offset(0));
  newest.put("", Offset(7));
  newest.put("a", Offset(std::int64_t{1} << 40));
  EXPECT_EQ(newest.find("a"), Offset(std::int64_t{1} << 40));
  EXPECT_EQ(newest.find(""), Offset(7));
  EXPECT_EQ(newest.find("b"), std::nullopt);
}

TEST(NewestOfKeys, EqualsAMap) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::mt19937_64 random(seed);
    NewestOfKeys newest(kPlenty);
    std::map<std::string, std::int64_t> model;
    for (std::int64_t i = 0; i < 20'000; ++i) {
      std::string key = std::to_string(random() % 9000);
      if (random() % 50 == 0) key.insert(0, random() % 3000, 'k');
      // Some that fill a chunk to its last byte, and some that need one of their own.
      if (random() % 2000 == 0) key.insert(0, 65'536 - 4 - key.size() + random() % 3, 'l');
      newest.put(key, Offset(i));
      model[key] = i;
    }
    for (const auto& [key, offset] : model) ASSERT_EQ(newest.find(key), Offset(offset)) << "seed " << seed;
    for (int i = 9000; i < 12'000; ++i) ASSERT_EQ(newest.find(std::to_string(i)), std::nullopt) << "seed " << seed;
  }
}

TEST(NewestOfKeys, IsFullBeforeItTakesMoreThanItMay) {
  for (const std::size_t max_bytes : {std::size_t{1000}, std::size_t{100'000}, std::size_t{5'000'000}}) {
    NewestOfKeys newest(max_bytes);
    std::int64_t keys = 0;
    EXPECT_FALSE(newest.full());
    for (; !newest.full(); ++keys) newest.put(std::to_string(1'000'000 + keys), Offset(keys));
    EXPECT_LE(newest.size_bytes(), max_bytes + 100) << keys;
    // With the memory that a table of half its size would leave unused, at most.
    EXPECT_GE(newest.size_bytes(), max_bytes / 3) << keys;
    newest.put("one more", Offset(keys));
    EXPECT_EQ(newest.find("one more"), Offset(keys));
  }
}

}  // namespace
}  // namespace millrace
