// What a simulated application promises to those who test with it.
#include <millrace/testing/simulated_application.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

namespace millrace {
namespace {

using Text = std::string;
using Number = std::int64_t;

Topology counting() {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by([](const Text& v) { return v; }, {.name = "words"})
      .count({.store_name = "counts"})
      .to_stream()
      .to("out");
  return builder.build();
}

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

/// Writes 30 words, a few decisions apart.
void feed(SimulatedApplication& app, int from, int to) {
  for (int i = from; i < to; ++i) {
    app.write("in", std::to_string(i), std::string(1, static_cast<char>('a' + i % 3)), at(i));
    for (int j = 0; j < 10; ++j) app.pick();
  }
}

/// Each word's counts in the order of their coming.
std::map<Text, std::vector<Number>> counts(SimulatedApplication& app) {
  std::map<Text, std::vector<Number>> found;
  for (std::int32_t i = 0; i < app.options().partitions; ++i) {
    for (const auto& record : app.read({"out", Partition(i)})) {
      found[*record.key].push_back(SerdeFor<Number>::deserialize(*record.value).value());
    }
  }
  return found;
}

void expect_one_to_ten(SimulatedApplication& app) {
  for (const auto& [word, numbers] : counts(app)) {
    EXPECT_THAT(numbers, ::testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)) << word;
  }
  EXPECT_EQ(counts(app).size(), 3U);
}

TEST(SimulatedApplication, ProcessesEverythingOnce) {
  SimulatedApplication app(counting(), {.seed = 1});
  feed(app, 0, 30);
  ASSERT_TRUE(app.run_until_caught_up());
  expect_one_to_ten(app);
}

TEST(SimulatedApplication, DoesTheSameForTheSameSeed) {
  std::uint64_t hashes[3];
  for (int run = 0; run < 3; ++run) {
    SimulatedApplication app(counting(), {.seed = run < 2 ? 5U : 6U, .faults = {.commit_unknown = 100}});
    feed(app, 0, 30);
    ASSERT_TRUE(app.run_until_caught_up());
    hashes[run] = app.scheduler().trace().hash();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_NE(hashes[0], hashes[2]);
}

TEST(SimulatedApplication, GoesOnAfterTheCrashOfAThread) {
  for (int processes : {1, 2}) {
    SimulatedApplication app(counting(), {.seed = 2, .processes = processes, .threads = 2});
    feed(app, 0, 15);
    app.crash_thread(app.threads().front());
    feed(app, 15, 30);
    ASSERT_TRUE(app.run_until_caught_up()) << "the other threads take the tasks over";
    expect_one_to_ten(app);
  }
}

TEST(SimulatedApplication, GoesOnAfterTheCrashOfTheOnlyProcess) {
  SimulatedApplication app(counting(), {.seed = 3});
  feed(app, 0, 15);
  app.crash_process(1, 2);
  EXPECT_TRUE(app.threads().empty());
  app.start_missing_threads();
  feed(app, 15, 30);
  ASSERT_TRUE(app.run_until_caught_up());
  expect_one_to_ten(app);
}

TEST(SimulatedApplication, GoesOnWithoutAThreadThatWasStopped) {
  SimulatedApplication app(counting(), {.seed = 4});
  feed(app, 0, 15);
  app.stop_thread(app.threads().front());
  feed(app, 15, 30);
  ASSERT_TRUE(app.run_until_caught_up());
  expect_one_to_ten(app);
}

TEST(SimulatedApplication, LosesAndDoublesNothingOnABadNetwork) {
  SimLogFaults faults{.commit_aborted = 50,
                      .commit_unknown = 50,
                      .commit_unavailable = 50,
                      .member_fenced = 20,
                      .read_unavailable = 50,
                      .admin_unavailable = 50,
                      .slow = 200};
  SimulatedApplication app(counting(), {.seed = 5, .processes = 2, .threads = 1, .faults = faults});
  feed(app, 0, 15);
  app.network().expire(app.network().members().front());
  feed(app, 15, 30);
  ASSERT_TRUE(app.run_until_caught_up());
  expect_one_to_ten(app);
}

TEST(SimulatedApplication, SaysWhyAThreadDied) {
  StreamsBuilder builder;
  auto broken = [](const Text&) -> Text { throw std::runtime_error("broken"); };
  builder.stream<Text, Text>("in").map_values(broken).to("out");
  SimulatedApplication app(builder.build(), {.seed = 1});
  app.write("in", "k", "v", at(1));
  EXPECT_FALSE(app.run_until_caught_up());
  ASSERT_TRUE(app.failure());
  EXPECT_EQ(app.failure()->code(), ErrorCode::UserCodeThrew);
}

}  // namespace
}  // namespace millrace
