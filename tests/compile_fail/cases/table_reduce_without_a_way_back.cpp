// fails: millrace: the subtractor must take (const V& aggregate, const V& value)
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
  auto groups = rows.group_by([](const Text& k, const Text& v) { return KeyValue{v, k}; });
  (void)groups.reduce([](const Text& a, const Text& b) { return a + b; }, [](const Text& a) { return a; });
}
