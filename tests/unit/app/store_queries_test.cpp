// Streams::store(): reading state from other threads while the application processes, restores, stops and starts.
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

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
using ::testing::AllOf;
using ::testing::HasSubstr;
using Text = std::string;
using Number = std::int64_t;
using Counts = ReadOnlyKeyValueStore<Text, Number>;

constexpr int kKeys = 40;
constexpr std::chrono::seconds kPatience{120};

/// Adds one to every number of "on-disk" and of "in-memory", for each record.
class CountEverywhere final : public Processor<Text, Text, Text, Text> {
 public:
  void init(ProcessorContext<Text, Text>& context) override {
    disk_ = context.state_store<Text, Number>("on-disk");
    memory_ = context.state_store<Text, Number>("in-memory");
  }
  void process(const Record<Text, Text>&) override {
    for (auto* store : {&disk_, &memory_}) {
      for (int key = 0; key < kKeys; ++key) {
        Text name = "k" + std::to_string(key);
        store->put(name, store->get(name).value_or(0) + 1);
      }
    }
  }

 private:
  KeyValueStore<Text, Number> disk_;
  KeyValueStore<Text, Number> memory_;
};

Topology counting() {
  StreamsBuilder builder;
  builder.add_state_store(KeyValueStoreBuilder<Text, Number>{.name = "on-disk"});
  builder.add_state_store(KeyValueStoreBuilder<Text, Number>{.name = "in-memory", .persistent = false});
  auto lines = builder.stream<Text, Text>("lines");
  (void)lines.process([] { return std::make_unique<CountEverywhere>(); }, {.stores = {"on-disk", "in-memory"}});
  (void)lines.group_by_key().count({.store_name = "counted"});
  (void)lines.group_by_key().windowed_by(TimeWindows::of(milliseconds(10))).count({.store_name = "windowed"});
  return builder.build();
}

class StoreQueriesTest : public ::testing::Test {
 protected:
  StoreQueriesTest() : folder_(fs::path(::testing::TempDir()) / ("store-queries-" + std::to_string(::getpid()))) {
    config_.application_id = "app";
    config_.state_dir = folder_;
    config_.metrics_enabled = false;
    config_.log_level = LogLevel::Error;
    config_.commit_interval = milliseconds(2);
    config_.default_partitions = 2;
  }
  ~StoreQueriesTest() override { fs::remove_all(folder_); }

  /// `count` records of one key in each partition.
  static void produce(Streams& streams, int count) {
    Transaction transaction;
    for (int partition = 0; partition < 2; ++partition) {
      RecordBatchBuilder batch;
      for (int i = 0; i < count; ++i) batch.add("key" + std::to_string(partition), "v", Timestamp(milliseconds(5)), {});
      transaction.appends.push_back({{"lines", Partition(partition)}, {}});
      transaction.appends.back().batches.push_back(batch.finish());
    }
    wait(streams.log().open_writer("test", {})->commit(std::move(transaction))).value();
  }
  static void drain(Streams& streams) {
    ASSERT_TRUE(streams.wait_for([&] { return streams.drained().value(); }, kPatience));
  }
  /// Until every store of both tasks shows `count`: the stores follow the commit of the log by a moment.
  static void wait_until_all_show(Streams& streams, Number count) {
    for (int partition = 0; partition < 2; ++partition) {
      StoreQueryOptions at{.partition = Partition(partition)};
      auto shows = [&](const Text& name, const Text& key) {
        auto value = streams.store<Counts>(name, at).value().get(key);
        return value && *value == count;
      };
      ASSERT_TRUE(streams.wait_for(
          [&] {
            return shows("on-disk", "k7") && shows("in-memory", "k7") &&
                   shows("counted", "key" + std::to_string(partition));
          },
          kPatience));
    }
  }

  fs::path folder_;
  StreamsConfig config_ = default_config();
};

