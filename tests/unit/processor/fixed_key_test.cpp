// process_values(): processors that cannot change the key. And children that are chosen by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inline_processor.hpp"

namespace millrace {
namespace {

using namespace processor_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Incoming = FixedKeyRecord<Text, Text>;

class FixedKeyLambda final : public FixedKeyProcessor<Text, Text, Text> {
 public:
  using Body = std::function<void(Context&, const Incoming&)>;
  explicit FixedKeyLambda(Body body) : body_(std::move(body)) {}
  void process(const Incoming& record) override { body_(context(), record); }

 private:
  Body body_;
};
auto fixed(FixedKeyLambda::Body body) {
  return [body] { return std::make_unique<FixedKeyLambda>(body); };
}

struct Counting final : FixedKeyProcessor<Text, Text, Number> {
  void init(Context& context) override { seen_ = context.state_store<Text, Number>("seen"); }
  void process(const Incoming& record) override {
    const Number count = seen_.get(*record.key()).value_or(0) + 1;
    seen_.put(*record.key(), count);
    context().forward(record.with_value(count));
  }
  KeyValueStore<Text, Number> seen_;
};

std::vector<std::string> read(TopologyTestDriver& driver, const std::string& topic) {
  std::vector<std::string> texts;
  for (const auto& r : driver.create_output_topic<Text, Text>(topic).read_records_to_list()) {
    texts.push_back(r.key.value_or("null") + "=" + r.value.value_or("null") + "@" +
                    std::to_string(r.timestamp.time_since_epoch().count()) + (r.headers.empty() ? "" : " h"));
  }
  return texts;
}

TEST(ProcessValues, KeepsKeyTimeAndHeadersUnlessTold) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .process_values(fixed([](auto& context, const Incoming& record) {
        context.forward(record);
        context.forward(record.with_value(*record.value() + "!").with_timestamp(at(7)));
        context.forward(record.with_headers({}));
        context.forward(record.template with_value<Text>(std::nullopt));
      }))
      .to("out");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in").pipe_input({"k", "v", at(5), {{"h", "x"}}});
  EXPECT_THAT(read(driver, "out"), ElementsAre("k=v@5 h", "k=v!@7 h", "k=v@5", "k=null@5 h"));
}

TEST(ProcessValues, NeedsNoRepartitioningBehindIt) {
  StreamsBuilder builder;
  builder.add_state_store(KeyValueStoreBuilder<Text, Number>{.name = "seen"});
  (void)builder.stream<Text, Text>("in")
      .process_values([] { return std::make_unique<Counting>(); }, {.stores = {"seen"}})
      .group_by_key()
      .count({.store_name = "c"});
  Topology topology = builder.build();
  EXPECT_TRUE(topology.repartitions().empty());
  TopologyTestDriver driver(std::move(topology));
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "a");
  driver.restart();
  in.pipe_input("k", "b");
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("seen").get("k")), 2);
  EXPECT_EQ((driver.get_key_value_store<Text, Number>("c").get("k")), 2);
}

TEST(ProcessValues, RemembersThatTheKeyHadChangedBefore) {
  StreamsBuilder builder;
  (void)builder.stream<Text, Text>("in")
      .select_key([](const Text& v) { return v; })
      .process_values(fixed([](auto& context, const Incoming& record) { context.forward(record); }))
      .group_by_key()
      .count();
  EXPECT_EQ(builder.build().repartitions().size(), 1U);
}

TEST(ProcessValues, GivesRecordsThatMayBeKept) {
  // A copy owns what it holds: the record that process() got is gone by then.
  StreamsBuilder builder;
  auto kept = std::make_shared<std::vector<Incoming>>();
  builder.stream<Text, Text>("in")
      .process_values(fixed([kept](auto& context, const Incoming& record) {
        for (const Incoming& before : *kept) context.forward(before);
        kept->push_back(record);
      }))
      .to("out");
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("first key, too long for the small buffer", "first value, too long for the small buffer");
  in.pipe_input("second", "v");
  EXPECT_THAT(read(driver, "out"),
              ElementsAre("first key, too long for the small buffer=first value, too long for the small buffer@0"));
}

TEST(NamedChildren, GetWhatIsForwardedToThemAlone) {
  StreamsBuilder builder;
  Code code;
  code.process = [](Context& context, const TextRecord& record) {
    context.forward(record, *record.value);
    context.forward(record.with_value<Text>("all"));
  };
  auto worker = builder.stream<Text, Text>("in").process([code] { return std::make_unique<InlineProcessor>(code); });
  worker.to("left-out", {.name = "left"});
  worker.to("right-out", {.name = "right"});
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "right");
  in.pipe_input("k", "left");
  EXPECT_THAT(read(driver, "left-out"), ElementsAre("k=all@0", "k=left@0", "k=all@0"));
  EXPECT_THAT(read(driver, "right-out"), ElementsAre("k=right@0", "k=all@0", "k=all@0"));
}

TEST(NamedChildren, OfFixedKeyProcessorsToo) {
  StreamsBuilder builder;
  auto worker = builder.stream<Text, Text>("in").process_values(
      fixed([](auto& context, const Incoming& record) { context.forward(record, "right"); }));
  worker.to("left-out", {.name = "left"});
  worker.to("right-out", {.name = "right"});
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("in").pipe_input("k", "v");
  EXPECT_THAT(read(driver, "left-out"), ElementsAre());
  EXPECT_THAT(read(driver, "right-out"), ElementsAre("k=v@0"));
}

TEST(NamedChildren, ThatAreNotThereFailWithThoseThatAre) {
  Code code;
  code.process = [](Context& context, const TextRecord& record) { context.forward(record, "lef"); };
  StreamsBuilder builder;
  auto worker = builder.stream<Text, Text>("in").process([code] { return std::make_unique<InlineProcessor>(code); },
                                                         {.name = "worker"});
  worker.to("left-out", {.name = "left"});
  worker.to("right-out", {.name = "right"});
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  const Error error = failure_of([&] { in.pipe_input("k", "v"); });
  EXPECT_EQ(error.code(), ErrorCode::ChildUnknown);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("MR-0310"), HasSubstr("forwarded to \"lef\""),
                                       HasSubstr("left, right"), HasSubstr("worker"), HasSubstr("in[0]@0")));
}

}  // namespace
}  // namespace millrace
