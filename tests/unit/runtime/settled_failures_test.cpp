// Records that an exception handler passes over are told to a person, without a line for each.
#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace::runtime_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Topology refusing() {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .map_values(
          [](const Text& v) -> Text {
            if (v == "bad") throw std::runtime_error("refused");
            return v;
          },
          {.name = "check"})
      .to("out");
  return builder.build();
}

struct Refusing {
  explicit Refusing(ExceptionResponse response) : world(refusing(), config(response)) {
    if (response == ExceptionResponse::DeadLetter) {
      world.create("poison", 1);
      world.prepare();
    }
    world.start();
  }
  static StreamsConfig config(ExceptionResponse response) {
    StreamsConfig config;
    config.processing_exception_handler = response;
    if (response == ExceptionResponse::DeadLetter) config.dead_letter_topic = "poison";
    return config;
  }
  void produce(const std::vector<Text>& values) {
    for (const Text& value : values) world.produce("in", "k", value);
    world.run();
  }
  /// Lines about records, since the last call.
  std::vector<std::string> told() {
    std::vector<std::string> lines;
    std::istringstream text(std::exchange(world.logger.text, ""));
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with("app-1 task: ")) lines.push_back(line);
    }
    return lines;
  }
  World world;
};

TEST(SettledFailures, NameTheRecordThatWasSkipped) {
  Refusing refusing(ExceptionResponse::Continue);
  refusing.produce({"good", "bad"});
  EXPECT_THAT(refusing.told(), ElementsAre(AllOf(HasSubstr("MR-0302 task 0_0, topic in[0]@1, operator check"),
                                                 HasSubstr("refused"), HasSubstr("It was skipped."))));
  EXPECT_THAT(refusing.world.texts("out"), ElementsAre("k=good"));
}

TEST(SettledFailures, NameTheTopicTheRecordWasSentTo) {
  Refusing refusing(ExceptionResponse::DeadLetter);
  refusing.produce({"bad"});
  EXPECT_THAT(refusing.told(), ElementsAre(HasSubstr("It was sent to poison.")));
}

TEST(SettledFailures, AreCountedBetweenLinesFiveSecondsApart) {
  Refusing refusing(ExceptionResponse::Continue);
  refusing.produce({"bad", "bad", "bad"});
  EXPECT_THAT(refusing.told(), ElementsAre(HasSubstr("in[0]@0")));
  refusing.world.clock.advance(milliseconds(4'999));
  refusing.produce({"bad"});
  EXPECT_THAT(refusing.told(), ElementsAre());
  refusing.world.clock.advance(milliseconds(1));
  refusing.produce({"bad"});
  EXPECT_THAT(refusing.told(),
              ElementsAre(AllOf(HasSubstr("in[0]@4"), HasSubstr("so were 3 others since the last such line"))));
}

TEST(SettledFailures, ThatWereNotToldAreCountedAtTheEnd) {
  Refusing refusing(ExceptionResponse::Continue);
  refusing.produce({"bad", "bad", "bad"});
  (void)refusing.told();
  refusing.world.stop();
  EXPECT_THAT(refusing.told(), ElementsAre(HasSubstr("task 0_0: 2 more records failed and were passed over")));
}

}  // namespace
}  // namespace millrace::runtime_test