TEST_F(StoreQueriesTest, ReadsWhatIsCommitted) {
  Streams streams(counting(), config_);
  streams.start().value();
  produce(streams, 3);
  wait_until_all_show(streams, 3);
  // Both tasks have every key: ask one.
  auto on_disk = streams.store<Counts>("on-disk", {.partition = Partition(1)}).value();
  EXPECT_EQ(on_disk.get("k7").value(), 3);
  EXPECT_EQ(on_disk.get("k99").value(), std::nullopt);
  EXPECT_EQ(on_disk.name(), "on-disk");
  std::vector<Text> keys;
  auto walk = on_disk.reverse_range("k3", "k33").value();
  for (const auto& [key, value] : walk) {
    keys.push_back(key);
    EXPECT_EQ(value, 3);
  }
  walk.status().value();
  EXPECT_THAT(keys, ::testing::ElementsAre("k32", "k31", "k30", "k3"));
  auto everywhere = streams.store<Counts>("in-memory").value();
  int entries = 0;
  auto all = everywhere.all().value();
  for (; all.valid(); all.next()) ++entries;
  all.status().value();
  EXPECT_EQ(entries, 2 * kKeys);
  EXPECT_EQ(everywhere.approximate_entries().value(), static_cast<std::uint64_t>(2 * kKeys));
  int prefixed = 0;
  auto prefix = on_disk.prefix_scan("k1").value();
  for (; prefix.valid(); prefix.next()) ++prefixed;
  EXPECT_EQ(prefixed, 11);
  // By its bytes, with a serde of another type: "k3".
  auto by_bytes = on_disk.prefix_scan(std::uint16_t{0x6b33}, Serde<std::uint16_t>{}).value();
  ASSERT_TRUE(by_bytes.valid());
  EXPECT_EQ(by_bytes.key(), "k3");
}

TEST_F(StoreQueriesTest, ShowsTheRowsOfATable) {
  Streams streams(counting(), config_);
  streams.start().value();
  produce(streams, 4);
  wait_until_all_show(streams, 4);
  auto counted = streams.store<Counts>("counted", {.ask_every_partition = true}).value();
  EXPECT_EQ(counted.get("key0").value(), 4);
  EXPECT_EQ(counted.get("key1").value(), 4);
  auto all = counted.all().value();
  ASSERT_TRUE(all.valid());
  EXPECT_EQ(all.key(), "key0");
  EXPECT_EQ(all.value(), 4);
}

TEST_F(StoreQueriesTest, ShowsWhenARowOfATableBecameWhatItIs) {
  using Rows = ReadOnlyKeyValueStore<Text, ValueAndTimestamp<Number>>;
  Streams streams(counting(), config_);
  streams.start().value();
  produce(streams, 2);
  wait_until_all_show(streams, 2);
  auto rows = streams.store<Rows>("counted", {.ask_every_partition = true}).value();
  EXPECT_EQ(rows.get("key1").value(), (ValueAndTimestamp<Number>{2, Timestamp(milliseconds(5))}));
  auto all = rows.all().value();
  ASSERT_TRUE(all.valid());
  EXPECT_EQ(all.value().timestamp, Timestamp(milliseconds(5)));
  EXPECT_EQ(streams.store<Rows>("on-disk").error().code(), ErrorCode::StoreTypeMismatch);
}

