// fails: millrace: the function must return a KeyValue
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
  auto rows = builder.table<Text, Text>("rows");
  (void)rows.group_by([](const Text&, const Text& row) { return row; });
}
