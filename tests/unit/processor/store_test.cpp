// Typed stores as processors use them.
#include <cstdint>
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
using ::testing::IsEmpty;
using ::testing::Pair;

using Store = KeyValueStore<Text, Text>;
using Entries = std::vector<std::pair<Text, Text>>;

Entries entries(TypedRange<Text, Text> range) {
  Entries found;
  for (auto entry : range) found.push_back(entry);
  return found;
}

/// Runs `use` within one process() call.
template <class Use>
void with_store(Use use) {
  Worker worker({.process =
                     [use](Context& context, const TextRecord&) {
                       Store store = context.state_store<Text, Text>("store");
                       use(store);
                     }},
                {"store"});
  worker.pipe("k", "v");
}

TEST(TypedStore, GetsWhatWasPut) {
  with_store([](Store& store) {
    EXPECT_EQ(store.name(), "store");
    EXPECT_EQ(store.get("a"), std::nullopt);
    store.put("a", "1");
    store.put("", "");
    EXPECT_EQ(store.get("a"), "1");
    EXPECT_EQ(store.get(""), "");
    store.put("a", "2");
    EXPECT_EQ(store.get("a"), "2");
    store.erase("a");
    EXPECT_EQ(store.get("a"), std::nullopt);
    store.erase("never");
  });
}

TEST(TypedStore, PutsOnlyWhereNothingIsIfAsked) {
  with_store([](Store& store) {
    EXPECT_EQ(store.put_if_absent("a", "1"), std::nullopt);
    EXPECT_EQ(store.put_if_absent("a", "2"), "1");
    EXPECT_EQ(store.get("a"), "1");
    store.erase("a");
    EXPECT_EQ(store.put_if_absent("a", "3"), std::nullopt);
    EXPECT_EQ(store.get("a"), "3");
  });
}

TEST(TypedStore, WalksARangeInOrder) {
  with_store([](Store& store) {
    for (const char* key : {"d", "b", "a", "c", "\xff"}) store.put(key, Text(key) + key);
    EXPECT_THAT(entries(store.range("b", "d")), ElementsAre(Pair("b", "bb"), Pair("c", "cc")));
    EXPECT_THAT(entries(store.range(std::nullopt, "b")), ElementsAre(Pair("a", "aa")));
    EXPECT_THAT(entries(store.range("d", std::nullopt)), ElementsAre(Pair("d", "dd"), Pair("\xff", "\xff\xff")));
    EXPECT_THAT(entries(store.range("d", "b")), IsEmpty());
    EXPECT_THAT(entries(store.range("b", "b")), IsEmpty());
    EXPECT_EQ(entries(store.all()).size(), 5U);
  });
}

TEST(TypedStore, WalksARangeDownwards) {
  with_store([](Store& store) {
    for (const char* key : {"d", "b", "a", "c"}) store.put(key, "v");
    EXPECT_THAT(entries(store.reverse_range("b", "d")), ElementsAre(Pair("c", "v"), Pair("b", "v")));
    EXPECT_THAT(entries(store.reverse_range("c", std::nullopt)), ElementsAre(Pair("d", "v"), Pair("c", "v")));
    EXPECT_THAT(entries(store.reverse_range("d", "b")), IsEmpty());
    Text keys;
    for (auto [key, value] : store.reverse_all()) {
      keys += key;
      store.erase("a");  // the walk still shows it
    }
    EXPECT_EQ(keys, "dcba");
  });
}

TEST(TypedStore, WalksTheKeysThatBeginWithAPrefix) {
  with_store([](Store& store) {
    for (const char* key : {"team-1/bob", "team-1/eve", "team-10/al", "team-2/joe"}) store.put(key, "v");
    EXPECT_THAT(entries(store.prefix_scan("team-1/")), ElementsAre(Pair("team-1/bob", "v"), Pair("team-1/eve", "v")));
    EXPECT_THAT(entries(store.prefix_scan("team-3")), IsEmpty());
    EXPECT_EQ(entries(store.prefix_scan("")).size(), 4U);
    // Any type will do whose bytes are a prefix of those of the keys.
    const Serde<std::uint16_t> pair;
    EXPECT_EQ(entries(store.prefix_scan(std::uint16_t{0x7465}, pair)).size(), 4U);
    EXPECT_THAT(entries(store.prefix_scan(std::uint16_t{0x7466}, pair)), IsEmpty());
  });
}

TEST(TypedStore, ShowsAnIteratorTheStoreAsOfItsMaking) {
  with_store([](Store& store) {
    for (const char* key : {"a", "b", "c"}) store.put(key, "old");
    Entries seen;
    for (auto [key, value] : store.all()) {
      seen.emplace_back(key, value);
      store.put(key, "new");
      store.erase("c");
      store.put("b2", "fresh");
    }
    EXPECT_THAT(seen, ElementsAre(Pair("a", "old"), Pair("b", "old"), Pair("c", "old")));
    EXPECT_THAT(entries(store.all()), ElementsAre(Pair("a", "new"), Pair("b", "new"), Pair("b2", "fresh")));
  });
}

