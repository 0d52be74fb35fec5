// fails: millrace: a stream and a table that are joined must have keys of one type
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
  auto rows = builder.table<std::int64_t, Text>("rows");
  (void)lines.join(rows, [](const Text& line, const Text& row) { return line + row; });
}
