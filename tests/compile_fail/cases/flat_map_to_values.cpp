// fails: millrace: the function must return a container of KeyValue
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
  (void)lines.flat_map([](const Text& line) { return std::vector{line}; });
}
