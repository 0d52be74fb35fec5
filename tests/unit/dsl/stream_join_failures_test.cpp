// Windowed joins of two streams: what fails while an unmatched record comes out, which is not the one being processed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "joined_streams.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using namespace join_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TestDriverOptions with_handler(ExceptionResponse response) {
  TestDriverOptions options;
  options.config.processing_exception_handler = response;
  if (response == ExceptionResponse::DeadLetter) options.config.dead_letter_topic = "dead";
  return options;
}

/// left_of(), which has its troubles with bombs.
Text careful(const Text& left, const MaybeText& right) {
  if (left == "bomb") throw std::runtime_error("boom");
  return left_of(left, right);
}
Topology careful_join() {
  return JoinedStreams::topology(
      [](Stream left, Stream right) { return left.left_join(right, careful, within(10), {.name = "joined"}); });
}

TEST(FailingUnmatchedRecord, IsPassedOverAndTheOthersComeOut) {
  JoinedStreams joined(careful_join(), with_handler(ExceptionResponse::Continue));
  joined.left("a", "L1", 100);
  joined.left("b", "bomb", 101);
  joined.left("b", "bomb", 102);
  joined.left("c", "L3", 103);
  joined.right("z", "R", 120);
  EXPECT_THAT(joined.out(), ElementsAre("a=L1+null@100", "c=L3+null@103"));
  EXPECT_EQ(dropped(joined.driver, "UserCodeThrew"), 2);
  // What showed that the windows had closed is processed like any other record, and so is what comes later.
  joined.left("z", "Z", 121);
  joined.left("d", "L4", 122);
  joined.left("e", "L5", 140);
  EXPECT_THAT(joined.out(), ElementsAre("z=Z+R@121", "d=L4+null@122"));
  EXPECT_EQ(dropped(joined.driver, "UserCodeThrew"), 2);
}

TEST(FailingUnmatchedRecord, StaysGoneOverRestartAndCrash) {
  for (bool crash : {false, true}) {
    JoinedStreams joined(careful_join(), with_handler(ExceptionResponse::Continue));
    joined.left("b", "bomb", 101);
    joined.left("a", "A", 120);
    EXPECT_EQ(dropped(joined.driver, "UserCodeThrew"), 1);
    crash ? joined.driver.crash() : joined.driver.restart();
    joined.left("c", "C", 140);
    EXPECT_THAT(joined.out(), ElementsAre("a=A+null@120"));
    EXPECT_EQ(dropped(joined.driver, "UserCodeThrew"), 0) << "it is met again";  // counted since the start
  }
}

TEST(FailingUnmatchedRecord, IsTheDeadLetter) {
  JoinedStreams joined(careful_join(), with_handler(ExceptionResponse::DeadLetter));
  joined.left("a", "L1", 100);
  joined.left("b", "bomb", 101);
  joined.right("z", "R", 120);
  EXPECT_THAT(joined.out(), ElementsAre("a=L1+null@100"));
  auto dead = joined.driver.create_output_topic<Text, Text>("dead");
  auto letter = dead.read_record();
  EXPECT_EQ(letter.key, "b");
  EXPECT_EQ(letter.value, "bomb");
  EXPECT_EQ(ms(letter.timestamp), 101);
  EXPECT_EQ(letter.headers.find("__streams.errors.operator")->value, "joined.right");
  EXPECT_THAT(*letter.headers.find("__streams.errors.message")->value,
              HasSubstr("for an earlier record, with timestamp 101 ms: the function threw: boom"));
  EXPECT_TRUE(dead.empty());
}

TEST(FailingUnmatchedRecord, StopsTheApplicationIfTheHandlerSaysSo) {
  JoinedStreams joined(careful_join());
  joined.left("b", "bomb", 101);
  try {
    joined.right("z", "R", 120);
    FAIL();
  } catch (const StreamsFailed& failed) {
    EXPECT_EQ(failed.error().code(), ErrorCode::UserCodeThrew);
    EXPECT_THAT(failed.what(),
                AllOf(HasSubstr("right[0]@0"), HasSubstr("for an earlier record, with timestamp 101 ms")));
  }
}

