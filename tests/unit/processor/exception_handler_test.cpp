// What becomes of a record that cannot be processed: fail, continue, dead-letter. In every case nothing of it stays.
#include <memory>
#include <stdexcept>

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

StreamsConfig with(ExceptionResponse deserialization, ExceptionResponse processing) {
  StreamsConfig config;
  config.deserialization_exception_handler = deserialization;
  config.processing_exception_handler = processing;
  if (deserialization == ExceptionResponse::DeadLetter || processing == ExceptionResponse::DeadLetter) {
    config.dead_letter_topic = "dead";
  }
  return config;
}
StreamsConfig all(ExceptionResponse response) { return with(response, response); }

/// Writes, forwards, and only then fails when the value is the name of a fault.
Code faulty() {
  return {.process = [](Context& context, const TextRecord& record) {
    auto store = context.state_store<Text, Text>("store");
    store.put(*record.key, *record.value);
    store.put("last", *record.value);
    context.forward(record);
    if (*record.value == "throw") throw std::runtime_error("boom");
    if (*record.value == "throw int") throw 42;
    if (*record.value == "swallow") {
      try {
        (void)context.state_store<Text, Text>("elsewhere");
      } catch (...) {  // NOLINT: what users do
      }
    }
  }};
}

struct Failing : Worker {
  explicit Failing(StreamsConfig config) : Worker(faulty(), {"store"}, {.config = std::move(config)}) {}
  std::vector<std::pair<Text, Text>> stored() { return driver.get_key_value_store<Text, Text>("store").all(); }
  double counted(const std::string& metric, const std::string& reason) {
    double sum = 0;
    const auto metrics = driver.metrics();
    for (const FamilySnapshot& family : metrics) {
      if (family.info.name != metric) continue;
      for (const SeriesSnapshot& series : family.series) {
        if (series.label_values.back() == reason) sum += series.value;
      }
    }
    return sum;
  }
};

TEST(FailHandler, EndsTheApplicationAndNamesEverything) {
  Failing worker(all(ExceptionResponse::Fail));
  worker.pipe("a", "good");
  Error error = failure_of([&] { worker.pipe("b", "throw"); });
  EXPECT_EQ(error.code(), ErrorCode::UserCodeThrew);
  EXPECT_THAT(error.to_string(),
              AllOf(HasSubstr("MR-0302"), HasSubstr("task 0_0"), HasSubstr("in[0]@1"), HasSubstr("operator worker"),
                    HasSubstr("boom"), HasSubstr("processing.exception.handler")));
}

TEST(FailHandler, NamesExceptionsThatAreNoneOfTheStandards) {
  Failing worker(all(ExceptionResponse::Fail));
  Error error = failure_of([&] { worker.pipe("b", "throw int"); });
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("operator worker"), HasSubstr("not derived from std::exception")));
}

TEST(FailHandler, CommitsWhatCameBeforeAndNothingOfTheRecord) {
  Failing worker(all(ExceptionResponse::Fail));
  worker.driver.hold_commits();
  worker.pipe("a", "good");
  worker.pipe("b", "better");
  (void)failure_of([&] { worker.pipe("c", "throw"); });
  EXPECT_THAT(worker.out(), ElementsAre("a=good@0", "b=better@0"));
  // The record stands where it stood: the next run meets it again.
  Error again = failure_of([&] { worker.driver.crash(); });
  EXPECT_THAT(again.to_string(), HasSubstr("in[0]@2"));
  EXPECT_THAT(worker.out(), IsEmpty());
}

TEST(ContinueHandler, SkipsTheRecordTakesEverythingBackAndCounts) {
  Failing worker(all(ExceptionResponse::Continue));
  worker.pipe("a", "good");
  worker.pipe("b", "throw");
  worker.pipe("b", "throw int");
  worker.pipe("c", "fine");
  EXPECT_THAT(worker.out(), ElementsAre("a=good@0", "c=fine@0"));
  EXPECT_THAT(worker.stored(), ElementsAre(Pair("a", "good"), Pair("c", "fine"), Pair("last", "fine")));
  EXPECT_EQ(worker.counted("streams_dropped_records_total", "UserCodeThrew"), 2);
  worker.driver.restart();
  EXPECT_THAT(worker.stored(), ElementsAre(Pair("a", "good"), Pair("c", "fine"), Pair("last", "fine")));
}

