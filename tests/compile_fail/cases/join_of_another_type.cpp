// fails: millrace: the joiner of a stream and a table must take (const V& value, const V2& table_value)
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
  auto rows = builder.table<Text, Text>("rows");
  (void)lines.join(rows, [](const Text& line, int number) { return line.size() + number; });
}
