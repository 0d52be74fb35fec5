#include "guide_test.hpp"

namespace {

using Text = std::string;
using Number = std::int64_t;

TEST(GuideState, Aggregations) {
  millrace::StreamsBuilder builder;
  auto payments = builder.stream<Text, Number>("payments");  // account -> cents
  // [aggregations]
  auto by_account = payments.group_by_key();
  auto how_many = by_account.count({.store_name = "payments"});
  auto largest = by_account.reduce([](Number a, Number b) { return std::max(a, b); }, {.store_name = "largest"});
  auto sum = by_account.aggregate([] { return Number{0}; },
                                  [](const Text&, Number cents, Number total) { return total + cents; },
                                  {.store_name = "balance"});
  // [/aggregations]
  sum.to_stream().to("balances");
  millrace::TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Number>("payments");
  in.pipe_input("ada", 5);
  in.pipe_input("ada", 3);
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("payments").get("ada")), 2);
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("largest").get("ada")), 5);
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("balance").get("ada")), 8);
}

TEST(GuideState, DeletingRows) {
  millrace::StreamsBuilder builder;
  // [deleting]
  builder.stream<Text, Number>("stock-changes")
      .group_by_key()
      .aggregate([] { return Number{0}; },
                 [](const Text&, Number change, Number stock) -> std::optional<Number> {
                   Number now = stock + change;
                   if (now == 0) return std::nullopt;  // the row is deleted, and a null goes downstream
                   return now;
                 },
                 {.store_name = "stock"})
      // [/deleting]
      .to_stream()
      .to("stock");
  millrace::TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Number>("stock-changes");
  in.pipe_input("nail", 5);
  in.pipe_input("nail", -5);
  auto out = driver.create_output_topic<Text, Number>("stock");
  EXPECT_EQ(out.read_value(), 5);
  EXPECT_EQ(out.read_value(), std::nullopt);
  EXPECT_TRUE((driver.get_key_value_store<Text, Number>("stock").all().empty()));
}

// [processor]
// Lets the first record of each key pass, and nothing after it.
class FirstOnly : public millrace::Processor<Text, Text, Text, Text> {
 public:
  void init(Context& context) override { seen_ = context.state_store<Text, bool>("seen"); }

  void process(const millrace::Record<Text, Text>& record) override {
    if (seen_.put_if_absent(*record.key, true)) return;
    context().forward(record);
  }

 private:
  millrace::KeyValueStore<Text, bool> seen_;  // a handle; the state itself is the engine's
};

millrace::Topology first_only() {
  millrace::StreamsBuilder builder;
  builder.add_state_store(millrace::KeyValueStoreBuilder<Text, bool>{.name = "seen"});
  builder.stream<Text, Text>("in")
      .process([] { return std::make_unique<FirstOnly>(); }, {.stores = {"seen"}})
      .to("out");
  return builder.build();
}
// [/processor]

TEST(GuideState, Processors) {
  millrace::TopologyTestDriver driver(first_only());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("a", "1");
  in.pipe_input("a", "2");
  driver.restart();
  in.pipe_input("a", "3");
  auto out = driver.create_output_topic<Text, Text>("out");
  EXPECT_EQ(out.read_value(), "1");
  EXPECT_TRUE(out.empty());
}

TEST(GuideState, StoresThatAreNotConnected) {
  millrace::StreamsBuilder builder;
  builder.stream<Text, Text>("in").process([] { return std::make_unique<FirstOnly>(); }, {.name = "first"}).to("out");
  try {
    millrace::TopologyTestDriver driver(builder.build());
    FAIL();
  } catch (const millrace::StreamsFailed& failed) {
    expect_message("store_missing.txt", failed.what());
  }
}

TEST(GuideState, Tables) {
  millrace::StreamsBuilder builder;
  // [table]
  auto prices = builder.table<Text, Number>("prices", {.store_name = "prices"});
  prices.to_stream().to("price-changes");
  // [/table]
  millrace::TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Number>("prices");
  in.pipe_input("tea", 250);
  in.pipe_input("tea", 270);
  in.pipe_input("coffee", 300);
  in.pipe_input("coffee", std::nullopt);  // deletes the row
  auto store = driver.get_key_value_store<Text, Number>("prices");
  EXPECT_EQ(store.get("tea"), 270);
  EXPECT_EQ(store.get("coffee"), std::nullopt);
}

// [table_store]
class Pricing : public millrace::Processor<Text, Number, Text, Number> {
 public:
  void init(Context& context) override {
    prices_ = context.state_store<Text, millrace::ValueAndTimestamp<Number>>("prices");
  }
  void process(const millrace::Record<Text, Number>& order) override {
    auto price = prices_.get(*order.key);
    if (price) context().forward({order.key, *order.value * price->value, order.timestamp, {}});
  }

 private:
  millrace::KeyValueStore<Text, millrace::ValueAndTimestamp<Number>> prices_;
};

millrace::Topology pricing() {
  millrace::StreamsBuilder builder;
  auto prices = builder.table<Text, Number>("prices", {.store_name = "prices"});
  builder.stream<Text, Number>("orders")
      .process([] { return std::make_unique<Pricing>(); }, {.stores = {prices.store_name()}})
      .to("sums");
  return builder.build();
}
// [/table_store]

TEST(GuideState, StoresOfTables) {
  millrace::TopologyTestDriver driver(pricing());
  driver.create_input_topic<Text, Number>("prices").pipe_input("tea", 250);
  driver.create_input_topic<Text, Number>("orders").pipe_input("tea", 3);
  EXPECT_EQ((driver.create_output_topic<Text, Number>("sums").read_value()), 750);
}

TEST(GuideState, Caching) {
  millrace::StreamsBuilder builder;
  auto scans = builder.stream<Text, Text>("scans");  // gate -> ticket
  // [caching]
  scans.group_by_key().count({.store_name = "per-gate", .caching = true}).to_stream().to("gate-totals");
  // [/caching]
  millrace::TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("scans");
  driver.hold_commits();
  for (int i = 0; i < 100; ++i) in.pipe_input("north", "ticket");
  driver.commit();
  auto out = driver.create_output_topic<Text, Number>("gate-totals");
  EXPECT_EQ(out.read_value(), 100);
  EXPECT_TRUE(out.empty());
}

TEST(GuideState, Ranges) {
  class Report : public millrace::Processor<Text, Text, Text, Number> {
   public:
    void init(Context& context) override { store_ = context.state_store<Text, Number>("stock"); }
    void process(const millrace::Record<Text, Text>& record) override {
      if (*record.value == "fill") {
        for (const char* name : {"nail-10", "nail-20", "screw-10"}) store_.put(name, 1);
        return;
      }
      // [range]
      // from <= key < to, in the order of the serialized keys: for strings, of their bytes.
      for (const auto& [name, count] : store_.range("nail-", "nail.")) {
        context().forward({name, count, record.timestamp, {}});
        store_.erase(name);  // the walk sees the store as of its beginning
      }
      // [/range]
    }

   private:
    millrace::KeyValueStore<Text, Number> store_;
  };
  millrace::StreamsBuilder builder;
  builder.add_state_store(millrace::KeyValueStoreBuilder<Text, Number>{.name = "stock"});
  builder.stream<Text, Text>("in").process([] { return std::make_unique<Report>(); }, {.stores = {"stock"}}).to("out");
  millrace::TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("", "fill");
  in.pipe_input("", "report");
  EXPECT_EQ((driver.create_output_topic<Text, Number>("out").read_key_values_to_map().size()), 2U);
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("stock").all().size()), 1U);
}

}  // namespace
