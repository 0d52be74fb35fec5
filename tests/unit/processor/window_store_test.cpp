// Typed window stores as processors use them.
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inline_processor.hpp"

namespace millrace {
namespace {

using namespace processor_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Builder = WindowStoreBuilder<Text, Text>;

Builder windows_of(milliseconds retention = milliseconds(100)) {
  return {.name = "windows", .retention = retention, .window_size = milliseconds(10)};
}

Topology topology_with(const Builder& store, Code code) {
  StreamsBuilder builder;
  builder.add_state_store(store);
  builder.stream<Text, Text>("in")
      .process([code] { return std::make_unique<InlineProcessor>(code); }, {.stores = {"windows"}, .name = "worker"})
      .to("out");
  return builder.build();
}

template <class Range>
std::vector<std::string> texts(Range range) {
  std::vector<std::string> found;
  for (const auto& [first, value] : range) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(first)>, Timestamp>) {
      found.push_back(std::to_string(first.time_since_epoch().count()) + "=" + value);
    } else {
      found.push_back(first.key + "[" + std::to_string(first.window.start.time_since_epoch().count()) + "," +
                      std::to_string(first.window.end.time_since_epoch().count()) + ")=" + value);
    }
  }
  return found;
}

/// Runs `use` within one process() call.
template <class Use>
void with_windows(const Builder& store, Use use) {
  TopologyTestDriver driver(topology_with(store, {.process = [use](Context& context, const TextRecord&) {
                                            auto windows = context.window_store<Text, Text>("windows");
                                            use(windows);
                                          }}));
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "v");
}

using Windows = WindowStore<Text, Text>;

TEST(TypedWindowStore, HoldsValuesByKeyAndStart) {
  with_windows(windows_of(), [](Windows& windows) {
    EXPECT_EQ(windows.name(), "windows");
    windows.put("a", "1", at(10));
    windows.put("a", "2", at(20));
    windows.put("b", "3", at(10));
    EXPECT_EQ(windows.fetch("a", at(10)), "1");
    EXPECT_EQ(windows.fetch("a", at(11)), std::nullopt);
    EXPECT_THAT(texts(windows.fetch("a", at(0), at(100))), ElementsAre("10=1", "20=2"));
    EXPECT_THAT(texts(windows.fetch("a", at(11), at(20))), ElementsAre("20=2"));
    EXPECT_THAT(texts(windows.fetch_all(at(0), at(10))), ElementsAre("a[10,20)=1", "b[10,20)=3"));
    EXPECT_THAT(texts(windows.all()), ElementsAre("a[10,20)=1", "a[20,30)=2", "b[10,20)=3"));
    windows.erase("a", at(10));
    EXPECT_EQ(windows.fetch("a", at(10)), std::nullopt);
  });
}

TEST(TypedWindowStore, WalksBackwards) {
  with_windows(windows_of(), [](Windows& windows) {
    for (int start : {1, 2, 3}) windows.put("a", std::to_string(start), at(start));
    windows.put("b", "b", at(2));
    EXPECT_THAT(texts(windows.backward_fetch("a", at(2), at(9))), ElementsAre("3=3", "2=2"));
    EXPECT_THAT(texts(windows.backward_fetch_all(at(2), at(9))), ElementsAre("b[2,12)=b", "a[3,13)=3", "a[2,12)=2"));
    EXPECT_EQ(texts(windows.backward_all()).front(), "b[2,12)=b");
    EXPECT_EQ(texts(windows.backward_all()).size(), 4U);
  });
}

TEST(TypedWindowStore, ShowsAWalkTheStoreAsOfItsMaking) {
  with_windows(windows_of(), [](Windows& windows) {
    for (int start : {1, 2, 3}) windows.put("a", "old", at(start));
    std::vector<std::string> seen;
    for (auto [start, value] : windows.fetch("a", at(0), at(100))) {
      seen.push_back(value);
      windows.put("a", "new", at(3));
      windows.put("a", "new", at(4));
    }
    EXPECT_THAT(seen, ElementsAre("old", "old", "old"));
    EXPECT_THAT(texts(windows.fetch("a", at(3), at(9))), ElementsAre("3=new", "4=new"));
  });
}

TEST(TypedWindowStore, KeepsDuplicatesIfAsked) {
  Builder store = windows_of();
  store.retain_duplicates = true;
  with_windows(store, [](Windows& windows) {
    for (const char* value : {"1", "2", "1"}) windows.put("a", value, at(5));
    EXPECT_THAT(texts(windows.fetch("a", at(5), at(5))), ElementsAre("5=1", "5=2", "5=1"));
    windows.erase("a", at(5));
    EXPECT_EQ(texts(windows.all()).size(), 3U);
  });
}

/// A processor that puts each record's value into the window of its timestamp, and forwards what the key has then.
Code keeping() {
  return {.process = [](Context& context, const TextRecord& record) {
    auto windows = context.window_store<Text, Text>("windows");
    windows.put(*record.key, *record.value, record.timestamp);
    Text all;
    for (const auto& text : texts(windows.fetch(*record.key, at(0), at(1'000'000)))) all += text + ";";
    context.forward({record.key, all, record.timestamp, {}});
  }};
}

