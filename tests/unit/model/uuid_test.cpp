#include <millrace/model/uuid.hpp>

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Uuid, ReadsAndWritesItsText) {
  auto uuid = Uuid::parse("123e4567-e89b-12d3-a456-426614174000");
  ASSERT_TRUE(uuid);
  EXPECT_EQ(uuid->most, 0x123e4567e89b12d3U);
  EXPECT_EQ(uuid->least, 0xa456426614174000U);
  EXPECT_EQ(to_string(*uuid), "123e4567-e89b-12d3-a456-426614174000");
  EXPECT_EQ(to_string(Uuid{}), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(to_string(Uuid{~0ULL, ~0ULL}), "ffffffff-ffff-ffff-ffff-ffffffffffff");
}

TEST(Uuid, TakesDigitsOfEitherCase) {
  EXPECT_EQ(Uuid::parse("123E4567-E89B-12D3-A456-426614174ABC"), Uuid::parse("123e4567-e89b-12d3-a456-426614174abc"));
}

TEST(Uuid, IsNothingElse) {
  for (const char* text : {"", "123e4567", "123e4567-e89b-12d3-a456-42661417400",
                           "123e4567-e89b-12d3-a456-4266141740000", "123e4567e-89b-12d3-a456-426614174000",
                           "123e4567-e89b-12d3-a456_426614174000", "g23e4567-e89b-12d3-a456-426614174000",
                           "{23e4567-e89b-12d3-a456-42661417400}", "123e4567-e89b-12d3-a456-42661417400 "}) {
    EXPECT_EQ(Uuid::parse(text), std::nullopt) << text;
  }
}

TEST(Uuid, ComparesAsItsText) {
  EXPECT_LT(*Uuid::parse("00000000-0000-0000-ffff-ffffffffffff"), *Uuid::parse("00000000-0000-0001-0000-000000000000"));
  EXPECT_LT(*Uuid::parse("7fffffff-0000-0000-0000-000000000000"), *Uuid::parse("80000000-0000-0000-0000-000000000000"));
}

}  // namespace
}  // namespace millrace