TEST_F(StoreQueriesTest, ShowsTheWindowsOfAKey) {
  using Windows = ReadOnlyWindowStore<Text, Number>;
  Streams streams(counting(), config_);
  streams.start().value();
  produce(streams, 3);
  wait_until_all_show(streams, 3);
  auto windows = streams.store<Windows>("windowed", {.partition = Partition(1)}).value();
  const Timestamp start{};
  EXPECT_EQ(windows.fetch("key1", start).value(), 3);
  EXPECT_EQ(windows.fetch("key1", Timestamp(milliseconds(10))).value(), std::nullopt);
  EXPECT_EQ(windows.fetch("key", start).value(), std::nullopt);
  const auto shows_one = [&](Result<Windows::Range> walk) {
    ASSERT_TRUE(walk->valid());
    EXPECT_EQ(walk->key(), (Windowed<Text>{"key1", {start, Timestamp(milliseconds(10))}}));
    EXPECT_EQ(walk->value(), 3);
    walk->next();
    EXPECT_FALSE(walk->valid());
    walk->status().value();
  };
  shows_one(windows.fetch("key1", start, Timestamp(milliseconds(100))));
  shows_one(windows.backward_fetch("key1", start, Timestamp(milliseconds(100))));
  auto everywhere = streams.store<Windows>("windowed").value();
  int entries = 0;
  auto all = everywhere.all().value();
  for (const auto& [window, count] : all) {
    EXPECT_EQ(count, 3);
    ++entries;
  }
  all.status().value();
  EXPECT_EQ(entries, 2);
  auto downwards = everywhere.backward_all().value();
  ASSERT_TRUE(downwards.valid());
  EXPECT_EQ(downwards.key().key, "key1");
  EXPECT_FALSE(everywhere.fetch_all(Timestamp(milliseconds(1)), Timestamp::max())->valid());
  EXPECT_EQ(streams.store<Windows>("counted").error().code(), ErrorCode::StoreTypeMismatch);
  EXPECT_EQ(streams.store<Counts>("windowed").error().code(), ErrorCode::StoreTypeMismatch);
}

TEST_F(StoreQueriesTest, ShowsWhenAWindowBecameWhatItIs) {
  using Rows = ReadOnlyWindowStore<Text, ValueAndTimestamp<Number>>;
  Streams streams(counting(), config_);
  streams.start().value();
  produce(streams, 3);
  wait_until_all_show(streams, 3);
  auto rows = streams.store<Rows>("windowed", {.ask_every_partition = true}).value();
  EXPECT_EQ(rows.fetch("key0", Timestamp{}).value(), (ValueAndTimestamp<Number>{3, Timestamp(milliseconds(5))}));
}

TEST_F(StoreQueriesTest, RefusesUnknownNamesAndOtherTypes) {
  Streams streams(counting(), config_);
  EXPECT_EQ(streams.store<Counts>("on-disk").error().code(), ErrorCode::StreamsNotRunning);
  streams.start().value();
  auto unknown = streams.store<Counts>("on-disc");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), ErrorCode::StoreUnknown);
  EXPECT_THAT(unknown.error().message(), HasSubstr("on-disk"));
  auto other = streams.store<ReadOnlyKeyValueStore<Text, Text>>("counted");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), ErrorCode::StoreTypeMismatch);
  EXPECT_THAT(other.error().message(), AllOf(HasSubstr("std::string -> std::string"), HasSubstr("declared as")));
}

TEST_F(StoreQueriesTest, AnswersAfterTheEnd) {
  auto streams = std::make_unique<Streams>(counting(), config_);
  streams->start().value();
  produce(*streams, 1);
  wait_until_all_show(*streams, 1);
  auto counts = streams->store<Counts>("on-disk").value();
  auto walk = counts.all().value();
  ASSERT_TRUE(walk.valid());
  // An open walk does not hold up the end.
  EXPECT_TRUE(streams->close(kPatience));
  EXPECT_EQ(counts.get("k1").error().code(), ErrorCode::StreamsNotRunning);
  EXPECT_THAT(counts.get("k1").error().to_string(), HasSubstr("not_running"));
  walk.next();
  EXPECT_FALSE(walk.valid());
  EXPECT_EQ(walk.status().error().code(), ErrorCode::StreamsNotRunning);
  streams.reset();
  EXPECT_EQ(counts.get("k1").error().code(), ErrorCode::StreamsNotRunning);
  EXPECT_EQ(counts.all().error().code(), ErrorCode::StreamsNotRunning);
}