struct Keeper {
  explicit Keeper(const Builder& store, TestDriverOptions options = {})
      : driver(topology_with(store, keeping()), std::move(options)) {}
  void pipe(Text key, Text value, std::int64_t ms) { in.pipe_input(std::move(key), std::move(value), at(ms)); }
  std::vector<Text> out() {
    std::vector<Text> values;
    for (const auto& r : driver.create_output_topic<Text, Text>("out").read_records_to_list())
      values.push_back(*r.value);
    return values;
  }
  double late() {
    for (const FamilySnapshot& family : driver.metrics()) {
      if (family.info.name != "streams_dropped_records_total") continue;
      for (const auto& series : family.series) {
        if (series.label_values.back() == "late") return series.value;
      }
    }
    return 0;
  }

  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
};

TEST(TypedWindowStore, DropsAndCountsLatePuts) {
  Keeper keeper(windows_of(milliseconds(100)));
  keeper.pipe("a", "1", 100);
  keeper.pipe("a", "2", 0);
  keeper.pipe("a", "3", 1);
  EXPECT_THAT(keeper.out(), ElementsAre("100=1;", "100=1;", "1=3;100=1;"));
  EXPECT_EQ(keeper.late(), 1);
}

TEST(TypedWindowStore, KnowsItsTimeAfterRestartAndCrash) {
  for (bool persistent : {true, false}) {
    Builder store = windows_of(milliseconds(100));
    store.persistent = persistent;
    Keeper keeper(store);
    keeper.pipe("a", "1", 50);
    keeper.pipe("b", "1", 150);
    keeper.driver.restart();
    keeper.pipe("a", "2", 60);
    keeper.driver.hold_commits();
    keeper.pipe("b", "2", 200);
    keeper.driver.crash();
    keeper.pipe("a", "3", 100);
    keeper.pipe("a", "4", 101);
    EXPECT_THAT(keeper.out(), ElementsAre("50=1;", "150=1;", "60=2;", "150=1;200=2;", "", "101=4;"));
    EXPECT_EQ(keeper.late(), 1);
  }
}

TEST(TypedWindowStore, GoesOnWithDuplicatesAfterRestartAndCrash) {
  Builder store = windows_of(milliseconds(100));
  store.retain_duplicates = true;
  Keeper keeper(store);
  keeper.pipe("a", "1", 5);
  keeper.pipe("a", "2", 5);
  keeper.driver.restart();
  keeper.pipe("a", "3", 5);
  keeper.driver.hold_commits();
  keeper.pipe("a", "4", 5);
  keeper.driver.crash();
  keeper.pipe("a", "5", 5);
  EXPECT_EQ(keeper.out().back(), "5=1;5=2;5=3;5=4;5=5;");
}

TEST(TypedWindowStore, OfATimestampedStoreCarriesTimes) {
  StreamsBuilder builder;
  Builder store = windows_of();
  store.timestamped = true;
  Code code{.process = [](Context& context, const TextRecord& record) {
    auto windows = context.timestamped_window_store<Text, Text>("windows");
    auto row = windows.fetch(*record.key, at(10));
    context.forward({record.key,
                     row ? row->value + "@" + std::to_string(row->timestamp.time_since_epoch().count()) : "nothing",
                     record.timestamp,
                     {}});
    windows.put(*record.key, {*record.value, record.timestamp}, at(10));
  }};
  TopologyTestDriver driver(topology_with(store, code));
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("a", "1", at(17));
  driver.restart();
  in.pipe_input("a", "2", at(18));
  auto out = driver.create_output_topic<Text, Text>("out");
  EXPECT_EQ(out.read_value(), "nothing");
  EXPECT_EQ(out.read_value(), "1@17");
  EXPECT_EQ((driver.get_window_store<Text, Text>("windows").fetch("a", at(10))), "2");
  // As Kafka Streams logs it: the time is the record's.
  auto change = driver.read_bytes("test-windows-changelog");
  EXPECT_EQ(change->record.value, "1");
  EXPECT_EQ(change->record.timestamp, at(17));
}

TEST(TypedWindowStore, OfOtherKindOrTypesIsRefused) {
  auto failure = [](const Builder& store, auto open) {
    return failure_of([&] {
      TopologyTestDriver driver(topology_with(store, {.init = [open](Context& context) { open(context); }}));
    });
  };
  Error error = failure(windows_of(), [](Context& context) { (void)context.window_store<Text, Number>("windows"); });
  EXPECT_EQ(error.code(), ErrorCode::StoreTypeMismatch);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("windowed std::string -> long"), HasSubstr("declared as windowed")));
  error =
      failure(windows_of(), [](Context& context) { (void)context.timestamped_window_store<Text, Text>("windows"); });
  EXPECT_THAT(error.to_string(), HasSubstr("asked for as timestamped windowed"));
  error = failure(windows_of(), [](Context& context) { (void)context.state_store<Text, Text>("windows"); });
  EXPECT_EQ(error.code(), ErrorCode::StoreTypeMismatch);
  error = failure(windows_of(), [](Context& context) { (void)context.window_store<Text, Text>("elsewhere"); });
  EXPECT_EQ(error.code(), ErrorCode::StoreMissing);
}

TEST(TypedWindowStore, RefusesWindowsBeforeTheEpoch) {
  Error error = failure_of([] { with_windows(windows_of(), [](Windows& windows) { windows.put("a", "v", at(-1)); }); });
  EXPECT_EQ(error.code(), ErrorCode::InvalidTimestamp);
}

TEST(WindowStoreBuilder, RefusesARetentionShorterThanTheWindow) {
  try {
    (void)topology_with(windows_of(milliseconds(9)), {});
    FAIL() << "the topology was accepted";
  } catch (const TopologyError& error) {
    EXPECT_THAT(error.findings(), ElementsAre(AllOf(HasSubstr("\"windows\""), HasSubstr("10 ms for 9 ms"))));
  }
}

}  // namespace
}  // namespace millrace
