// fails: millrace: the reducer must take (const V& aggregate, const V& value)
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
  (void)lines.group_by_key().reduce([](int a, int b) { return a + b; });
}
