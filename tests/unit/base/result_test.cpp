#include <millrace/base/result.hpp>

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace millrace {
namespace {

Error log_unavailable() { return Error(ErrorCode::LogUnavailable, "no answer"); }

Result<int> half(int number) {
  if (number % 2 != 0) return log_unavailable();
  return number / 2;
}

Result<std::string> quarter_as_text(int number) {
  auto first = half(number);
  if (!first) return first.error();
  MILLRACE_TRY(half(*first));
  return std::to_string(*half(*first));
}

TEST(Result, HoldsAValue) {
  Result<int> result = half(8);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result);
  EXPECT_EQ(result.value(), 4);
  EXPECT_EQ(*result, 4);
}

TEST(Result, HoldsAnError) {
  Result<int> result = half(7);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::LogUnavailable);
  EXPECT_EQ(result.error().message(), "no answer");
}

TEST(Result, GivesTheOtherValueOnlyInPlaceOfAnError) {
  EXPECT_EQ(half(8).value_or(-1), 4);
  EXPECT_EQ(half(7).value_or(-1), -1);
}

TEST(Result, TryReturnsTheFirstErrorFromTheEnclosingFunction) {
  EXPECT_EQ(*quarter_as_text(12), "3");
  EXPECT_EQ(quarter_as_text(6).error().message(), "no answer");
  EXPECT_EQ(quarter_as_text(5).error().code(), ErrorCode::LogUnavailable);
}

TEST(Result, MovesValuesThatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  Result<std::unique_ptr<int>> moved = std::move(result);
  std::unique_ptr<int> taken = std::move(moved).value();
  EXPECT_EQ(*taken, 5);
}

TEST(Result, CopiesAreIndependentOfTheOriginal) {
  Result<std::vector<int>> original = std::vector<int>{1, 2};
  Result<std::vector<int>> copy = original;
  copy->push_back(3);
  EXPECT_EQ(original->size(), 2u);
  EXPECT_EQ(copy->size(), 3u);
}

TEST(Result, AssignmentChangesBetweenValueAndError) {
  Result<std::string> result = std::string(100, 'x');
  result = log_unavailable();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "no answer");
  result = std::string("back");
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, "back");
}

TEST(Result, AssigningToItselfKeepsTheValue) {
  Result<std::string> result = std::string(100, 'x');
  const auto& alias = result;
  result = alias;
  EXPECT_EQ(*result, std::string(100, 'x'));
}

TEST(Result, WithoutAValueIsSuccessUntilItHoldsAnError) {
  Result<void> success;
  EXPECT_TRUE(success);
  Result<void> failure = log_unavailable();
  Result<void> copy = failure;
  EXPECT_FALSE(copy);
  EXPECT_EQ(copy.error().code(), ErrorCode::LogUnavailable);
  copy = success;
  EXPECT_TRUE(copy);
  EXPECT_FALSE(failure);
}

TEST(ResultDeathTest, ValueOfAnErrorAbortsWithTheErrorsText) {
  EXPECT_DEATH(static_cast<void>(half(7).value()), "MR-0501: no answer");
}

TEST(ResultDeathTest, ErrorOfAValueAborts) {
  EXPECT_DEATH(static_cast<void>(half(8).error()), "Result that holds a value");
}

}  // namespace
}  // namespace millrace
