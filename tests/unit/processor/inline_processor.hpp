// Processors whose code a test writes as lambdas.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>
#include <millrace/testing/topology_test_driver.hpp>

namespace millrace::processor_test {

using Text = std::string;
using Number = std::int64_t;
using Context = ProcessorContext<Text, Text>;
using TextRecord = Record<Text, Text>;

inline Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

struct Code {
  std::function<void(Context&)> init = [](Context&) {};
  std::function<void(Context&, const TextRecord&)> process = [](Context&, const TextRecord&) {};
  std::function<void()> close = [] {};
};

class InlineProcessor final : public Processor<Text, Text, Text, Text> {
 public:
  explicit InlineProcessor(Code code) : code_(std::move(code)) {}
  void init(Context& context) override { code_.init(context); }
  void process(const TextRecord& record) override { code_.process(context(), record); }
  void close() override { code_.close(); }

 private:
  Code code_;
};

/// "in" through the processor "worker" to "out", with the stores named.
inline Topology topology_of(Code code, const std::vector<std::string>& stores = {}) {
  StreamsBuilder builder;
  for (const std::string& store : stores) {
    builder.add_state_store(KeyValueStoreBuilder<Text, Text>{.name = store});
  }
  builder.stream<Text, Text>("in")
      .process([code] { return std::make_unique<InlineProcessor>(code); }, {.stores = stores, .name = "worker"})
      .to("out");
  return builder.build();
}

/// "in" through the processor "worker" with one store, to "out".
template <class Store>
Topology with_store(const Store& store, Code code) {
  StreamsBuilder builder;
  builder.add_state_store(store);
  builder.stream<Text, Text>("in")
      .process([code] { return std::make_unique<InlineProcessor>(code); }, {.stores = {store.name}, .name = "worker"})
      .to("out");
  return builder.build();
}

/// "key=value@ms" of each record of a topic since the last call for it.
inline std::vector<std::string> records(TopologyTestDriver& driver, const std::string& topic) {
  std::vector<std::string> texts;
  for (const auto& r : driver.create_output_topic<Text, Text>(topic).read_records_to_list()) {
    texts.push_back(r.key.value_or("null") + "=" + r.value.value_or("null") + "@" +
                    std::to_string(r.timestamp.time_since_epoch().count()));
  }
  return texts;
}

/// A driver around it, with "in" and "out" at hand.
struct Worker {
  explicit Worker(Code code, const std::vector<std::string>& stores = {}, TestDriverOptions options = {})
      : driver(topology_of(std::move(code), stores), std::move(options)) {}
  void pipe(Text key, Text value, std::int64_t ms = 0) { in.pipe_input(std::move(key), std::move(value), at(ms)); }
  /// "key=value@ms" of what came out since the last call.
  std::vector<std::string> out() { return records(driver, "out"); }

  TopologyTestDriver driver;
  TestInputTopic<Text, Text> in = driver.create_input_topic<Text, Text>("in");
};

/// The error with which `run` ends; UsageInvalid if it does not.
template <class Run>
Error failure_of(Run run) {
  try {
    run();
  } catch (const StreamsFailed& failed) {
    return failed.error();
  }
  return Error(ErrorCode::UsageInvalid, "nothing failed");
}

}  // namespace millrace::processor_test
