// The test beside the topology: no threads, files or waiting, and yet the engine's own tasks, stores and commits.
#include "topology.hpp"

#include <gtest/gtest.h>
#include <millrace/testing/topology_test_driver.hpp>

namespace {

class WordCount : public testing::Test {
 protected:
  millrace::TopologyTestDriver driver_{word_count()};
  millrace::TestInputTopic<std::string, std::string> lines_ =
      driver_.create_input_topic<std::string, std::string>("lines");
  millrace::TestOutputTopic<std::string, std::int64_t> counts_ =
      driver_.create_output_topic<std::string, std::int64_t>("counts-by-word");
};

TEST_F(WordCount, EmitsEachNewCount) {
  lines_.pipe_value("a b a");
  EXPECT_EQ(counts_.read_key_value(), std::pair(std::optional<std::string>("a"), std::optional<std::int64_t>(1)));
  EXPECT_EQ(counts_.read_key_value(), std::pair(std::optional<std::string>("b"), std::optional<std::int64_t>(1)));
  EXPECT_EQ(counts_.read_key_value(), std::pair(std::optional<std::string>("a"), std::optional<std::int64_t>(2)));
  EXPECT_TRUE(counts_.empty());
}

TEST_F(WordCount, IgnoresCase) {
  lines_.pipe_value("To be or not to be");
  EXPECT_EQ(counts_.read_key_values_to_map(),
            (std::map<std::string, std::int64_t>{{"to", 2}, {"be", 2}, {"or", 1}, {"not", 1}}));
}

TEST_F(WordCount, CountsNothingTwiceAfterACrash) {
  lines_.pipe_value("a");
  driver_.hold_commits();
  lines_.pipe_value("a a");  // processed, but not committed ...
  driver_.crash();           // ... so this takes it back, and the engine processes it again
  EXPECT_EQ((driver_.get_key_value_store<std::string, std::int64_t>("counts").get("a")), 3);
}

}  // namespace
