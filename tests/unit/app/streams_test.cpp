// Streams on the embedded engine: what it refuses to start, and what a reset that was cut short leads to.
#include <millrace/app/streams.hpp>

#include <filesystem>
#include <string>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/app/system_clock.hpp>
#include <millrace/app/wait.hpp>
#include <millrace/config/parse_config.hpp>
#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

namespace millrace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Text = std::string;

Topology counting() {
  StreamsBuilder builder;
  (void)builder.stream<Text, Text>("lines")
      .group_by([](const Text& v) { return v; }, {.name = "line"})
      .count({.store_name = "counted", .name = "count"});
  return builder.build();
}

class StreamsTest : public ::testing::Test {
 protected:
  StreamsTest() : folder_(fs::path(::testing::TempDir()) / ("streams-" + std::to_string(::getpid()))) {
    config_.application_id = "app";
    config_.state_dir = folder_;
    config_.metrics_enabled = false;
    config_.log_level = LogLevel::Error;
    config_.commit_interval = milliseconds(10);
  }
  ~StreamsTest() override { fs::remove_all(folder_); }

  /// Appends lines, and counts all there are.
  void count(const std::vector<Text>& lines) {
    Streams streams(counting(), config_);
    streams.start().value();
    Transaction transaction;
    RecordBatchBuilder batch;
    for (const Text& line : lines) batch.add(std::nullopt, line, Timestamp(milliseconds(0)), {});
    transaction.appends.push_back({{"lines", Partition(0)}, {}});
    transaction.appends.back().batches.push_back(batch.finish());
    wait(streams.log().open_writer("test", {})->commit(std::move(transaction))).value();
    ASSERT_TRUE(streams.wait_for([&] { return streams.drained().value(); }, std::chrono::seconds(60)));
    EXPECT_TRUE(streams.close(std::chrono::seconds(60)));
  }
  /// Why it does not run.
  std::optional<Error> refused() {
    Streams streams(counting(), config_);
    auto started = streams.start();
    if (!started) return started.error();
    (void)streams.wait_for([&] { return streams.failure() || streams.state() == StreamsState::Running; },
                           std::chrono::seconds(60));
    return streams.failure();
  }

  fs::path folder_;
  StreamsConfig config_ = default_config();
};

TEST_F(StreamsTest, RefusesNamesThatTheLogCannotHave) {
  config_.application_id = std::string(240, 'a');
  auto error = refused();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::TopologyInvalid);
  EXPECT_THAT(error->message(), HasSubstr("operator \"count\": its changelog topic"));
  EXPECT_THAT(error->message(), HasSubstr("operator \"lines.group_by\": its repartition topic"));
}

TEST_F(StreamsTest, NoticesAResetThatWasKilledInBetween) {
  // In the order of reset_application(): local state, offsets, internal topics. Cut short after the first step, it
  // restores; after the second it must not go on from nothing.
  count({"a", "b"});
  for (const auto& entry : fs::directory_iterator(folder_ / "app")) {
    if (entry.is_directory() && entry.path().filename() != "log") fs::remove_all(entry.path());
  }
  EXPECT_EQ(refused(), std::nullopt);
  {
    auto log = open_embedded_log(folder_ / "app" / "log").value();
    wait(log->log().admin().delete_group("app")).value();
  }
  auto error = refused();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::ChangelogWithoutOffsets);
  EXPECT_THAT(error->to_string(), HasSubstr("run `reset`"));
}

}  // namespace
}  // namespace millrace
