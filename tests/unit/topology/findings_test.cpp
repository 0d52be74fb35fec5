// Faults of a topology are all reported at once, each with the operator concerned and what to do.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/topology/name_faults.hpp>

#include "golden.hpp"
#include "sample_topologies.hpp"

namespace millrace {
namespace {

using sample::Text;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Opaque {};

template <class Build>
std::vector<std::string> findings(Build build) {
  StreamsBuilder builder;
  build(builder);
  try {
    (void)builder.build();
  } catch (const TopologyError& error) {
    EXPECT_EQ(error.code(), ErrorCode::TopologyInvalid);
    return error.findings();
  }
  return {};
}

TEST(TopologyFindings, ComeAllAtOnce) {
  StreamsBuilder builder;
  auto lines = builder.stream<Text, Text>("lines");
  builder.stream<Text, std::int64_t>("lines").to("numbers");
  lines.filter([](const Text&) { return true; }, {.name = "same"}).to("bad topic");
  lines.filter([](const Text&) { return true; }, {.name = "same"}).to("out");
  lines.map_values([](const Text&) { return Opaque{}; }).to("opaque");
  lines.process([] { return std::make_unique<sample::Relay>(); }, {.stores = {"nowhere"}});
  (void)lines.group_by_key().count({.store_name = "twice"});
  (void)lines.group_by_key().count({.store_name = "twice"});
  lines.peek([](const Text&) {}, {.name = "no/slash"});
  builder.add_state_store(KeyValueStoreBuilder<Text, Text>{.name = "idle"});
  builder.add_state_store(KeyValueStoreBuilder<Text, Opaque>{.name = "*"});
  try {
    (void)builder.build();
    FAIL() << "the topology was accepted";
  } catch (const TopologyError& error) {
    testing_golden::expect_golden("findings.txt", std::string(error.what()) + "\n");
  }
}

TEST(TopologyFindings, AreNoneForAGoodTopology) {
  EXPECT_THAT(findings([](StreamsBuilder& builder) { builder.stream<Text, Text>("lines").to("out"); }), ElementsAre());
}

TEST(TopologyFindings, NameAnEmptyTopology) {
  EXPECT_THAT(findings([](StreamsBuilder&) {}),
              ElementsAre(HasSubstr("has no source: begin with stream() or table()")));
}

TEST(TopologyFindings, NameAMissingSerdeAndTheRemedies) {
  auto found = findings([](StreamsBuilder& builder) {
    builder.stream<Text, Text>("lines").map_values([](const Text&) { return Opaque{}; }).to("out");
  });
  EXPECT_THAT(found,
              ElementsAre(AllOf(HasSubstr("lines.map_values.to"), HasSubstr("value of type "), HasSubstr("Opaque"),
                                HasSubstr("MILLRACE_DESCRIBE"), HasSubstr(".value_serde"))));
}

TEST(TopologyFindings, NameAMissingSerdeOfAStateStore) {
  auto found = findings([](StreamsBuilder& builder) {
    builder.add_state_store(KeyValueStoreBuilder<Opaque, Text>{.name = "store"});
    builder.stream<Text, Text>("lines").process([] { return std::make_unique<sample::End>(); }, {.stores = {"store"}});
  });
  EXPECT_THAT(found, ElementsAre(AllOf(HasSubstr("key of type "), HasSubstr("Opaque"), HasSubstr(".key_serde"))));
}

TEST(TopologyFindings, NameTheTypesOfATopicReadTwice) {
  auto found = findings([](StreamsBuilder& builder) {
    builder.stream<Text, Text>("lines").to("a");
    builder.stream<Text, std::int64_t>("lines", {.name = "other"}).to("b");
  });
  EXPECT_THAT(found,
              ElementsAre(AllOf(HasSubstr("\"lines\""), HasSubstr("\"other\""), HasSubstr("other types or options"))));
}

TEST(TopologyFindings, NameATopicReadWithTwoResetPolicies) {
  auto found = findings([](StreamsBuilder& builder) {
    builder.stream<Text, Text>("lines", {.offset_reset = OffsetReset::Earliest}).to("a");
    builder.stream<Text, Text>("lines", {.name = "again", .offset_reset = OffsetReset::Latest}).to("b");
  });
  EXPECT_THAT(found, ElementsAre(HasSubstr("other types or options")));
}

TEST(TopologyFindings, NameATopicReadWithTwoSerdes) {
  // The second serde cannot be honoured where the source is shared; reading with the first one would misread the bytes.
  auto found = findings([](StreamsBuilder& builder) {
    auto odd = make_serde<Text>([](const Text& text, Bytes& out) { out += text; },
                                [](BytesView bytes) -> Result<Text> { return Text(bytes) + "?"; });
    builder.stream<Text, Text>("lines").to("a");
    builder.stream<Text, Text>("lines", {.value_serde = odd}).to("b");
  });
  EXPECT_THAT(found, Contains(HasSubstr("other types or options")));
}

TEST(TopologyFindings, NameTwoGroupsOfOneRepartitionTopic) {
  // Sharing the topic would lose the records of the second stream.
  auto found = findings([](StreamsBuilder& builder) {
    auto by_value = [](const Text& v) { return v; };
    (void)builder.stream<Text, Text>("left").group_by(by_value, {.name = "grouped"}).count({.store_name = "l"});
    (void)builder.stream<Text, Text>("right").group_by(by_value, {.name = "grouped"}).count({.store_name = "r"});
  });
  EXPECT_THAT(found, ElementsAre(AllOf(HasSubstr("grouped-repartition"), HasSubstr("right"))));
}

/// `store` and `group` of one count behind a group_by.
Topology counting(const std::string& store, const std::string& group = "") {
  StreamsBuilder builder;
  builder.stream<Text, Text>("lines")
      .group_by([](const Text& v) { return v; }, {.name = group})
      .count({.store_name = store, .name = "counted"})
      .to_stream()
      .to("app-counts-changelog");
  return builder.build();
}

TEST(TopologyFindings, NameInternalTopicsThatNoApplicationCouldHave) {
  // "a-" + 237 + "-changelog" is 249.
  EXPECT_NO_THROW(counting(std::string(237, 's'), "g"));
  // "a-" + 235 + "-repartition" is 249.
  EXPECT_NO_THROW(counting("s", std::string(235, 'g')));
  auto found = findings([](StreamsBuilder& builder) {
    auto lines = builder.stream<Text, Text>("lines");
    auto by_value = [](const Text& v) { return v; };
    (void)lines.group_by(by_value, {.name = std::string(236, 'g')}).count({.store_name = "s", .name = "one"});
    (void)lines.group_by_key().count({.store_name = std::string(240, 's'), .name = "two"});
    (void)lines.group_by(by_value, {.name = "bad group"}).count({.store_name = "t", .name = "three"});
  });
  EXPECT_THAT(
      found,
      ElementsAre(AllOf(HasSubstr("operator \"two\": its changelog topic"), HasSubstr("at least 252 characters"),
                        HasSubstr("give the store a name shorter by 3")),
                  AllOf(HasSubstr("operator \"lines.group_by\": its repartition topic"),
                        HasSubstr("at least 250 characters"), HasSubstr("give the group a name shorter by 1")),
                  AllOf(HasSubstr("operator \"lines.group_by-2\": its repartition topic cannot be named \"bad group"),
                        HasSubstr("[a-zA-Z0-9._-]"))));
}

TEST(TopologyFindings, NameInternalTopicsThatThisApplicationCannotHave) {
  Topology topology = counting(std::string(200, 's'), std::string(200, 'g'));
  EXPECT_THAT(name_faults(topology, std::string(36, 'a')), ElementsAre());
  EXPECT_THAT(
      name_faults(topology, std::string(37, 'a')),
      ElementsAre(AllOf(HasSubstr("operator \"lines.group_by\": its repartition topic"), HasSubstr("250 characters"))));
  EXPECT_THAT(name_faults(topology, std::string(249, 'a')),
              ElementsAre(HasSubstr("operator \"counted\": its changelog topic"),
                          HasSubstr("give the group or the application a name shorter by 213")));
}

TEST(TopologyFindings, NameOperatorsThatWriteToInternalTopics) {
  Topology topology = counting("counts");
  EXPECT_THAT(name_faults(topology, "application"), ElementsAre());
  EXPECT_THAT(name_faults(topology, "app"),
              ElementsAre(AllOf(HasSubstr("operator \"counted.to_stream.to\" writes to \"app-counts-changelog\""),
                                HasSubstr("the changelog topic of operator \"counted\""))));
}

TEST(TopologyFindings, LeaveTheBuilderAsItIs) {
  StreamsBuilder builder;
  EXPECT_THROW((void)builder.build(), TopologyError);
  builder.stream<Text, Text>("lines").to("out");
  EXPECT_EQ(builder.build().nodes().size(), 2U);
  EXPECT_EQ(builder.build().nodes().size(), 2U);
}

}  // namespace
}  // namespace millrace
