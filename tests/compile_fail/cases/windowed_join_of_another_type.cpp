// fails: millrace: the joiner must take (const V1& left, const V2& right)
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
  auto others = builder.stream<Text, Text>("others");
  (void)lines.join(
      others, [](int left, int right) { return left + right; },
      JoinWindows::of_time_difference_with_no_grace(std::chrono::minutes(1)));
}
