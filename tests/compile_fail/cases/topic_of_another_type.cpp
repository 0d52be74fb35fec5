// fails: millrace: a function that chooses a record's topic must return its name as std::string
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
  lines.to([](const Text& line) { return line.size(); });
}