TEST(ContinueHandler, SkipsWhatDoesNotDecode) {
  StreamsBuilder builder;
  builder.stream<Number, Number>("in").map_values([](Number n) { return n + 1; }).to("out");
  TopologyTestDriver driver(builder.build(), {.config = all(ExceptionResponse::Continue)});
  auto in = driver.create_input_topic<Number, Number>("in");
  in.pipe_bytes("short", "12345678");
  in.pipe_bytes("12345678", "short");
  in.pipe_bytes("12345678", Bytes("\0\0\0\0\0\0\0\1", 8));
  in.pipe_bytes(std::nullopt, Bytes("\0\0\0\0\0\0\0\2", 8));
  auto out = driver.create_output_topic<Number, Number>("out");
  EXPECT_EQ(out.read_value(), 2);
  EXPECT_EQ(out.read_value(), 3);
  EXPECT_TRUE(out.empty());
}

TEST(Handlers, OfDecodingAndOfProcessingAreApart) {
  StreamsBuilder builder;
  builder.stream<Text, Number>("in")
      .filter([](const Text&, Number n) { return n != 0 ? true : throw std::runtime_error("zero"); })
      .to("out");
  Topology topology = builder.build();
  {
    TopologyTestDriver driver(topology, {.config = with(ExceptionResponse::Continue, ExceptionResponse::Fail)});
    auto in = driver.create_input_topic<Text, Number>("in");
    in.pipe_bytes("k", "short");
    EXPECT_EQ(failure_of([&] { in.pipe_input("k", 0); }).code(), ErrorCode::UserCodeThrew);
  }
  TopologyTestDriver driver(topology, {.config = with(ExceptionResponse::Fail, ExceptionResponse::Continue)});
  auto in = driver.create_input_topic<Text, Number>("in");
  in.pipe_input("k", 0);
  Error error = failure_of([&] { in.pipe_bytes("k", "short"); });
  EXPECT_EQ(error.code(), ErrorCode::DeserializationFailed);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("MR-0301"), HasSubstr("in[0]@1"), HasSubstr("value does not decode"),
                                       HasSubstr("expected 8 bytes"), HasSubstr("deserialization.exception.handler")));
}

TEST(Handlers, TakeASerdeThatThrowsForUndecodable) {
  auto throwing = make_serde<Text>([](const Text& v, Bytes& out) { out += v; },
                                   [](BytesView) -> Result<Text> { throw std::runtime_error("sour"); });
  StreamsBuilder builder;
  builder.stream<Text, Text>("in", {.value_serde = throwing}).to("out");
  TopologyTestDriver driver(builder.build(), {.config = with(ExceptionResponse::Fail, ExceptionResponse::Continue)});
  Error error = failure_of([&] { driver.create_input_topic<Text, Text>("in").pipe_input("k", "v"); });
  EXPECT_EQ(error.code(), ErrorCode::DeserializationFailed);
  EXPECT_THAT(error.to_string(), HasSubstr("sour"));
}

TEST(Handlers, TakeASerdeThatThrowsForUnencodable) {
  for (bool standard : {true, false}) {
    auto throwing = make_serde<Text>(
        [standard](const Text&, Bytes&) {
          if (standard) throw std::runtime_error("sour");
          throw 7;
        },
        [](BytesView b) -> Result<Text> { return Text(b); });
    StreamsBuilder builder;
    builder.stream<Text, Text>("in").to("out", {.name = "writer", .value_serde = throwing});
    TopologyTestDriver driver(builder.build());
    Error error = failure_of([&] { driver.create_input_topic<Text, Text>("in").pipe_input("k", "v"); });
    EXPECT_EQ(error.code(), ErrorCode::SerializationFailed);
    EXPECT_THAT(error.to_string(), AllOf(HasSubstr("MR-0304"), HasSubstr("operator writer"), HasSubstr("in[0]@0")));
  }
}

TEST(Handlers, SkipNullsForPlainParameters) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").map_values([](const Text& v) { return v; }).to("out");
  TopologyTestDriver driver(builder.build(), {.config = all(ExceptionResponse::Continue)});
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", std::nullopt);
  in.pipe_input("k", "v");
  EXPECT_EQ((driver.create_output_topic<Text, Text>("out").read_records_to_list().size()), 1U);
}

