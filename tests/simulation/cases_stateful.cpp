// Cases with stores of several kinds, processors, punctuators and two inputs.
#include <fmt/format.h>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>
#include "cases.hpp"

namespace millrace::simulation {

namespace {

Text join(const Text& list, const Text& value) { return list.empty() ? value : list + "," + value; }

std::vector<Bytes> running_joins(const std::vector<Bytes>& values) {
  std::vector<Bytes> joins;
  for (const Bytes& value : values) joins.push_back(joins.empty() ? value : join(joins.back(), value));
  return joins;
}

/// Keeps what came until a punctuator sends it: by stream time from a persistent store, by the wall clock from one in
/// memory. Values must be taken up in order, and sent or kept exactly once, whatever happens between.
class Collector final : public Processor<Text, Text, Text, Text> {
 public:
  void init(Context& context) override {
    by_stream_time_ = context.state_store<Text, Text>("by-stream-time");
    by_wall_clock_ = context.state_store<Text, Text>("by-wall-clock");
    context.schedule(milliseconds(20), PunctuationType::StreamTime,
                     [this](Timestamp) { send(by_stream_time_, "stream/"); });
    context.schedule(milliseconds(30), PunctuationType::WallClock,
                     [this](Timestamp) { send(by_wall_clock_, "wall/"); });
  }
  void process(const Record<Text, Text>& record) override {
    for (auto* store : {&by_stream_time_, &by_wall_clock_}) {
      store->put(*record.key, join(store->get(*record.key).value_or(""), *record.value));
    }
    if (record.value->back() == '3') context().request_commit();
  }

 private:
  void send(KeyValueStore<Text, Text>& store, const Text& prefix) {
    for (const auto& [key, list] : store.all()) {
      context().forward({prefix + key, list, Timestamp{}, {}});
      store.erase(key);
    }
  }
  KeyValueStore<Text, Text> by_stream_time_;
  KeyValueStore<Text, Text> by_wall_clock_;
};

/// Says when a producer's number does not follow the one before.
class SequenceCheck final : public Processor<Text, Text, Text, Text> {
 public:
  void init(Context& context) override { last_ = context.state_store<Text, Number>("last"); }
  void process(const Record<Text, Text>& record) override {
    Number number = std::stoll(*record.value);
    Number expected = last_.get(*record.key).value_or(0) + 1;
    last_.put(*record.key, number);
    context().forward(record.with_value<Text>(number == expected ? *record.value : "gap before " + *record.value));
  }

 private:
  KeyValueStore<Text, Number> last_;
};

}  // namespace

/// A fold in which order matters, into a persistent store and into one in memory.
Case reducing() {
  Case reducing;
  reducing.name = "reducing";
  reducing.topology = [] {
    StreamsBuilder builder;
    auto grouped = builder.stream<Text, Text>("in").group_by_key();
    grouped.reduce(join, {.store_name = "joined"}).to_stream().to("out");
    grouped.reduce(join, {.store_name = "joined-in-memory", .persistent = false}).to_stream().to("out-of-memory");
    return builder.build();
  };
  reducing.make = [](SeededRandom& luck, int number) {
    return InputRecord{"in", key_of(luck), value_of(luck, number), time_of(luck, number)};
  };
  reducing.check = [](Outcome& outcome) {
    std::map<Bytes, std::vector<Bytes>> expected;
    for (const auto& [key, values] : outcome.by_key("in")) expected[key] = running_joins(values);
    outcome.expect_equal("out", expected, outcome.by_key("out"));
    outcome.expect_equal("out-of-memory", expected, outcome.by_key("out-of-memory"));
  };
  return reducing;
}

/// A processor with stores and punctuators of both clocks.
Case punctuating() {
  Case punctuating;
  punctuating.name = "punctuating";
  punctuating.topology = [] {
    StreamsBuilder builder;
    builder.add_state_store(KeyValueStoreBuilder<Text, Text>{.name = "by-stream-time"});
    builder.add_state_store(KeyValueStoreBuilder<Text, Text>{.name = "by-wall-clock", .persistent = false});
    builder.stream<Text, Text>("in")
        .process([] { return std::make_unique<Collector>(); }, {.stores = {"by-stream-time", "by-wall-clock"}})
        .to("out");
    return builder.build();
  };
  punctuating.make = [](SeededRandom& luck, int number) {
    return InputRecord{"in", key_of(luck), value_of(luck, number), time_of(luck, number)};
  };
  punctuating.check = [](Outcome& outcome) {
    std::map<Bytes, std::vector<Bytes>> expected;
    std::map<Bytes, std::vector<Bytes>> found;
    auto sent = outcome.by_key("out");
    for (const auto& [prefix, store] : {std::pair("stream/", "by-stream-time"), std::pair("wall/", "by-wall-clock")}) {
      auto kept = outcome.table(store);
      for (const auto& [key, values] : outcome.by_key("in")) {
        Bytes name = prefix + key;
        expected[name] = {running_joins(values).back()};
        Bytes all;
        for (const Bytes& list : sent[name]) all = join(all, list);
        if (kept.contains(key)) all = join(all, kept[key]);
        found[name] = {all};
      }
    }
    outcome.expect_equal("sent and kept", expected, found);
  };
  return punctuating;
}

/// Two inputs merged; each producer numbers its records and writes to one of them.
Case sequencing() {
  Case sequencing;
  sequencing.name = "sequencing";
  sequencing.topology = [] {
    StreamsBuilder builder;
    builder.add_state_store(KeyValueStoreBuilder<Text, Number>{.name = "last"});
    builder.stream<Text, Text>("in")
        .merge(builder.stream<Text, Text>("in-too"))
        .process([] { return std::make_unique<SequenceCheck>(); }, {.stores = {"last"}})
        .to("out");
    return builder.build();
  };
  sequencing.make = [](SeededRandom& luck, int number) {
    constexpr int kProducers = 5;
    int producer = number % kProducers;
    return InputRecord{producer % 2 == 0 ? "in" : "in-too", fmt::format("p{}", producer),
                       fmt::format("{}", number / kProducers + 1), time_of(luck, number)};
  };
  sequencing.check = [](Outcome& outcome) {
    auto expected = outcome.by_key("in");
    expected.merge(outcome.by_key("in-too"));
    outcome.expect_equal("out", expected, outcome.by_key("out"));
  };
  return sequencing;
}

}  // namespace millrace::simulation
