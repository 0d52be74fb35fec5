#include "guide_test.hpp"

namespace {

using namespace std::chrono_literals;
using Text = std::string;
using Number = std::int64_t;

millrace::Topology counts_per_key() {
  millrace::StreamsBuilder builder;
  builder.stream<Text, Text>("in").group_by_key().count({.store_name = "counts"}).to_stream().to("out");
  return builder.build();
}

// [basics]
TEST(CountsPerKey, CountsTwo) {
  millrace::TopologyTestDriver driver(counts_per_key());
  auto in = driver.create_input_topic<Text, Text>("in");
  auto out = driver.create_output_topic<Text, Number>("out");

  in.pipe_input("a", "x");
  in.pipe_input("a", "y");

  EXPECT_EQ(out.read_value(), 1);
  EXPECT_EQ(out.read_value(), 2);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("counts").get("a")), 2);
}
// [/basics]

TEST(GuideTesting, Timestamps) {
  millrace::TopologyTestDriver driver(counts_per_key());
  // [timestamps]
  millrace::Timestamp noon{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + 12h};
  // The first record is of noon, each further one a second later ...
  auto in = driver.create_input_topic<Text, Text>("in", {}, {}, noon, 1s);
  in.pipe_input("a", "x");
  in.pipe_input("a", "y");
  in.pipe_input("a", "late", noon - 1min);  // ... unless it says its own time
  // [/timestamps]
  auto out = driver.create_output_topic<Text, Number>("out").read_records_to_list();
  EXPECT_EQ(out[1].timestamp, noon + 1s);
  EXPECT_EQ(out[2].timestamp, noon + 1s) << "a row keeps the largest timestamp of those that made it";
}

// [partitions]
TEST(CountsPerKey, HaveATaskPerPartition) {
  millrace::TopologyTestDriver driver(counts_per_key(), {.partitions = 4});
  auto in = driver.create_input_topic<Text, Text>("in");
  for (const char* key : {"a", "b", "c", "d", "a"}) in.pipe_input(key, "x");
  // A store is read over all tasks.
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("counts").all().size()), 4U);
}
// [/partitions]

// [crash]
TEST(CountsPerKey, AreExactAfterACrash) {
  millrace::TopologyTestDriver driver(counts_per_key());
  auto in = driver.create_input_topic<Text, Text>("in");
  auto out = driver.create_output_topic<Text, Number>("out");
  in.pipe_input("a", "committed");
  driver.hold_commits();
  in.pipe_input("a", "processed, but not committed");
  driver.crash();  // as a killed process: what was not committed is gone, and processed again
  EXPECT_EQ(out.read_value(), 1);
  EXPECT_EQ(out.read_value(), 2);
  EXPECT_TRUE(out.empty());
}
// [/crash]

// [simulation]
TEST(CountsPerKey, AreExactWhicheverThreadDies) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    millrace::SimLogFaults faults{.commit_unknown = 50};  // of a thousand commits
    millrace::SimulatedApplication app(counts_per_key(), {.seed = seed, .threads = 2, .faults = faults});
    for (int i = 0; i < 20; ++i) {
      app.write("in", "a", "x", millrace::Timestamp(std::chrono::seconds(i)));
      for (int j = 0; j < 15; ++j) app.pick();  // a thread's step, an answer of the log, or the clock: as the seed says
      if (i == 10) app.crash_thread(app.threads().front());
    }
    ASSERT_TRUE(app.run_until_caught_up());  // the other thread has taken its tasks over
    std::size_t counts = 0;
    for (int partition : {0, 1}) counts += app.read({"out", millrace::Partition(partition)}).size();
    EXPECT_EQ(counts, 20U);
  }
}
// [/simulation]

// [restart]
TEST(CountsPerKey, SurviveARestart) {
  millrace::TopologyTestDriver driver(counts_per_key());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("a", "x");
  driver.restart();  // stops in order and starts again: the store is restored from its changelog
  in.pipe_input("a", "y");
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("counts").get("a")), 2);
}
// [/restart]

class Heartbeat : public millrace::Processor<Text, Text, Text, Text> {
 public:
  void init(Context& context) override {
    context.schedule(1min, millrace::PunctuationType::WallClock, [this](millrace::Timestamp now) {
      this->context().forward({"all", "alive", now, {}});
    });
  }
  void process(const millrace::Record<Text, Text>&) override {}
};

TEST(GuideTesting, WallClock) {
  millrace::StreamsBuilder builder;
  builder.stream<Text, Text>("in").process([] { return std::make_unique<Heartbeat>(); }).to("out");
  // [wall-clock]
  millrace::TopologyTestDriver driver(builder.build());
  auto out = driver.create_output_topic<Text, Text>("out");
  driver.advance_wall_clock_time(59s);
  EXPECT_TRUE(out.empty());
  driver.advance_wall_clock_time(1s);
  EXPECT_EQ(out.read_value(), "alive");
  // [/wall-clock]
}

TEST(GuideTesting, TopicsThatAreNotThere) {
  millrace::TopologyTestDriver driver(counts_per_key());
  try {
    driver.create_input_topic<Text, Text>("inn").pipe_input("a", "x");
    FAIL();
  } catch (const std::invalid_argument& error) {
    expect_message("no_topic.txt", error.what());
  }
}

}  // namespace