TEST(Handlers, SeeNegativeTimestampsAsUndecodable) {
  Failing strict(with(ExceptionResponse::Fail, ExceptionResponse::Continue));
  Error error = failure_of([&] { strict.pipe("k", "v", -5); });
  EXPECT_EQ(error.code(), ErrorCode::InvalidTimestamp);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("MR-0306"), HasSubstr("-5 ms"), HasSubstr("in[0]@0")));
  Failing lenient(with(ExceptionResponse::Continue, ExceptionResponse::Fail));
  lenient.pipe("k", "v", -5);
  lenient.pipe("k", "v", 5);
  EXPECT_THAT(lenient.out(), ElementsAre("k=v@5"));
}

TEST(Handlers, StillSeeAFailureThatUserCodeSwallowed) {
  Failing worker(all(ExceptionResponse::Continue));
  Error error = failure_of([&] { worker.pipe("k", "swallow"); });
  EXPECT_EQ(error.code(), ErrorCode::StoreMissing);
  EXPECT_THAT(worker.out(), IsEmpty());
}

TEST(Handlers, SeeAFailureOfInitAtTheStart) {
  for (bool swallow : {false, true}) {
    Code code{.init = [swallow](Context& context) {
      if (!swallow) throw std::runtime_error("no init");
      try {
        (void)context.state_store<Text, Text>("elsewhere");
      } catch (...) {  // NOLINT: what users do
      }
    }};
    Error error = failure_of([&] { Worker worker(code, {}, {.config = all(ExceptionResponse::Continue)}); });
    EXPECT_EQ(error.code(), swallow ? ErrorCode::StoreMissing : ErrorCode::UserCodeThrew);
    EXPECT_THAT(error.to_string(), AllOf(HasSubstr("task 0_0"), HasSubstr("worker")));
  }
}

TEST(Handlers, SeeAFactoryThatThrows) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .process([]() -> std::unique_ptr<InlineProcessor> { throw std::runtime_error("no worker today"); },
               {.name = "worker"})
      .to("out");
  Topology topology = builder.build();
  Error error = failure_of([&] { TopologyTestDriver driver(topology); });
  EXPECT_EQ(error.code(), ErrorCode::UserCodeThrew);
  EXPECT_THAT(error.to_string(), AllOf(HasSubstr("worker"), HasSubstr("no worker today")));
}

TEST(Handlers, SeeAFactoryThatMakesNothing) {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .process([] { return std::unique_ptr<InlineProcessor>(); }, {.name = "worker"})
      .to("out");
  Topology topology = builder.build();
  Error error = failure_of([&] { TopologyTestDriver driver(topology); });
  EXPECT_EQ(error.code(), ErrorCode::UserCodeThrew);
  EXPECT_THAT(error.to_string(), HasSubstr("worker"));
}

TEST(Handlers, TakeAPunctuatorThatThrows) {
  for (ExceptionResponse response :
       {ExceptionResponse::Fail, ExceptionResponse::Continue, ExceptionResponse::DeadLetter}) {
    Code code{.init = [](Context& context) {
      (void)context.schedule(milliseconds(10), PunctuationType::WallClock, [&context](Timestamp time) {
        context.state_store<Text, Text>("store").put("half", "done");
        context.forward({"half", "done", time, {}});
        if (time < at(20)) throw std::runtime_error("tock");
      });
    }};
    Worker worker(code, {"store"}, {.config = all(response)});
    Error error = failure_of([&] { worker.driver.advance_wall_clock_time(milliseconds(10)); });
    EXPECT_THAT(worker.out(), IsEmpty());
    if (response == ExceptionResponse::Fail) {
      EXPECT_THAT(error.to_string(), AllOf(HasSubstr("operator worker"), HasSubstr("tock")));
      continue;
    }
    EXPECT_EQ(error.message(), "nothing failed");
    EXPECT_EQ((worker.driver.get_key_value_store<Text, Text>("store").get("half")), std::nullopt);
    worker.driver.advance_wall_clock_time(milliseconds(10));
    EXPECT_THAT(worker.out(), ElementsAre("half=done@20"));
  }
}

std::map<std::string, std::string> headers_of(const Headers& headers) {
  std::map<std::string, std::string> texts;
  for (const Header& header : headers) texts[header.name] = header.value.value_or("null");
  return texts;
}