TEST(TypedStore, MergesCommittedAndOpenEntries) {
  Entries seen;
  Worker worker({.process =
                     [&seen](Context& context, const TextRecord& record) {
                       auto store = context.state_store<Text, Text>("store");
                       if (*record.value == "erase") store.erase(*record.key);
                       else store.put(*record.key, *record.value);
                       seen = entries(store.all());
                     }},
                {"store"});
  worker.pipe("b", "1");
  worker.pipe("a", "2");
  worker.pipe("c", "3");
  worker.driver.hold_commits();
  worker.pipe("b", "erase");
  EXPECT_THAT(seen, ElementsAre(Pair("a", "2"), Pair("c", "3")));
  worker.pipe("b", "4");
  worker.pipe("a", "5");
  EXPECT_THAT(seen, ElementsAre(Pair("a", "5"), Pair("b", "4"), Pair("c", "3")));
  worker.driver.commit();
  EXPECT_THAT((worker.driver.get_key_value_store<Text, Text>("store").all()),
              ElementsAre(Pair("a", "5"), Pair("b", "4"), Pair("c", "3")));
}

TEST(TypedStore, LogsEachChangeWithTheRecordsTimestamp) {
  Worker worker({.process =
                     [](Context& context, const TextRecord& record) {
                       auto store = context.state_store<Text, Text>("store");
                       store.put(*record.key, *record.value);
                       store.erase("other");
                     }},
                {"store"});
  worker.pipe("a", "1", 7);
  std::vector<std::string> log;
  for (const auto& r : worker.driver.create_output_topic<Text, Text>("test-store-changelog").read_records_to_list()) {
    log.push_back(*r.key + "=" + r.value.value_or("null") + "@" +
                  std::to_string(r.timestamp.time_since_epoch().count()));
  }
  EXPECT_THAT(log, ElementsAre("a=1@7", "other=null@7"));
}

TEST(TypedStore, IsOnePerPartition) {
  Worker worker({.process =
                     [](Context& context, const TextRecord& record) {
                       auto store = context.state_store<Text, Text>("store");
                       context.forward({record.key, store.get("seen").value_or("nothing"), record.timestamp, {}});
                       store.put("seen", *record.value);
                     }},
                {"store"}, {.partitions = 2});
  worker.in.pipe_input({"k", "first", at(0), {}}, Partition(0));
  worker.in.pipe_input({"k", "second", at(0), {}}, Partition(1));
  worker.in.pipe_input({"k", "third", at(0), {}}, Partition(0));
  EXPECT_THAT(worker.out(), ElementsAre("k=nothing@0", "k=nothing@0", "k=first@0"));
}

TEST(TypedStore, ThatIsNotConnectedIsMissing) {
  Error error = failure_of([] {
    Worker worker({.init = [](Context& context) { (void)context.state_store<Text, Text>("elsewhere"); }}, {"store"});
  });
  EXPECT_EQ(error.code(), ErrorCode::StoreMissing);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("MR-0407"), HasSubstr("elsewhere"), HasSubstr("worker"),
                                       HasSubstr("connected: store"), HasSubstr("ProcessOptions::stores")));
}

TEST(TypedStore, ListsAllConnectedStoresWhenOneIsMissing) {
  Error error = failure_of([] {
    Worker worker({.init = [](Context& context) { (void)context.state_store<Text, Text>("elsewhere"); }},
                  {"one", "two"});
  });
  EXPECT_THAT(error.to_string(), HasSubstr("connected: one, two"));
}

TEST(TypedStore, OfOtherTypesIsRefused) {
  Error error = failure_of([] {
    Worker worker({.init = [](Context& context) { (void)context.state_store<Text, Number>("store"); }}, {"store"});
  });
  EXPECT_EQ(error.code(), ErrorCode::StoreTypeMismatch);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("MR-0408"), HasSubstr("std::string -> long"),
                                       HasSubstr("std::string -> std::string"), HasSubstr("worker")));
}

TEST(TypedStore, SharedByTwoProcessorsIsOneStore) {
  StreamsBuilder builder;
  builder.add_state_store(KeyValueStoreBuilder<Text, Text>{.name = "store"});
  Code write{.process = [](Context& context, const TextRecord& record) {
    context.state_store<Text, Text>("store").put(*record.key, *record.value);
  }};
  Code read{.process = [](Context& context, const TextRecord& record) {
    auto value = context.state_store<Text, Text>("store").get(*record.key);
    context.forward({record.key, value, record.timestamp, {}});
  }};
  (void)builder.stream<Text, Text>("writes").process([write] { return std::make_unique<InlineProcessor>(write); },
                                                     {.stores = {"store"}});
  builder.stream<Text, Text>("reads")
      .process([read] { return std::make_unique<InlineProcessor>(read); }, {.stores = {"store"}})
      .to("out");
  TopologyTestDriver driver(builder.build());
  driver.create_input_topic<Text, Text>("writes").pipe_input("k", "shared");
  driver.create_input_topic<Text, Text>("reads").pipe_input("k", "?");
  EXPECT_EQ((driver.create_output_topic<Text, Text>("out").read_value()), "shared");
}

}  // namespace
}  // namespace millrace