TEST_F(StoreQueriesTest, SaysWhatATaskWaitsForWhileItRestores) {
  {
    Streams streams(counting(), config_);
    streams.start().value();
    produce(streams, 2000);
    drain(streams);
  }
  // Stores on disk are wiped: everything comes from the changelogs.
  for (const auto& entry : fs::directory_iterator(folder_ / "app")) {
    if (entry.is_directory() && entry.path().filename() != "log") fs::remove_all(entry.path());
  }
  Streams streams(counting(), config_);
  streams.start().value();
  auto counts = streams.store<Counts>("on-disk", {.partition = Partition(0)}).value();
  int waits = 0;
  ASSERT_TRUE(streams.wait_for(
      [&] {
        auto read = counts.get("k1");
        if (read) {
          EXPECT_EQ(*read, 2000);  // nothing in between
          return true;
        }
        ++waits;
        EXPECT_EQ(read.error().code(), ErrorCode::StoreNotReady) << read.error().to_string();
        EXPECT_THAT(read.error().to_string(), AllOf(HasSubstr("task 0_0"), HasSubstr("on-disk"), HasSubstr("waits")));
        return false;
      },
      kPatience));
  EXPECT_GT(waits, 0);
}

// One record changes all keys: a walk over one task finds one number everywhere. No number ever goes down, not over
// commits, restarts or restores.
TEST_F(StoreQueriesTest, FindsWholeTransactionsThatNeverGoBackWhateverGoesOn) {
  constexpr int kRuns = 4;
  constexpr int kBatches = 15;
  std::atomic<int> faults{0};
  std::atomic<int> walks{0};
  std::atomic<int> gets{0};
  Number newest[4] = {};  // over all runs: each reader has its own
  for (int run = 0; run < kRuns; ++run) {
    Streams streams(counting(), config_);
    streams.start().value();
    std::atomic<bool> over{false};
    const auto readable = [&](const Error& error) {
      if (error.code() == ErrorCode::StoreNotReady || error.code() == ErrorCode::StreamsNotRunning) return;
      ADD_FAILURE() << error.to_string();
    };
    const auto walker = [&](const Text& name, Number& seen) {
      auto store = streams.store<Counts>(name, {.partition = Partition(0)}).value();
      while (!over) {
        auto walk = store.all();
        if (!walk) {
          readable(walk.error());
          continue;
        }
        std::optional<Number> first;
        int count = 0;
        for (const auto& [key, value] : *walk) {
          if (!first) first = value;
          if (value != *first) ++faults;
          ++count;
        }
        if (auto ended = walk->status(); !ended) {
          readable(ended.error());
          continue;
        }
        if (count != 0 && count != kKeys) ++faults;
        if (first.value_or(0) < seen) ++faults;
        seen = first.value_or(0);
        ++walks;
      }
    };
    const auto getter = [&](const Text& name, Number& seen) {
      auto store = streams.store<Counts>(name, {.partition = Partition(1)}).value();
      while (!over) {
        auto value = store.get("k17");
        if (!value) {
          readable(value.error());
          continue;
        }
        if (value->value_or(0) < seen) ++faults;
        seen = value->value_or(0);
        ++gets;
      }
    };
    std::thread readers[] = {
        std::thread(walker, "on-disk", std::ref(newest[0])), std::thread(walker, "in-memory", std::ref(newest[1])),
        std::thread(getter, "on-disk", std::ref(newest[2])), std::thread(getter, "in-memory", std::ref(newest[3]))};
    for (int batch = 0; batch < kBatches; ++batch) produce(streams, 20);
    if (run != 1) drain(streams);  // in one run the end comes in the middle
    EXPECT_TRUE(streams.close(kPatience));
    over = true;
    for (std::thread& reader : readers) reader.join();
  }
  EXPECT_EQ(faults, 0);
  EXPECT_GT(walks, 0);
  EXPECT_GT(gets, 0);
  for (Number seen : newest) EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace millrace
