#include <millrace/config/did_you_mean.hpp>

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("commit", "commit", 9), 0u);
  EXPECT_EQ(edit_distance("comit", "commit", 9), 1u);
  EXPECT_EQ(edit_distance("commmit", "commit", 9), 1u);
  EXPECT_EQ(edit_distance("cammit", "commit", 9), 1u);
  EXPECT_EQ(edit_distance("ocmmit", "commit", 9), 1u) << "a swap of neighbours is one slip";
  EXPECT_EQ(edit_distance("", "abc", 9), 3u);
  EXPECT_EQ(edit_distance("abc", "", 9), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting", 9), 3u);
}

TEST(EditDistance, IsTheSameBothWays) {
  for (auto [a, b] : {std::pair("state.dir", "stat.dri"), {"log.level", "level"}, {"abcd", "badc"}}) {
    EXPECT_EQ(edit_distance(a, b, 20), edit_distance(b, a, 20)) << a << " " << b;
  }
}

TEST(EditDistance, StopsCountingBeyondTheLimit) {
  EXPECT_EQ(edit_distance("kitten", "sitting", 3), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting", 2), 3u);
  EXPECT_EQ(edit_distance("a", std::string(100'000, 'b'), 2), 3u);
}

const std::vector<std::string> kWords = {"commit.interval.ms", "state.dir", "log.level", "none", "latest"};

TEST(DidYouMean, FindsTheNearestWord) {
  EXPECT_EQ(did_you_mean("comit.intervall.ms", kWords), "commit.interval.ms");
  EXPECT_EQ(did_you_mean("stat.dir", kWords), "state.dir");
  EXPECT_EQ(did_you_mean("lastest", kWords), "latest");
}

TEST(DidYouMean, SeesThroughOtherSpellingConventions) {
  EXPECT_EQ(did_you_mean("commitIntervalMs", kWords), "commit.interval.ms");
  EXPECT_EQ(did_you_mean("COMMIT_INTERVAL_MS", kWords), "commit.interval.ms");
  EXPECT_EQ(did_you_mean("LogLevel", kWords), "log.level");
}

TEST(DidYouMean, SaysNothingRatherThanNonsense) {
  EXPECT_EQ(did_you_mean("wibble", kWords), std::nullopt);
  EXPECT_EQ(did_you_mean("", kWords), std::nullopt);
  EXPECT_EQ(did_you_mean("x", {"a", "b"}), std::nullopt);
  EXPECT_EQ(did_you_mean("...", kWords), std::nullopt);
  EXPECT_EQ(did_you_mean(std::string(5'000, 'c'), kWords), std::nullopt);
}

TEST(DidYouMean, TakesTheFirstOfEquals) { EXPECT_EQ(did_you_mean("topic-x", {"topic-a", "topic-b"}), "topic-a"); }

}  // namespace
}  // namespace millrace
