// Stores whose values carry a timestamp, and tables' stores, as processors use them.
#include <algorithm>
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
using ::testing::Pair;

using Stamped = ValueAndTimestamp<Text>;

/// Keeps the larger timestamp of each key, and forwards what it had before.
Code keeping() {
  return {.process = [](Context& context, const TextRecord& record) {
    auto rows = context.state_store<Text, Stamped>("rows");
    auto before = rows.get(*record.key);
    if (before) context.forward({record.key, before->value, before->timestamp, {}});
    if (!record.value) return rows.erase(*record.key);
    rows.put(*record.key, {*record.value, before ? std::max(before->timestamp, record.timestamp) : record.timestamp});
  }};
}

TEST(TimestampedStore, KeepsAValueWithItsTime) {
  TopologyTestDriver driver(with_store(TimestampedKeyValueStoreBuilder<Text, Text>{.name = "rows"}, keeping()));
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("a", "1", at(5));
  in.pipe_input("a", "2", at(3));
  in.pipe_input("b", "", at(7));
  in.pipe_input("a", "3", at(9));
  EXPECT_THAT(records(driver, "out"), ElementsAre("a=1@5", "a=2@5"));
  // The changelog is as Kafka Streams writes it: the plain value, at its time.
  EXPECT_THAT(records(driver, "test-rows-changelog"), ElementsAre("a=1@5", "a=2@5", "b=@7", "a=3@9"));
  EXPECT_THAT((driver.get_key_value_store<Text, Stamped>("rows").all()),
              ElementsAre(Pair("a", Stamped{"3", at(9)}), Pair("b", Stamped{"", at(7)})));
  EXPECT_EQ((driver.get_key_value_store<Text, Text>("rows").get("a")), "3");
  driver.restart();  // from the changelog
  EXPECT_EQ((driver.get_key_value_store<Text, Stamped>("rows").get("a")), (Stamped{"3", at(9)}));
  in.pipe_input("a", std::nullopt, at(9));
  EXPECT_EQ((driver.get_key_value_store<Text, Stamped>("rows").get("a")), std::nullopt);
}

TEST(TimestampedStore, WalksLikeAnyOther) {
  std::vector<std::string> seen;
  TopologyTestDriver driver(with_store(
      TimestampedKeyValueStoreBuilder<Text, Text>{.name = "rows", .persistent = false},
      {.process = [&seen](Context& context, const TextRecord& record) {
        auto rows = context.state_store<Text, Stamped>("rows");
        rows.put(*record.key, {*record.value, record.timestamp});
        seen.clear();
        for (auto [key, row] : rows.reverse_all()) {
          seen.push_back(key + "=" + row.value + "@" + std::to_string(row.timestamp.time_since_epoch().count()));
        }
      }}));
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("a", "1", at(5));
  in.pipe_input("b", "2", at(6));
  EXPECT_THAT(seen, ElementsAre("b=2@6", "a=1@5"));
}

TEST(TimestampedStore, TakesASerdeOfItsOwn) {
  auto shouting = make_serde<Text>(
      [](const Text& text, Bytes& out) { out += text + "!"; },
      [](BytesView bytes) -> Result<Text> { return Text(bytes.substr(0, bytes.size() - 1)); });
  TopologyTestDriver driver(
      with_store(TimestampedKeyValueStoreBuilder<Text, Text>{.name = "rows", .value_serde = shouting}, keeping()));
  driver.create_input_topic<Text, Text>("in").pipe_input("a", "1", at(5));
  EXPECT_THAT(records(driver, "test-rows-changelog"), ElementsAre("a=1!@5"));
  EXPECT_EQ((driver.get_key_value_store<Text, Text>("rows").get("a")), "1");
}

TEST(TimestampedStore, SaysWhatToAskFor) {
  TopologyTestDriver driver(with_store(TimestampedKeyValueStoreBuilder<Text, Text>{.name = "rows"},
                                       {.process = [](Context& context, const TextRecord&) {
                                         (void)context.state_store<Text, Text>("rows");
                                       }}));
  auto in = driver.create_input_topic<Text, Text>("in");
  Error error = failure_of([&] {
    in.pipe_input("a", "1");
    (void)driver.produced_topic_names();
  });
  EXPECT_EQ(error.code(), ErrorCode::StoreTypeMismatch);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("rows"), HasSubstr("ask for ValueAndTimestamp<V>")));
}

TEST(TimestampedStore, RefusesTypesWithoutASerde) {
  struct Opaque {};
  StreamsBuilder builder;
  builder.add_state_store(TimestampedKeyValueStoreBuilder<Text, Opaque>{.name = "rows"});
  builder.stream<Text, Text>("in").process([] { return std::make_unique<InlineProcessor>(Code{}); },
                                           {.stores = {"rows"}});
  EXPECT_THROW((void)builder.build(), TopologyError);
}

TEST(TimestampedStore, DecodesNoMoreThanItHas) {
  auto serde = timestamped_serde(Serde<Text>());
  auto broken = serde.deserialize("1234567");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code(), ErrorCode::DeserializationFailed);
  EXPECT_THAT(broken.error().to_string(), HasSubstr("got 7 bytes"));
}

TEST(TableStore, IsReadByProcessorsThatNameIt) {
  for (bool caching : {false, true}) {
    SCOPED_TRACE(caching);
    StreamsBuilder builder;
    auto prices = builder.table<Text, Text>("prices", {.store_name = "prices", .caching = caching});
    builder.stream<Text, Text>("in")
        .process([] {
          return std::make_unique<InlineProcessor>(Code{.process = [](Context& context, const TextRecord& record) {
            auto price = context.state_store<Text, Stamped>("prices").get(*record.key);
            context.forward({record.key, price ? price->value : "unknown", price ? price->timestamp : at(0), {}});
          }});
        },
                 {.stores = {prices.store_name()}})
        .to("out");
    TopologyTestDriver driver(builder.build());
    driver.create_input_topic<Text, Text>("prices").pipe_input("tea", "3", at(8));
    auto in = driver.create_input_topic<Text, Text>("in");
    in.pipe_input("tea", "buy", at(9));
    in.pipe_input("rum", "buy", at(9));
    EXPECT_THAT(records(driver, "out"), ElementsAre("tea=3@8", "rum=unknown@0"));
  }
}

}  // namespace
}  // namespace millrace
