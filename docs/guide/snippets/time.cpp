#include "guide_test.hpp"

namespace {

using namespace std::chrono_literals;
using Text = std::string;

millrace::Timestamp at(std::chrono::milliseconds since) { return millrace::Timestamp(since); }

// [punctuator]
// Emits, every ten seconds of stream time, how many records came since.
class Rate : public millrace::Processor<Text, Text, Text, std::int64_t> {
 public:
  void init(Context& context) override {
    store_ = context.state_store<Text, std::int64_t>("since");
    context.schedule(10s, millrace::PunctuationType::StreamTime, [this](millrace::Timestamp now) {
      this->context().forward({"records", store_.get("count").value_or(0), now, {}});
      store_.put("count", 0);
    });
  }
  void process(const millrace::Record<Text, Text>&) override {
    store_.put("count", store_.get("count").value_or(0) + 1);
  }

 private:
  millrace::KeyValueStore<Text, std::int64_t> store_;
};
// [/punctuator]

TEST(GuideTime, StreamTime) {
  millrace::StreamsBuilder builder;
  builder.add_state_store(millrace::KeyValueStoreBuilder<Text, std::int64_t>{.name = "since"});
  builder.stream<Text, Text>("in").process([] { return std::make_unique<Rate>(); }, {.stores = {"since"}}).to("out");
  millrace::TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  auto out = driver.create_output_topic<Text, std::int64_t>("out");
  in.pipe_input("a", "x", at(0s));
  EXPECT_EQ(out.read_value(), 1) << "stream time begins with the first record, and so do its punctuators";
  in.pipe_input("a", "x", at(4s));
  in.pipe_input("a", "x", at(2s));  // late: stream time stays at 4 s
  EXPECT_TRUE(out.empty());
  driver.advance_wall_clock_time(1h);
  EXPECT_TRUE(out.empty()) << "no record, no stream time";
  in.pipe_input("a", "x", at(35s));
  EXPECT_EQ(out.read_value(), 3) << "missed intervals become one call";
  EXPECT_TRUE(out.empty());
}

}  // namespace
