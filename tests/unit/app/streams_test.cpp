// Streams on the embedded engine: what it refuses to start, and what a reset that was cut short leads to.
#include <millrace/app/streams.hpp>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

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
using ::testing::AllOf;
using ::testing::ElementsAre;
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

  /// The next start restores everything from the changelogs.
  void lose_local_state() {
    for (const auto& entry : fs::directory_iterator(folder_ / "app")) {
      if (entry.is_directory() && entry.path().filename() != "log") fs::remove_all(entry.path());
    }
  }
  static Result<std::vector<Text>> keys_of(Streams& streams, const Text& store) {
    std::vector<Text> keys;
    MILLRACE_TRY(streams.read_store(store, [&](TaskId, BytesView key, BytesView) { keys.emplace_back(key); }));
    return keys;
  }

  fs::path folder_;
  StreamsConfig config_ = default_config();
};

/// Holds restoring up until it is let go.
class Gate final : public StateRestoreListener {
 public:
  void on_restore_start(const TopicPartition&, const std::string&, Offset, Offset) override {
    std::unique_lock lock(mutex_);
    reached_ = true;
    (void)opened_.wait_for(lock, std::chrono::seconds(60), [this] { return open_; });
  }
  void on_batch_restored(const TopicPartition&, const std::string&, Offset, std::int64_t) override {}
  void on_restore_end(const TopicPartition&, const std::string&, std::int64_t) override {}

  bool reached() {
    std::lock_guard lock(mutex_);
    return reached_;
  }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool reached_ = false;
  bool open_ = false;
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
  lose_local_state();
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

TEST_F(StreamsTest, IsNotDrainedBeforeItsStoresAreRestored) {
  // Killed after its last commit, before the state had it: there is nothing to process, and much to restore.
  count({"a", "b", "c"});
  lose_local_state();
  Streams streams(counting(), config_);
  auto gate = std::make_shared<Gate>();
  streams.set_restore_listener(gate);
  streams.start().value();
  ASSERT_TRUE(streams.wait_for([&] { return gate->reached(); }, std::chrono::seconds(60)));
  EXPECT_FALSE(streams.drained().value());
  gate->open();
  ASSERT_TRUE(streams.wait_for([&] { return streams.drained().value(); }, std::chrono::seconds(60)));
  EXPECT_TRUE(streams.close(std::chrono::seconds(60)));
  EXPECT_THAT(keys_of(streams, "counted").value(), ElementsAre("a", "b", "c"));
}

TEST_F(StreamsTest, ShowsNoStoreThatIsBehindItsChangelog) {
  count({"a", "b", "c"});
  lose_local_state();
  {
    Streams streams(counting(), config_);
    streams.pause();  // and so it restores nothing
    streams.start().value();
    EXPECT_TRUE(streams.close(std::chrono::seconds(60)));
    auto read = keys_of(streams, "counted");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), ErrorCode::StateBehind);
    EXPECT_THAT(read.error().to_string(),
                AllOf(HasSubstr("task 1_0"), HasSubstr("store counted"), HasSubstr("3 records behind"),
                      HasSubstr("app-counted-changelog"), HasSubstr("start again")));
  }
  Streams streams(counting(), config_);
  streams.start().value();
  ASSERT_TRUE(streams.wait_for([&] { return streams.drained().value(); }, std::chrono::seconds(60)));
  EXPECT_TRUE(streams.close(std::chrono::seconds(60)));
  EXPECT_THAT(keys_of(streams, "counted").value(), ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace millrace
