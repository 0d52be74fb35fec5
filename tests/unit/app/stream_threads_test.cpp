// Streams with real threads on the embedded engine: results do not depend on how many there are, nor on what happens to
// them.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/app/streams.hpp>
#include <millrace/app/wait.hpp>
#include <millrace/config/parse_config.hpp>
#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

namespace millrace {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Text = std::string;

constexpr int kPartitions = 16;
constexpr std::chrono::seconds kPatience{90};

/// What user code is told to do by the test.
struct Mishaps {
  std::atomic<int> throws{0};     ///< at the value "bad", so many times
  std::atomic<bool> hang{false};  ///< at the value "hang", as long as this is true
  std::atomic<int> hanging{0};
  std::function<void()> at_close;  ///< at the value "close"
};

/// Keeps what was logged. Thread-safe.
class Lines final : public Logger {
 public:
  [[nodiscard]] bool enabled(LogLevel level) const override { return level >= LogLevel::Info; }
  void write(LogLevel, std::string_view component, std::string_view message) override {
    std::lock_guard lock(mutex_);
    text_ += std::string(component) + ": " + std::string(message) + "\n";
  }
  std::string text() const {
    std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

/// One branch without state, one that counts by key, one that counts by value behind a repartition topic.
Topology three_branches(Mishaps& mishaps) {
  StreamsBuilder builder;
  auto in = builder.stream<Text, Text>("in").map_values([&mishaps](const Text& value) {
    if (value == "bad" && mishaps.throws-- > 0) throw std::runtime_error("this value is bad");
    if (value == "hang") {
      ++mishaps.hanging;
      while (mishaps.hang) std::this_thread::yield();
    }
    if (value == "close") mishaps.at_close();
    return value;
  });
  in.map_values([](const Text& value) { return value + "!"; }).to("stateless");
  in.group_by_key().count({.store_name = "by-key"}).to_stream().to("by-key-out");
  in.group_by([](const Text& value) { return value.substr(0, 1); })
      .count({.store_name = "by-value"})
      .to_stream()
      .to("by-value-out");
  return builder.build();
}

/// Per topic and key the records' values, in order, and the folds of the changelogs.
struct Outcome {
  std::map<std::string, std::map<Text, std::vector<Text>>> outputs;
  std::map<std::string, std::map<Text, Text>> folds;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

class StreamThreadsTest : public ::testing::Test {
 protected:
  StreamThreadsTest() : folder_(fs::path(::testing::TempDir()) / ("stream-threads-" + std::to_string(::getpid()))) {}
  ~StreamThreadsTest() override {
    streams_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  /// A fresh application.
  Streams& make(int threads) {
    streams_.reset();
    fs::remove_all(folder_);
    StreamsConfig config = default_config();
    config.application_id = "app";
    config.state_dir = folder_;
    config.metrics_enabled = false;
    config.commit_interval = milliseconds(5);
    config.max_records_per_step = 20;
    config.default_partitions = kPartitions;
    config.num_stream_threads = threads;
    streams_ = std::make_unique<Streams>(three_branches(mishaps_), config, &lines_);
    sent_ = 0;
    return *streams_;
  }
  Streams& start(int threads) {
    make(threads).start().value();
    return *streams_;
  }

  /// Numbered records over all partitions; a key has one partition.
  void produce(int count) {
    auto writer = streams_->log().open_writer("test", {});
    for (int i = 0; i < count; i += 50) {
      Transaction transaction;
      std::map<int, RecordBatchBuilder> batches;
      for (int j = i; j < std::min(count, i + 50); ++j, ++sent_) {
        const int partition = sent_ * 7 % kPartitions;
        const Text key = "k" + std::to_string(partition) + "." + std::to_string(sent_ % 3);
        const Text value = std::string(1, static_cast<char>('a' + sent_ % 5)) + std::to_string(sent_);
        batches[partition].add(key, value, Timestamp(milliseconds(sent_)), {});
      }
      for (auto& [partition, batch] : batches) {
        transaction.appends.push_back({{"in", Partition(partition)}, {}});
        transaction.appends.back().batches.push_back(batch.finish());
      }
      wait(writer->commit(std::move(transaction))).value();
    }
  }
  void produce_value(const Text& value, int partition) {
    Transaction transaction;
    RecordBatchBuilder batch;
    batch.add("special", value, Timestamp(milliseconds(0)), {});
    transaction.appends.push_back({{"in", Partition(partition)}, {}});
    transaction.appends.back().batches.push_back(batch.finish());
    wait(streams_->log().open_writer("test", {})->commit(std::move(transaction))).value();
  }
  void drain() {
    ASSERT_TRUE(streams_->wait_for(
        [&] {
          streams_->request_commit();
          return streams_->failure() || streams_->drained().value();
        },
        kPatience));
    ASSERT_EQ(streams_->failure(), std::nullopt) << streams_->failure()->to_string();
  }
  bool reaches(StreamsState state) {
    return streams_->wait_for([&] { return streams_->state() == state; }, kPatience);
  }

  Outcome outcome() {
    Outcome found;
    for (const char* topic : {"stateless", "by-key-out", "by-value-out"}) {
      each(topic, [&](const Text& key, const Text& value) { found.outputs[topic][key].push_back(value); });
    }
    for (const char* topic : {"app-by-key-changelog", "app-by-value-changelog"}) {
      each(topic, [&](const Text& key, const Text& value) { found.folds[topic][key] = value; });
    }
    return found;
  }
  void each(const std::string& topic, const std::function<void(const Text&, const Text&)>& visit) {
    auto reader = streams_->log().open_reader({});
    for (int i = 0; i < kPartitions; ++i) {
      auto slot = reader->assign({topic, Partition(i)}, Offset(0)).value();
      while (auto batch = reader->poll(slot, 1 << 20).value()) {
        for (const RecordView& record : batch->records) visit(Text(*record.key), Text(*record.value));
      }
    }
  }
  Outcome of_one_thread(int count) {
    start(1);
    produce(count);
    drain();
    EXPECT_TRUE(streams_->close(kPatience));
    return outcome();
  }
  double metric(std::string_view name) {
    double sum = 0;
    for (const auto& family : streams_->metrics().snapshot()) {
      if (family.info.name != name) continue;
      for (const auto& series : family.series) sum += series.value;
    }
    return sum;
  }

  /// Closes it before what its listeners use goes.
  struct Closing {
    std::unique_ptr<Streams>& streams;
    ~Closing() { streams.reset(); }
  };

  fs::path folder_;
  Mishaps mishaps_;
  Lines lines_;
  std::unique_ptr<Streams> streams_;
  int sent_ = 0;
};

TEST_F(StreamThreadsTest, FourGiveTheResultsOfOne) {
  const Outcome expected = of_one_thread(4000);
  EXPECT_EQ(expected.outputs.at("stateless").size(), 48U);
  start(4);
  produce(4000);
  drain();
  const auto statuses = streams_->thread_status();
  ASSERT_EQ(statuses.size(), 4U);
  for (const ThreadStatus& thread : statuses) EXPECT_EQ(thread.running.size(), 8U) << thread.name;
  EXPECT_TRUE(streams_->close(kPatience));
  EXPECT_EQ(outcome(), expected);
}

TEST_F(StreamThreadsTest, ComeAndGoWhileRecordsFlow) {
  const Outcome expected = of_one_thread(4000);
  start(1);
  for (int round = 0; round < 20; ++round) {
    produce(200);
    if (round % 5 < 3) {
      EXPECT_TRUE(streams_->add_stream_thread());
    } else {
      EXPECT_TRUE(streams_->remove_stream_thread());
    }
  }
  drain();
  EXPECT_EQ(streams_->thread_status().size(), 5U);
  ASSERT_TRUE(reaches(StreamsState::Running));
  EXPECT_TRUE(streams_->close(kPatience));
  EXPECT_EQ(outcome(), expected);
}

TEST_F(StreamThreadsTest, HaveTheLowestFreeNumber) {
  start(3);
  EXPECT_EQ(streams_->remove_stream_thread("app-2").value(), "app-2");
  EXPECT_EQ(streams_->remove_stream_thread().value(), "app-3");
  EXPECT_EQ(streams_->add_stream_thread().value(), "app-2");
  EXPECT_EQ(streams_->add_stream_thread().value(), "app-3");
  auto unknown = streams_->remove_stream_thread("app-9");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), ErrorCode::ThreadUnknown);
}

TEST_F(StreamThreadsTest, TheLastOneMayGoAndAnotherCome) {
  start(1);
  EXPECT_EQ(streams_->remove_stream_thread().value(), "app-1");
  EXPECT_THAT(streams_->thread_status(), IsEmpty());
  EXPECT_TRUE(reaches(StreamsState::Rebalancing));
  auto none = streams_->remove_stream_thread();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::ThreadUnknown);
  produce(100);
  EXPECT_TRUE(streams_->add_stream_thread());
  drain();
}

TEST_F(StreamThreadsTest, AreAddedAndRemovedOnlyWhileTheApplicationRuns) {
  make(1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(streams_->add_stream_thread().error().code(), ErrorCode::StreamsNotRunning);
    EXPECT_EQ(streams_->remove_stream_thread().error().code(), ErrorCode::StreamsNotRunning);
    if (i > 0) break;
    streams_->start().value();
    EXPECT_TRUE(streams_->close(kPatience));
  }
}

TEST_F(StreamThreadsTest, OneThatDiesIsReplaced) {
  make(3);
  std::atomic<int> asked{0};
  std::vector<StreamsState> states;
  const Closing closing{streams_};
  streams_->set_state_listener([&](StreamsState now, StreamsState) { states.push_back(now); });
  streams_->set_uncaught_exception_handler([&](const Error& error) {
    EXPECT_THAT(error.to_string(), HasSubstr("in[5]@0"));
    ++asked;
    return UncaughtExceptionResponse::ReplaceThread;
  });
  mishaps_.throws = 3;
  streams_->start().value();
  produce_value("bad", 5);
  produce(500);
  drain();
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(metric("streams_failed_threads_total"), 3);
  EXPECT_THAT(lines_.text(), HasSubstr("another takes its place in 100 ms"));
  EXPECT_THAT(lines_.text(), HasSubstr("another takes its place in 400 ms"));
  ASSERT_TRUE(reaches(StreamsState::Running));
  EXPECT_EQ(streams_->thread_status().size(), 3U);
  EXPECT_TRUE(streams_->close(kPatience));
  for (StreamsState state : states) {
    EXPECT_NE(state, StreamsState::PendingError);
    EXPECT_NE(state, StreamsState::Error);
  }
  EXPECT_THAT(outcome().outputs["stateless"]["special"], ElementsAre("bad!"));
}

TEST_F(StreamThreadsTest, WithoutAHandlerOneThatDiesTakesTheOthersWithIt) {
  make(4);
  std::vector<StreamsState> states;
  const Closing closing{streams_};
  streams_->set_state_listener([&](StreamsState now, StreamsState) { states.push_back(now); });
  mishaps_.throws = 1000;
  streams_->start().value();
  produce_value("bad", 5);
  ASSERT_TRUE(reaches(StreamsState::Error));
  EXPECT_TRUE(streams_->close(kPatience));
  ASSERT_TRUE(streams_->failure());
  EXPECT_THAT(streams_->failure()->to_string(), HasSubstr("in[5]@0"));
  EXPECT_EQ(streams_->add_stream_thread().error().code(), ErrorCode::StreamsNotRunning);
  EXPECT_EQ(streams_->state(), StreamsState::Error);
  ASSERT_GE(states.size(), 2U);
  EXPECT_EQ(states[states.size() - 2], StreamsState::PendingError);
  EXPECT_EQ(states.back(), StreamsState::Error);
}

TEST_F(StreamThreadsTest, AHandlerThatThrowsStopsTheApplication) {
  make(2).set_uncaught_exception_handler([](const Error&) -> UncaughtExceptionResponse { throw 7; });
  mishaps_.throws = 1;
  streams_->start().value();
  produce_value("bad", 0);
  ASSERT_TRUE(reaches(StreamsState::Error));
  EXPECT_THAT(lines_.text(), HasSubstr("the uncaught-exception handler threw something"));
}

TEST_F(StreamThreadsTest, PausedOnesProcessNothingUntilTheyGoOn) {
  make(2).pause();
  EXPECT_TRUE(streams_->is_paused());
  streams_->start().value();
  produce(200);
  EXPECT_TRUE(streams_->add_stream_thread());  // paused, too
  EXPECT_TRUE(streams_->wait_for(
      [&] {
        const auto all = streams_->thread_status();
        return std::all_of(all.begin(), all.end(),
                           [](const auto& t) { return t.state == ThreadState::PartitionsAssigned; });
      },
      kPatience));
  EXPECT_EQ(metric("streams_paused"), 1);
  EXPECT_EQ(metric("streams_records_processed_total"), 0);
  streams_->resume();
  EXPECT_FALSE(streams_->is_paused());
  drain();
  EXPECT_EQ(metric("streams_paused"), 0);
}

TEST_F(StreamThreadsTest, TellTheListenersInOrder) {
  make(4);
  std::mutex mutex;
  std::vector<StreamsState> states{StreamsState::Created};
  std::map<std::string, ThreadState> threads;
  std::map<TaskId, TaskState> tasks;
  const Closing closing{streams_};
  streams_->set_state_listener([&](StreamsState now, StreamsState before) {
    std::lock_guard lock(mutex);
    EXPECT_EQ(states.back(), before);
    EXPECT_TRUE(may_follow(before, now));
    states.push_back(now);
    (void)streams_->state();  // no lock is held
    (void)streams_->thread_status();
  });
  streams_->set_thread_state_listener([&](const std::string& thread, ThreadState now, ThreadState before) {
    std::lock_guard lock(mutex);
    EXPECT_EQ(threads[thread], before);
    threads[thread] = now;
    (void)streams_->thread_status();
  });
  streams_->set_task_state_listener([&](const std::string&, TaskId task, TaskState now, TaskState before) {
    std::lock_guard lock(mutex);
    EXPECT_EQ(tasks.try_emplace(task, TaskState::Closed).first->second, before) << to_string(task);
    tasks[task] = now;
  });
  streams_->start().value();
  EXPECT_THROW(streams_->set_state_listener({}), std::logic_error);
  produce(500);
  drain();
  ASSERT_TRUE(reaches(StreamsState::Running));
  EXPECT_TRUE(streams_->close(kPatience));
  EXPECT_EQ(states[1], StreamsState::Rebalancing);
  EXPECT_EQ(states[2], StreamsState::Running);
  EXPECT_EQ(states[states.size() - 2], StreamsState::PendingShutdown);
  EXPECT_EQ(states.back(), StreamsState::NotRunning);
  EXPECT_EQ(threads.size(), 4U);
  for (const auto& [name, state] : threads) EXPECT_EQ(state, ThreadState::Dead) << name;
  EXPECT_EQ(tasks.size(), 32U);
  for (const auto& [task, state] : tasks) EXPECT_EQ(state, TaskState::Closed) << to_string(task);
}

TEST_F(StreamThreadsTest, CloseReportsThoseThatDoNotEnd) {
  mishaps_.hang = true;
  start(2);
  produce_value("hang", 3);
  ASSERT_TRUE(streams_->wait_for([&] { return mishaps_.hanging > 0; }, kPatience));
  EXPECT_FALSE(streams_->close(milliseconds(50)));
  EXPECT_EQ(streams_->state(), StreamsState::PendingShutdown);
  EXPECT_THAT(lines_.text(), HasSubstr("did not end within 50 ms; its tasks: "));
  EXPECT_THAT(lines_.text(), HasSubstr("0_3"));
  mishaps_.hang = false;
  std::atomic<int> closed{0};
  std::vector<std::thread> closers;
  for (int i = 0; i < 3; ++i) closers.emplace_back([&] { closed += streams_->close(kPatience); });
  for (std::thread& closer : closers) closer.join();
  EXPECT_EQ(closed, 3);
  EXPECT_TRUE(streams_->close(milliseconds(0)));
  EXPECT_EQ(streams_->state(), StreamsState::NotRunning);
}

TEST_F(StreamThreadsTest, CloseWorksFromAListener) {
  make(2);
  std::atomic<int> refused{0};
  const Closing closing{streams_};
  streams_->set_state_listener([&](StreamsState now, StreamsState) {
    if (now == StreamsState::Running) refused += !streams_->close(kPatience);
  });
  streams_->start().value();
  ASSERT_TRUE(reaches(StreamsState::NotRunning));
  EXPECT_TRUE(streams_->close(kPatience));
  EXPECT_EQ(refused, 1);
}

TEST_F(StreamThreadsTest, CloseAndRemoveWorkFromUserCode) {
  std::atomic<int> refused{0};
  const Closing closing{streams_};
  mishaps_.at_close = [&] {
    EXPECT_TRUE(streams_->remove_stream_thread());
    refused += !streams_->close(kPatience);
  };
  start(2);
  produce_value("close", 1);
  ASSERT_TRUE(reaches(StreamsState::NotRunning));
  EXPECT_TRUE(streams_->close(kPatience));
  EXPECT_EQ(refused, 1);
  EXPECT_THAT(outcome().outputs["stateless"]["special"], ElementsAre("close!"));
}

TEST_F(StreamThreadsTest, CloseBeforeStartKeepsItFromRunning) {
  make(2);
  EXPECT_TRUE(streams_->close(kPatience));
  EXPECT_EQ(streams_->state(), StreamsState::NotRunning);
  auto started = streams_->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), ErrorCode::StreamsNotRunning);
}

TEST_F(StreamThreadsTest, RemoveSaysWhenAThreadDoesNotEnd) {
  mishaps_.hang = true;
  start(1);
  produce_value("hang", 3);
  ASSERT_TRUE(streams_->wait_for([&] { return mishaps_.hanging > 0; }, kPatience));
  auto removed = streams_->remove_stream_thread(std::nullopt, milliseconds(20));
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code(), ErrorCode::ThreadNotEnded);
  EXPECT_THAT(removed.error().to_string(), HasSubstr("app-1"));
  mishaps_.hang = false;
  EXPECT_TRUE(streams_->add_stream_thread());
  drain();
}

}  // namespace
}  // namespace millrace
