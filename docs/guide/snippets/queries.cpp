#include "guide_test.hpp"

#include <filesystem>

#include <unistd.h>

#include <millrace/app/wait.hpp>

namespace {

using Text = std::string;
using Number = std::int64_t;

std::string hour(millrace::Timestamp time) {
  return std::to_string(std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count() % 24) + ":00";
}

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

// [windows]
/// The counts of a word, hour by hour.
std::string hours_of(millrace::Streams& streams, const std::string& word, millrace::Timestamp from,
                     millrace::Timestamp to) {
  auto counts = streams.store<millrace::ReadOnlyWindowStore<Text, Number>>("words-per-hour");
  if (!counts) return counts.error().to_string();
  auto hours = counts->fetch(word, from, to);  // the windows that begin in [from, to]
  if (!hours) return hours.error().to_string();
  std::string text;
  for (const auto& [window, count] : *hours)
    text += std::to_string(count) + " from " + hour(window.window.start) + "; ";
  if (auto ended = hours->status(); !ended) return ended.error().to_string();  // it broke off: ask again
  return text;
}
// [/windows]

void write(millrace::Streams& streams, const Text& word, millrace::Timestamp time) {
  millrace::RecordBatchBuilder batch;
  batch.add(word, "", time, {});
  millrace::Transaction transaction;
  transaction.appends.push_back({{"words", millrace::Partition(0)}, {}});
  transaction.appends.back().batches.push_back(batch.finish());
  ASSERT_TRUE(millrace::wait(streams.log().open_writer("test", {})->commit(std::move(transaction))));
}

TEST(GuideQueries, FromOutside) {
  millrace::StreamsBuilder builder;
  auto words = builder.stream<Text, Text>("words").group_by_key();
  (void)words.count({.store_name = "word-counts"});
  // Windows are kept for their size and their grace: without grace the last hour would be gone with the next one.
  const auto hours = millrace::TimeWindows::of(std::chrono::hours(1)).grace(std::chrono::hours(1));
  (void)words.windowed_by(hours).count({.store_name = "words-per-hour"});
  millrace::StreamsConfig config = millrace::default_config();
  config.application_id = "guide";
  config.metrics_enabled = false;
  config.log_level = millrace::LogLevel::Warn;
  config.state_dir = std::filesystem::path(testing::TempDir()) / ("guide-queries-" + std::to_string(::getpid()));
  {
    millrace::Streams streams(builder.build(), config);
    ASSERT_TRUE(streams.start());
    EXPECT_TRUE(streams.wait_for([&] { return count_of(streams, "be") == "0"; }, std::chrono::minutes(1)));
    const millrace::Timestamp three(std::chrono::hours(3));
    write(streams, "be", three);
    write(streams, "be", three + std::chrono::minutes(5));
    write(streams, "be", three + std::chrono::minutes(70));
    EXPECT_TRUE(streams.wait_for([&] { return count_of(streams, "be") == "3"; }, std::chrono::minutes(1)));
    EXPECT_EQ(hours_of(streams, "be", three, three + std::chrono::hours(2)), "2 from 3:00; 1 from 4:00; ");
    EXPECT_TRUE(streams.close(std::chrono::seconds(30)));
  }
  std::filesystem::remove_all(config.state_dir);
}

}  // namespace
