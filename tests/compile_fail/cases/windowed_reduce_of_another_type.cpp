// fails: millrace: the reducer must take (const V& aggregate, const V& value)
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

using namespace millrace;
using Text = std::string;

void build(StreamsBuilder& builder) {
  auto lines = builder.stream<Text, Text>("lines");
  auto hours = lines.group_by_key().windowed_by(TimeWindows::of(std::chrono::hours(1)));
  (void)hours.reduce([](int a, int b) { return a + b; });
}
