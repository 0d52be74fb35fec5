// Two streams of text joined to one, for tests.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "window_test.hpp"

namespace millrace::join_test {

using namespace dsl_test;

using Stream = KStream<Text, Text>;
using MaybeText = std::optional<Text>;
using Options = StreamJoined<Text, Text, Text>;

inline JoinWindows within(std::int64_t difference_ms, std::int64_t grace_ms = 0) {
  return JoinWindows::of_time_difference_and_grace(milliseconds(difference_ms), milliseconds(grace_ms));
}

inline Text both(const Text& left, const Text& right) { return left + "+" + right; }
inline Text left_of(const Text& left, const MaybeText& right) { return left + "+" + right.value_or("null"); }
inline Text either(const MaybeText& left, const MaybeText& right) {
  return left.value_or("null") + "+" + right.value_or("null");
}

enum class Kind { Inner, Left, Outer };

/// Joins "left" and "right" to "out".
struct JoinedStreams {
  explicit JoinedStreams(Kind kind, JoinWindows windows, Options options = {.name = "joined"},
                         TestDriverOptions driver = {})
      : JoinedStreams(topology([=](Stream left, Stream right) {
                        switch (kind) {
                          case Kind::Inner: return left.join(right, both, windows, options);
                          case Kind::Left: return left.left_join(right, left_of, windows, options);
                          case Kind::Outer: break;
                        }
                        return left.outer_join(right, either, windows, options);
                      }),
                      std::move(driver)) {}
  explicit JoinedStreams(Topology topology, TestDriverOptions options = {})
      : driver(std::move(topology), std::move(options)) {}

  template <class Build>
  static Topology topology(Build build) {
    StreamsBuilder builder;
    build(builder.stream<Text, Text>("left"), builder.stream<Text, Text>("right")).to("out");
    return builder.build();
  }

  void left(MaybeText key, MaybeText value, std::int64_t ms) {
    left_in.pipe_input(std::move(key), std::move(value), at(ms));
  }
  void right(MaybeText key, MaybeText value, std::int64_t ms) {
    right_in.pipe_input(std::move(key), std::move(value), at(ms));
  }
  std::vector<std::string> out() { return read_all(driver); }

  TopologyTestDriver driver;
  TestInputTopic<Text, Text> left_in = driver.create_input_topic<Text, Text>("left");
  TestInputTopic<Text, Text> right_in = driver.create_input_topic<Text, Text>("right");
};

}  // namespace millrace::join_test