/// Counts in a store and forwards what it was given, then looks at it.
class CountThenLook : public Processor<Text, Text, Text, Text> {
 public:
  void init(Context& context) override {
    for (const char* name : {"plain", "cached"}) stores_.push_back(context.state_store<Text, Number>(name));
  }
  void process(const Record<Text, Text>& record) override {
    for (auto& store : stores_) {
      store.put("all", store.get("all").value_or(0) + 1);
      store.put(*record.key, 1);
    }
    context().forward(record);
    if (record.value->starts_with("mine")) throw std::runtime_error("boom");
  }

 private:
  std::vector<KeyValueStore<Text, Number>> stores_;
};

TEST(FailingUnmatchedRecord, TakesWithItWhatOperatorsBelowWroteAndSent) {
  StreamsBuilder builder;
  builder.add_state_store(KeyValueStoreBuilder<Text, Number>{.name = "plain", .persistent = false});
  builder.add_state_store(KeyValueStoreBuilder<Text, Number>{.name = "cached", .persistent = false, .caching = true});
  builder.stream<Text, Text>("left")
      .left_join(builder.stream<Text, Text>("right"), left_of, within(10), {.name = "joined"})
      .process([] { return std::make_unique<CountThenLook>(); }, {.stores = {"plain", "cached"}})
      .to("out");
  JoinedStreams joined(builder.build(), with_handler(ExceptionResponse::Continue));
  joined.left("a", "L1", 100);
  joined.left("b", "mine", 101);
  joined.left("c", "L2", 102);
  joined.right("z", "R", 120);
  EXPECT_THAT(joined.out(), ElementsAre("a=L1+null@100", "c=L2+null@102"));
  for (const char* name : {"plain", "cached"}) {
    auto store = joined.driver.get_key_value_store<Text, Number>(name);
    EXPECT_EQ(store.get("all"), 2) << name;
    EXPECT_EQ(store.get("b"), std::nullopt) << name;
  }
  joined.driver.restart();  // the changelogs say the same
  for (const char* name : {"plain", "cached"}) {
    EXPECT_EQ((joined.driver.get_key_value_store<Text, Number>(name).get("all")), 2) << name;
  }
}

TEST(FailingUnmatchedRecord, OfAJoinBelowAJoin) {
  StreamsBuilder builder;
  auto right = builder.stream<Text, Text>("right");
  builder.stream<Text, Text>("left")
      .left_join(right, left_of, within(10), {.name = "first"})
      .left_join(right,
                 [](const Text& left, const MaybeText& other) {
                   if (left.starts_with("mine")) throw std::runtime_error("boom");
                   return left_of(left, other);
                 },
                 within(10), {.name = "second"})
      .to("out");
  JoinedStreams joined(builder.build(), with_handler(ExceptionResponse::Continue));
  joined.left("a", "L1", 100);
  joined.left("b", "mine", 101);
  joined.left("c", "L2", 120);  // the first join gives out "a" and "b", which then wait in the second
  joined.left("d", "L3", 140);
  joined.left("e", "L4", 160);
  EXPECT_THAT(joined.out(), ElementsAre("a=L1+null+null@100", "c=L2+null+null@120"));
  EXPECT_EQ(dropped(joined.driver, "UserCodeThrew"), 1);
}

TEST(FailingUnmatchedRecord, IsMetAgainIfTheRecordBeingProcessedFailsToo) {
  JoinedStreams joined(careful_join(), with_handler(ExceptionResponse::DeadLetter));
  joined.left("b", "bomb", 101);
  joined.right("c", "R", 115);
  joined.left("c", "bomb", 120);  // meets "R": it throws, and all of it is taken back, the dead letter of "b" too
  joined.left("d", "D", 121);
  auto dead = joined.driver.create_output_topic<Text, Text>("dead");
  EXPECT_EQ(dead.read_record().key, "b");  // with the record at 115, which went well
  EXPECT_EQ(dead.read_record().key, "c");
  EXPECT_TRUE(dead.empty());
}

}  // namespace
}  // namespace millrace
