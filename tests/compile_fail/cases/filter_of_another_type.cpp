// fails: millrace: this function must take (const K& key, const V& value) or (const V& value) of the stream
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
  (void)lines.filter([](int number) { return number > 0; });
}
