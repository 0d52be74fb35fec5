// Operators are named by their parent's name, the verb, and their ordinal among siblings of that verb.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_topologies.hpp"

namespace millrace {
namespace {

using sample::Text;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

auto keep() {
  return [](const Text&, const Text&) { return true; };
}
std::vector<std::string> names_of(const Topology& topology) {
  std::vector<std::string> names;
  for (const NodeSpec& node : topology.nodes()) names.push_back(node.name);
  return names;
}
/// Everything whose name outlives an upgrade: operators, stores, internal topics.
std::vector<std::string> all_names(const Topology& topology) {
  std::vector<std::string> names = names_of(topology);
  for (const auto& [name, store] : topology.stores()) names.push_back(name);
  for (const RepartitionSpec& repartition : topology.repartitions()) names.push_back(repartition.topic.name);
  return names;
}

TEST(Naming, FollowsThePathOfTheVerbs) {
  EXPECT_THAT(
      names_of(sample::word_count()),
      ElementsAre("text-lines", "text-lines.flat_map_values", "text-lines.flat_map_values.group_by",
                  "word-counts-repartition-sink", "word-counts-repartition-source",
                  "text-lines.flat_map_values.group_by.count", "text-lines.flat_map_values.group_by.count.to_stream",
                  "text-lines.flat_map_values.group_by.count.to_stream.to"));
}

TEST(Naming, CountsSiblingsOfOneVerbFromTheSecondOn) {
  StreamsBuilder builder;
  auto lines = builder.stream<Text, Text>("lines");
  lines.filter(keep()).to("a");
  lines.filter_not(keep()).to("b");
  lines.filter(keep()).to("c");
  lines.filter(keep()).to("d");
  EXPECT_THAT(names_of(builder.build()), IsSupersetOf({"lines.filter", "lines.filter_not", "lines.filter-2",
                                                       "lines.filter-3", "lines.filter-3.to"}));
}

TEST(Naming, OfOneOperatorStartsThePathsBelowIt) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("lines", {.name = "input"})
      .filter(keep(), {.name = "good"})
      .map_values([](const Text& v) { return v; })
      .to("out");
  EXPECT_THAT(names_of(builder.build()), ElementsAre("input", "good", "good.map_values", "good.map_values.to"));
}

Topology shop(bool with_extras) {
  StreamsBuilder builder;
  auto orders = builder.stream<Text, Text>("orders");
  if (with_extras) {
    builder.stream<Text, Text>("returns").filter(keep()).to("kept-returns");
    orders.peek([](const Text&) {});
    (void)orders.select_key([](const Text& v) { return v; }).group_by_key().count();
  }
  auto paid = orders.filter(keep());
  if (with_extras) paid.map_values([](const Text& v) { return v + v; }).to("doubled");
  paid.group_by([](const Text& v) { return v; }).count().to_stream().to("counts");
  paid.group_by_key().reduce([](const Text&, const Text& b) { return b; }).to_stream().to("latest");
  if (with_extras)
    builder.table<Text, Text>("customers", {.store_name = "customers"}).to_stream().to("customer-changes");
  return builder.build();
}

TEST(Naming, IsNotChangedByOperatorsInsertedElsewhere) {
  auto before = all_names(shop(false));
  auto after = all_names(shop(true));
  EXPECT_GT(after.size(), before.size());
  EXPECT_THAT(after, IsSupersetOf(before));
}

TEST(Naming, GivesDefaultStoresTheNameOfTheirOperator) {
  EXPECT_THAT(all_names(shop(false)), IsSupersetOf({"orders.filter.group_by.count-store", "orders.filter.reduce-store",
                                                    "orders.filter.group_by.count-repartition"}));
}

std::vector<std::string> long_path(std::size_t length) {
  StreamsBuilder builder;
  auto stream = builder.stream<Text, Text>("lines");
  for (std::size_t i = 0; i < length; ++i) stream = stream.filter(keep());
  stream.to("out");
  return names_of(builder.build());
}

TEST(Naming, HashesTheTailOfNamesOverTwoHundredCharacters) {
  auto names = long_path(60);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const std::string& name : names) EXPECT_LE(name.size(), 200U) << name;
  EXPECT_TRUE(names.back().starts_with("lines.filter.filter."));
  EXPECT_EQ(names, long_path(60));
}

TEST(Naming, OfALongPathIsStableOverVersions) {
  // Stores and topics carry these names: another hash would orphan them.
  auto names = long_path(29);
  std::string head = "lines";
  for (int i = 0; i < 25; ++i) head += ".filter";
  EXPECT_EQ(names.back(), head + ".fi-1e1cfee9e4b9c1d1");
}

}  // namespace
}  // namespace millrace
