#include "guide_test.hpp"

namespace {

using Text = std::string;
using Number = std::int64_t;

TEST(GuideJoins, StreamTable) {
  millrace::StreamsBuilder builder;
  // [stream-table]
  auto prices = builder.table<Text, Number>("prices", {.store_name = "prices"});  // article -> cents
  auto sold = builder.stream<Text, Number>("sold");                               // article -> how many
  sold.join(prices, [](Number how_many, Number cents) { return how_many * cents; }).to("turnover");
  // Also what has no price:
  sold.left_join(prices,
                 [](Number how_many, const std::optional<Number>& cents) { return how_many * cents.value_or(0); })
      .to("turnover-of-all");
  // [/stream-table]
  millrace::TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Number>("prices").pipe_input("tea", 250);
  auto in = driver.create_input_topic<Text, Number>("sold");
  in.pipe_input("tea", 2);
  in.pipe_input("milk", 1);
  auto out = driver.create_output_topic<Text, Number>("turnover");
  EXPECT_EQ(out.read_value(), 500);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ((driver.create_output_topic<Text, Number>("turnover-of-all").queue_size()), 2U);
}

TEST(GuideJoins, GroupedTables) {
  millrace::StreamsBuilder builder;
  // [grouped-table]
  auto departments = builder.table<Text, Text>("departments", {.store_name = "departments"});  // person -> department
  auto people = departments
                    .group_by([](const Text& person, const Text& department) {
                      return millrace::KeyValue{department, person};
                    })
                    .count({.store_name = "people-per-department"});
  // [/grouped-table]
  people.to_stream().to("people");
  millrace::TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("departments");
  in.pipe_input("ada", "sales");
  in.pipe_input("bob", "sales");
  in.pipe_input("ada", "research");  // leaves one group, joins the other
  auto store = driver.get_key_value_store<Text, Number>("people-per-department");
  EXPECT_EQ(store.get("sales"), 1);
  EXPECT_EQ(store.get("research"), 1);
}

}  // namespace
