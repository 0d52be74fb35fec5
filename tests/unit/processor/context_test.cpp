// What a processor learns of its record and its task, and what it forwards.
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inline_processor.hpp"

namespace millrace {
namespace {

using namespace processor_test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Processor, ForwardsAnyNumberOfRecords) {
  Worker worker({.process = [](Context& context, const TextRecord& record) {
    for (std::size_t i = 0; i < record.value->size(); ++i)
      context.forward(record.with_value<Text>(Text(1, (*record.value)[i])));
  }});
  worker.pipe("k", "abc", 5);
  worker.pipe("k", "", 6);
  EXPECT_THAT(worker.out(), ElementsAre("k=a@5", "k=b@5", "k=c@5"));
}

TEST(Processor, ForwardsOtherTimestampsAndHeaders) {
  Worker worker({.process = [](Context& context, const TextRecord& record) {
    TextRecord changed = record;
    changed.timestamp += milliseconds(100);
    changed.headers.add("added", "yes");
    context.forward(changed);
  }});
  worker.in.pipe_input({"k", "v", at(5), {{"had", "1"}}});
  auto record = worker.driver.create_output_topic<Text, Text>("out").read_record();
  EXPECT_EQ(record.timestamp, at(105));
  EXPECT_EQ(record.headers, (Headers{{"had", "1"}, {"added", "yes"}}));
}

TEST(Processor, SeesNullKeysAndValues) {
  std::vector<std::pair<bool, bool>> present;
  Worker worker({.process = [&](Context&, const TextRecord& r) {
    present.emplace_back(r.key.has_value(), r.value.has_value());
  }});
  worker.in.pipe_input(std::nullopt, "v");
  worker.in.pipe_input("k", std::nullopt);
  EXPECT_THAT(present, ElementsAre(std::pair(false, true), std::pair(true, false)));
}

TEST(Processor, LearnsWhereItsRecordCameFrom) {
  std::vector<std::string> places;
  Worker worker({.process =
                     [&](Context& context, const TextRecord&) {
                       auto metadata = context.record_metadata();
                       ASSERT_TRUE(metadata.has_value());
                       places.push_back(std::string(metadata->topic) + "[" + to_string(metadata->partition) + "]@" +
                                        to_string(metadata->offset) + " in task " + to_string(context.task_id()) +
                                        " of " + context.application_id());
                     }},
                {}, {.partitions = 2});
  worker.in.pipe_input({"k", "v", at(0), {}}, Partition(1));
  worker.in.pipe_input({"k", "v", at(0), {}}, Partition(1));
  worker.in.pipe_input({"k", "v", at(0), {}}, Partition(0));
  EXPECT_THAT(places,
              ElementsAre("in[1]@0 in task 0_1 of test", "in[1]@1 in task 0_1 of test", "in[0]@0 in task 0_0 of test"));
}

TEST(Processor, HasNoRecordMetadataInInitAndPunctuators) {
  int checked = 0;
  Worker worker({.init = [&](Context& context) {
    EXPECT_FALSE(context.record_metadata().has_value());
    context.schedule(milliseconds(10), PunctuationType::StreamTime, [&](Timestamp) {
      EXPECT_FALSE(context.record_metadata().has_value());
      ++checked;
    });
  }});
  worker.pipe("k", "v", 0);
  EXPECT_EQ(checked, 1);
}

TEST(Processor, SeesStreamTimeAndWallClock) {
  std::vector<std::int64_t> stream_times;
  std::int64_t wall = 0;
  std::int64_t before_all = 0;
  Worker worker({.init = [&](Context& c) { before_all = c.current_stream_time().time_since_epoch().count(); },
                 .process =
                     [&](Context& c, const TextRecord&) {
                       stream_times.push_back(c.current_stream_time().time_since_epoch().count());
                       wall = c.current_system_time().time_since_epoch().count();
                     }},
                {}, {.start = WallTime(milliseconds(1000))});
  worker.pipe("k", "v", 5);
  worker.pipe("k", "v", 3);
  worker.pipe("k", "v", 9);
  EXPECT_EQ(before_all, kNoTimestamp.time_since_epoch().count());
  EXPECT_THAT(stream_times, ElementsAre(5, 5, 9));
  EXPECT_EQ(wall, 1000);
}

TEST(Processor, FindsStreamTimeAgainAfterARestart) {
  std::vector<std::int64_t> stream_times;
  Worker worker({.process = [&](Context& c, const TextRecord&) {
    stream_times.push_back(c.current_stream_time().time_since_epoch().count());
  }});
  worker.pipe("k", "v", 50);
  worker.driver.restart();
  worker.pipe("k", "v", 3);
  EXPECT_THAT(stream_times, ElementsAre(50, 50));
}

TEST(Processor, IsMadeAnewForEachTaskAndRestart) {
  int made = 0;
  int closed = 0;
  StreamsBuilder builder;
  Code code{.close = [&closed] { ++closed; }};
  builder.stream<Text, Text>("in")
      .process([&made, code] {
        ++made;
        return std::make_unique<InlineProcessor>(code);
      })
      .to("out");
  TopologyTestDriver driver(builder.build(), {.partitions = 3});
  EXPECT_EQ(made, 3);
  driver.restart();
  EXPECT_EQ(made, 6);
  EXPECT_EQ(closed, 3);
  driver.crash();
  EXPECT_EQ(made, 9);
  EXPECT_EQ(closed, 3) << "a crash closes nothing";
  driver.close();
  EXPECT_EQ(closed, 6);
}

class Ender : public Processor<Text, Text> {
 public:
  explicit Ender(std::vector<Text>& seen) : seen_(seen) {}
  void process(const TextRecord& record) override { seen_.push_back(*record.value); }

 private:
  std::vector<Text>& seen_;
};

TEST(Processor, MayForwardNothingAtAll) {
  std::vector<Text> seen;
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").process([&seen] { return std::make_unique<Ender>(seen); });
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "v");
  EXPECT_THAT(seen, ElementsAre("v"));
}

TEST(Processor, ForwardsDepthFirstBeforeItReturns) {
  std::vector<Text> order;
  Code code{.process = [&order](Context& context, const TextRecord& record) {
    order.push_back("before");
    context.forward(record);
    order.push_back("after");
  }};
  StreamsBuilder builder;
  auto forwarded = builder.stream<Text, Text>("in").process([code] { return std::make_unique<InlineProcessor>(code); });
  forwarded.for_each([&order](const Text&) { order.push_back("child"); });
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "v");
  EXPECT_THAT(order, ElementsAre("before", "child", "after"));
}

TEST(Processor, MayWriteAndForwardInInit) {
  Worker worker({.init =
                     [](Context& context) {
                       context.state_store<Text, Text>("store").put("born", "yes");
                       context.forward({"hello", "world", at(1), {}});
                     }},
                {"store"});
  EXPECT_EQ((worker.driver.get_key_value_store<Text, Text>("store").get("born")), "yes");
  EXPECT_THAT(worker.out(), ElementsAre("hello=world@1"));
}

}  // namespace
}  // namespace millrace
