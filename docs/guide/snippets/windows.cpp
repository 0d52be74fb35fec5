#include "guide_test.hpp"

#include <millrace/serde/windowed.hpp>

namespace {

using namespace std::chrono_literals;
using Text = std::string;

millrace::Timestamp at(std::chrono::milliseconds since) { return millrace::Timestamp(since); }

TEST(GuideWindows, Tumbling) {
  millrace::StreamsBuilder builder;
  // [tumbling]
  builder.stream<Text, Text>("clicks")
      .group_by_key()
      .windowed_by(millrace::TimeWindows::of(5min).grace(30s))
      .count({.store_name = "clicks-per-page"})
      .to_stream()
      .to("clicks-per-page");
  // [/tumbling]
  millrace::TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("clicks");
  // [read-windows]
  auto out = driver.create_output_topic<millrace::Windowed<Text>, std::int64_t>(
      "clicks-per-page", millrace::time_windowed_serde<Text>(5min));
  // [/read-windows]
  in.pipe_input("home", "x", at(1min));
  in.pipe_input("home", "x", at(5min + 29s));
  in.pipe_input("home", "x", at(4min));  // its window ended, the grace is not over
  in.pipe_input("home", "x", at(5min + 30s));
  in.pipe_input("home", "x", at(4min));  // now it is
  auto records = out.read_records_to_list();
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[2].key->window, (millrace::Window{at(0min), at(5min)}));
  EXPECT_EQ(records[2].value, 2);
}

TEST(GuideWindows, Join) {
  millrace::StreamsBuilder builder;
  auto orders = builder.stream<Text, Text>("orders");
  auto payments = builder.stream<Text, Text>("payments");
  // [left-join]
  orders
      .left_join(payments,
                 [](const Text& order, const std::optional<Text>& payment) {
                   return order + (payment ? " paid with " + *payment : " not paid");
                 },
                 millrace::JoinWindows::of_time_difference_and_grace(1h, 5min), {.store_name = "payments-of-orders"})
      .to("settled");
  // [/left-join]
  millrace::TopologyTestDriver driver(builder.build());
  auto order = driver.create_input_topic<Text, Text>("orders");
  auto payment = driver.create_input_topic<Text, Text>("payments");
  auto out = driver.create_output_topic<Text, Text>("settled");
  order.pipe_input("1", "a book", at(0min));
  order.pipe_input("2", "a lamp", at(1min));
  payment.pipe_input("2", "a card", at(50min));
  EXPECT_EQ(out.read_value(), "a lamp paid with a card");
  payment.pipe_input("3", "cash", at(65min));
  EXPECT_TRUE(out.empty());
  payment.pipe_input("3", "cash", at(65min + 1ms));
  EXPECT_EQ(out.read_value(), "a book not paid");
}

// [window-store]
// Forwards a reading only if it differs from all others of its sensor in the last ten minutes.
class News : public millrace::Processor<Text, Text, Text, Text> {
 public:
  void init(Context& context) override { seen_ = context.window_store<Text, Text>("seen"); }
  void process(const millrace::Record<Text, Text>& reading) override {
    for (auto [start, value] : seen_.fetch(*reading.key, reading.timestamp - 10min, reading.timestamp)) {
      if (value == *reading.value) return;
    }
    seen_.put(*reading.key, *reading.value, reading.timestamp);
    context().forward(reading);
  }

 private:
  millrace::WindowStore<Text, Text> seen_;
};
// [/window-store]

TEST(GuideWindows, Store) {
  millrace::StreamsBuilder builder;
  // [add-window-store]
  builder.add_state_store(millrace::WindowStoreBuilder<Text, Text>{
      .name = "seen", .retention = 10min + 1ms, .window_size = 10min, .retain_duplicates = true});
  // [/add-window-store]
  builder.stream<Text, Text>("in").process([] { return std::make_unique<News>(); }, {.stores = {"seen"}}).to("out");
  millrace::TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("s", "20", at(0min));
  in.pipe_input("s", "20", at(10min));
  in.pipe_input("s", "20", at(10min + 1ms));
  EXPECT_EQ((driver.create_output_topic<Text, Text>("out").queue_size()), 2U);
}

TEST(GuideWindows, Extractor) {
  millrace::StreamsBuilder builder;
  // [extractor]
  auto time_of = [](const millrace::Record<Text, std::int64_t>& record, millrace::Timestamp partition_time) {
    return record.value ? at(std::chrono::milliseconds(*record.value)) : partition_time;
  };
  builder.stream<Text, std::int64_t>("events", {.timestamp_extractor = time_of}).to("out");
  // [/extractor]
  millrace::TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, std::int64_t>("events").pipe_input("k", 1234, at(1s));
  EXPECT_EQ((driver.create_output_topic<Text, std::int64_t>("out").read_record().timestamp), at(1234ms));
}

}  // namespace
