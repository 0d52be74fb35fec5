#include <millrace/base/strong.hpp>

#include <cstdint>
#include <type_traits>
#include <unordered_set>

#include <gtest/gtest.h>

namespace millrace {
namespace {

using Apples = Strong<std::int64_t, struct ApplesTag>;
using Pears = Strong<std::int64_t, struct PearsTag>;

static_assert(!std::is_convertible_v<Apples, Pears>, "ids of two kinds mix");
static_assert(!std::is_constructible_v<Apples, Pears>, "ids of two kinds mix");
static_assert(!std::is_convertible_v<std::int64_t, Apples>, "a bare number passes for an id");
static_assert(!std::is_convertible_v<Apples, std::int64_t>, "an id decays to a bare number");
static_assert(sizeof(Apples) == sizeof(std::int64_t));

TEST(Strong, StartsAtZero) { EXPECT_EQ(Apples().value(), 0); }

TEST(Strong, ComparesByValue) {
  EXPECT_EQ(Apples(3), Apples(3));
  EXPECT_NE(Apples(3), Apples(4));
  EXPECT_LT(Apples(-1), Apples(0));
  EXPECT_GE(Apples(5), Apples(5));
}

TEST(Strong, CountsOn) {
  EXPECT_EQ(Apples(3).next(), Apples(4));
  EXPECT_EQ(Apples(3).plus(10), Apples(13));
}

TEST(Strong, PrintsItsNumber) { EXPECT_EQ(to_string(Apples(-17)), "-17"); }

TEST(Strong, CanBeAKeyOfAHashedContainer) {
  std::unordered_set<Apples> basket = {Apples(1), Apples(2), Apples(1)};
  EXPECT_EQ(basket.size(), 2u);
  EXPECT_TRUE(basket.contains(Apples(2)));
}

}  // namespace
}  // namespace millrace
