// Every case of tests/semantics, through TopologyTestDriver, against what Kafka Streams did.
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <millrace/testing/topology_test_driver.hpp>

#include "case.hpp"
#include "pipeline.hpp"

namespace millrace::semantics {
namespace {

const std::vector<Case>& all_cases() {
  static const std::vector<Case> cases = load_cases(std::string(MILLRACE_SOURCE_DIR) + "/tests/semantics");
  return cases;
}

class CaseRun {
 public:
  explicit CaseRun(const Case& given)
      : given_(given), pipeline_(given.topology), driver_(pipeline_.build(), {.topics = pipeline_.sinks()}) {}

  void steps() {
    for (std::size_t i = 0; i < given_.expected.steps.size(); ++i) {
      const bool last = i + 1 == given_.expected.steps.size();
      if (last && given_.expected.fails) {
        EXPECT_THROW(take(given_.steps[i]), StreamsFailed);
        return;
      }
      take(given_.steps[i]);
      expect(given_.expected.steps[i], i);
    }
  }
  void stores() {
    for (const auto& [name, expected] : given_.expected.stores) {
      EXPECT_EQ(entries(name), expected) << "store " << name;
    }
  }
  void dropped() {
    std::int64_t dropped = 0;
    for (const FamilySnapshot& family : driver_.metrics()) {
      if (family.info.name != "streams_dropped_records_total") continue;
      for (const SeriesSnapshot& series : family.series) dropped += static_cast<std::int64_t>(series.value);
    }
    EXPECT_EQ(dropped, given_.expected.dropped) << "dropped records";
  }

 private:
  void take(const YAML::Node& step) {
    if (step["advance_wall_ms"]) {
      driver_.advance_wall_clock_time(std::chrono::milliseconds(step["advance_wall_ms"].as<std::int64_t>()));
      return;
    }
    auto topic = driver_.create_input_topic<std::string, std::string>(step["in"].as<std::string>());
    Headers headers;
    if (step["headers"]) {
      for (const auto& header : step["headers"])
        headers.add(header.first.as<std::string>(), header.second.as<std::string>());
    }
    topic.pipe_input({text_of(step["key"]), text_of(step["value"]),
                      Timestamp(std::chrono::milliseconds(step["ts"].as<std::int64_t>())), std::move(headers)});
  }

  void expect(const std::vector<Output>& expected, std::size_t step) {
    std::vector<Output> found;
    for (const std::string& topic : pipeline_.sinks()) read(topic, found);
    if (given_.kafka_streams_is_later) return expect_not_later(expected, found, step);
    EXPECT_EQ(texts(found), texts(expected)) << where(step);
  }
  /// What Kafka Streams has written by now, ours has too; in the end they are the same. The headers of a result without
  /// a match are those of the record that brought it out, so they follow from when that was.
  void expect_not_later(const std::vector<Output>& expected, const std::vector<Output>& found, std::size_t step) {
    for (Output output : expected) open_[to_string(without_headers(std::move(output)))] += 1;
    for (Output output : found) open_[to_string(without_headers(std::move(output)))] -= 1;
    const bool last = step + 1 == given_.expected.steps.size();
    for (const auto& [output, missing] : open_) {
      if (last) EXPECT_EQ(missing, 0) << output << ", " << where(step);
      else EXPECT_LE(missing, 0) << output << ", " << where(step);
    }
  }
  [[nodiscard]] std::string where(std::size_t step) const {
    return "after step " + std::to_string(step + 1) + ": " + YAML::Dump(given_.steps[step]);
  }
  static Output without_headers(Output output) {
    output.headers.clear();
    return output;
  }
  static std::vector<std::string> texts(const std::vector<Output>& outputs) {
    std::vector<std::string> texts;
    for (const Output& output : outputs) texts.push_back(to_string(output));
    return texts;
  }
  void read(const std::string& topic, std::vector<Output>& into) {
    auto output = driver_.create_output_topic<std::string, std::string>(topic);
    for (const auto& record : output.read_records_to_list()) {
      std::vector<std::string> headers;
      for (const Header& header : record.headers)
        headers.push_back(fmt::format("{}={}", header.name, header.value.value_or("null")));
      into.push_back(Output{topic, record.key, record.value, record.timestamp.time_since_epoch().count(),
                            fmt::format("{}", fmt::join(headers, ","))});
    }
  }

  std::map<std::string, std::string> entries(const std::string& name) {
    std::map<std::string, std::string> entries;
    if (pipeline_.counts(name)) {
      for (const auto& [key, value] : driver_.get_key_value_store<std::string, std::int64_t>(name).all())
        entries[key] = std::to_string(value);
    } else {
      for (const auto& [key, value] : driver_.get_key_value_store<std::string, std::string>(name).all())
        entries[key] = value;
    }
    return entries;
  }

  const Case& given_;
  Pipeline pipeline_;
  TopologyTestDriver driver_;
  std::map<std::string, int> open_;  // outputs of Kafka Streams that ours lacks, or has beyond them
};

class Semantics : public testing::TestWithParam<std::size_t> {};

TEST_P(Semantics, AsKafkaStreams) {
  const Case& given = all_cases()[GetParam()];
  SCOPED_TRACE(given.file + ".yaml, case \"" + given.name + "\"");
  CaseRun run(given);
  run.steps();
  if (given.expected.fails) return;
  run.stores();
  run.dropped();
}

std::string name_of(const testing::TestParamInfo<std::size_t>& info) {
  std::string name = all_cases()[info.param].file + "_" + all_cases()[info.param].name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(, Semantics, testing::Range<std::size_t>(0, all_cases().size()), name_of);

}  // namespace
}  // namespace millrace::semantics
