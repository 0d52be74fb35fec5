#include "guide_test.hpp"

#include <filesystem>

#include <unistd.h>

namespace {

using Text = std::string;
using Number = std::int64_t;

// [query]
/// What a page would show for a word: its count, or why it is not known.
std::string count_of(millrace::Streams& streams, const std::string& word) {
  auto counts = streams.store<millrace::ReadOnlyKeyValueStore<Text, Number>>("word-counts");
  if (!counts) return counts.error().to_string();  // no such store, or of other types
  auto count = counts->get(word);
  if (!count) return count.error().to_string();  // the task restores, for instance
  return std::to_string(count->value_or(0));
}
// [/query]

TEST(GuideQueries, FromOutside) {
  millrace::StreamsBuilder builder;
  (void)builder.stream<Text, Text>("words").group_by_key().count({.store_name = "word-counts"});
  millrace::StreamsConfig config = millrace::default_config();
  config.application_id = "guide";
  config.metrics_enabled = false;
  config.log_level = millrace::LogLevel::Warn;
  config.state_dir = std::filesystem::path(testing::TempDir()) / ("guide-queries-" + std::to_string(::getpid()));
  {
    millrace::Streams streams(builder.build(), config);
    ASSERT_TRUE(streams.start());
    EXPECT_TRUE(streams.wait_for([&] { return count_of(streams, "be") == "0"; }, std::chrono::minutes(1)));
    EXPECT_TRUE(streams.close(std::chrono::seconds(30)));
  }
  std::filesystem::remove_all(config.state_dir);
}

}  // namespace