TEST(DeadLetterHandler, WritesTheRecordsBytesAndWhatWasWrong) {
  Failing worker(all(ExceptionResponse::DeadLetter));
  worker.pipe("a", "good");
  worker.in.pipe_input({"b", "throw", at(77), {{"trace", "1"}}});
  worker.pipe("c", "fine");
  auto dead = worker.driver.create_output_topic<Text, Text>("dead");
  auto letter = dead.read_record();
  EXPECT_TRUE(dead.empty());
  EXPECT_EQ(letter.key, "b");
  EXPECT_EQ(letter.value, "throw");
  EXPECT_EQ(letter.timestamp, at(77));
  auto headers = headers_of(letter.headers);
  EXPECT_EQ(headers["trace"], "1");
  EXPECT_EQ(headers["__streams.errors.exception"], "MR-0302 UserCodeThrew");
  EXPECT_THAT(headers["__streams.errors.message"], HasSubstr("boom"));
  EXPECT_EQ(headers["__streams.errors.topic"], "in");
  EXPECT_EQ(headers["__streams.errors.partition"], "0");
  EXPECT_EQ(headers["__streams.errors.offset"], "1");
  EXPECT_EQ(headers["__streams.errors.operator"], "worker");
  EXPECT_THAT(worker.out(), ElementsAre("a=good@0", "c=fine@0"));
  EXPECT_THAT(worker.stored(), ElementsAre(Pair("a", "good"), Pair("c", "fine"), Pair("last", "fine")));
  EXPECT_EQ(worker.counted("streams_dead_letter_records_total", "UserCodeThrew"), 1);
}

TEST(DeadLetterHandler, KeepsBytesThatDoNotDecodeAndNulls) {
  StreamsBuilder builder;
  builder.stream<Number, Number>("in").to("out");
  TopologyTestDriver driver(builder.build(), {.config = all(ExceptionResponse::DeadLetter)});
  auto in = driver.create_input_topic<Number, Number>("in");
  in.pipe_bytes("sh\0rt", std::nullopt);
  in.pipe_bytes(std::nullopt, "\xff");
  auto dead = driver.create_output_topic<Text, Text>("dead");
  auto first = dead.read_record();
  EXPECT_EQ(first.key, "sh");
  EXPECT_EQ(first.value, std::nullopt);
  EXPECT_EQ(headers_of(first.headers)["__streams.errors.exception"], "MR-0301 DeserializationFailed");
  auto second = dead.read_record();
  EXPECT_EQ(second.key, std::nullopt);
  EXPECT_EQ(second.value, "\xff");
}

TEST(DeadLetterHandler, WritesInTheTransactionOfItsInput) {
  Failing worker(all(ExceptionResponse::DeadLetter));
  worker.driver.hold_commits();
  worker.pipe("b", "throw");
  auto dead = worker.driver.create_output_topic<Text, Text>("dead");
  EXPECT_TRUE(dead.empty());
  worker.driver.crash();
  EXPECT_EQ(dead.queue_size(), 1U);
  worker.driver.restart();
  EXPECT_EQ(dead.queue_size(), 1U);
}

TEST(DeadLetterHandler, GivesRecordsOfTheBeforeTimeATimestampThatALogTakes) {
  Failing worker(all(ExceptionResponse::DeadLetter));
  worker.pipe("k", "v", -5);
  auto letter = worker.driver.create_output_topic<Text, Text>("dead").read_record();
  EXPECT_EQ(letter.value, "v");
  EXPECT_GE(letter.timestamp, Timestamp{});
}

TEST(SkippedRecords, ThatDoNotDecodeDoNotMoveStreamTime) {
  // One poison record from the far future would close every window; Kafka Streams leaves its timestamp out, too.
  StreamsBuilder builder;
  std::vector<std::int64_t> times;
  Code code{.process = [&times](Context& context, const TextRecord&) {
    times.push_back(context.current_stream_time().time_since_epoch().count());
  }};
  auto picky = make_serde<Text>([](const Text& v, Bytes& out) { out += v; },
                                [](BytesView b) -> Result<Text> {
                                  if (b == "poison") return Error(ErrorCode::DeserializationFailed, "poison");
                                  return Text(b);
                                });
  (void)builder.stream<Text, Text>("in", {.value_serde = picky}).process([code] {
    return std::make_unique<InlineProcessor>(code);
  });
  TopologyTestDriver driver(builder.build(), {.config = all(ExceptionResponse::Continue)});
  auto in = driver.create_input_topic<Text, Text>("in");
  in.pipe_input("k", "v", at(5));
  in.pipe_input("k", "poison", at(5000));
  in.pipe_input("k", "v", at(6));
  driver.restart();
  in.pipe_input("k", "v", at(1));
  EXPECT_THAT(times, ElementsAre(5, 6, 6));
}

}  // namespace
}  // namespace millrace
