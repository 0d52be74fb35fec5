#include <millrace/base/executor.hpp>
#include <millrace/base/logger.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace millrace {
namespace {

class LinesLogger final : public Logger {
 public:
  explicit LinesLogger(LogLevel lowest) : lowest_(lowest) {}
  [[nodiscard]] bool enabled(LogLevel level) const override { return level >= lowest_; }
  void write(LogLevel level, std::string_view component, std::string_view message) override {
    lines.push_back(std::string(to_string(level)) + " " + std::string(component) + ": " + std::string(message));
  }
  std::vector<std::string> lines;

 private:
  LogLevel lowest_;
};

TEST(Logger, WritesOnlyLevelsThatAreEnabled) {
  LinesLogger logger(LogLevel::Info);
  logger.debug("committer", "hidden");
  logger.info("committer", "committed");
  logger.warn("committer", "slow");
  EXPECT_EQ(logger.lines, (std::vector<std::string>{"INFO committer: committed", "WARN committer: slow"}));
}

TEST(Logger, WritesAnErrorWithItsCodeAndRemedy) {
  LinesLogger logger(LogLevel::Error);
  logger.error("reader", Error(ErrorCode::LogUnavailable, "no answer"));
  ASSERT_EQ(logger.lines.size(), 1u);
  EXPECT_EQ(logger.lines[0], "ERROR reader: MR-0501: no answer. To mend it: nothing to do: it is tried again.");
}

TEST(NullLogger, TakesEverythingAndIsNeverEnabled) {
  NullLogger logger;
  EXPECT_FALSE(logger.enabled(LogLevel::Error));
  logger.warn("anyone", "anything");
}

TEST(InlineExecutor, RunsWorkInTheOrderOfPostingBeforePostReturns) {
  InlineExecutor executor;
  std::vector<int> order;
  executor.post([&] { order.push_back(1); });
  order.push_back(2);
  executor.post([&] { order.push_back(3); });
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

}  // namespace
}  // namespace millrace
