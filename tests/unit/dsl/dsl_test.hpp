// Short forms for tests that run a topology record by record.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>
#include <millrace/testing/topology_test_driver.hpp>

namespace millrace::dsl_test {

using Text = std::string;
using Number = std::int64_t;

inline Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

inline std::string show(const Text& text) { return text; }
inline std::string show(Number number) { return std::to_string(number); }
template <class T>
std::string show(const std::optional<T>& value) {
  return value ? show(*value) : "null";
}
/// "key=value@5", and " {name=value}" for each header.
template <class K, class V>
std::string show(const Record<K, V>& record) {
  std::string text =
      show(record.key) + "=" + show(record.value) + "@" + std::to_string(record.timestamp.time_since_epoch().count());
  for (const Header& header : record.headers) text += " {" + header.name + "=" + header.value.value_or("null") + "}";
  return text;
}

template <class K = Text, class V = Text>
std::vector<std::string> read_all(TopologyTestDriver& driver, const std::string& topic = "out") {
  std::vector<std::string> texts;
  for (const auto& record : driver.create_output_topic<K, V>(topic).read_records_to_list()) {
    texts.push_back(show(record));
  }
  return texts;
}

/// A text record without headers.
inline Record<Text, Text> text(std::optional<Text> key, std::optional<Text> value, std::int64_t ms = 0) {
  return {std::move(key), std::move(value), at(ms), {}};
}

/// `build` gets the stream of "in" and writes to "out"; gives what came out, as text.
template <class KOut = Text, class VOut = Text, class Build>
std::vector<std::string> run(Build build, const std::vector<Record<Text, Text>>& inputs) {
  StreamsBuilder builder;
  build(builder.stream<Text, Text>("in"));
  TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<Text, Text>("in");
  for (const auto& record : inputs) in.pipe_input(record);
  return read_all<KOut, VOut>(driver);
}

/// Sum of a counter over the series whose labels hold all of `labels`.
inline double counted(TopologyTestDriver& driver, const std::string& metric,
                      std::initializer_list<std::string> labels = {}) {
  double sum = 0;
  const auto metrics = driver.metrics();
  for (const FamilySnapshot& family : metrics) {
    if (family.info.name != metric) continue;
    for (const SeriesSnapshot& series : family.series) {
      bool all = true;
      for (const std::string& label : labels) {
        bool found = false;
        for (const std::string& value : series.label_values) found |= value == label;
        all &= found;
      }
      if (all) sum += series.value;
    }
  }
  return sum;
}
inline double dropped(TopologyTestDriver& driver, const std::string& reason) {
  return counted(driver, "streams_dropped_records_total", {reason});
}

}  // namespace millrace::dsl_test
