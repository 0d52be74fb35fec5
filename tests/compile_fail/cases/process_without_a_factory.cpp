// fails: millrace: process() takes a function without parameters that returns a new std::unique_ptr
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

using namespace millrace;
using Text = std::string;

struct End : Processor<Text, Text> {
  void process(const Record<Text, Text>&) override {}
};

void build(StreamsBuilder& builder) {
  auto lines = builder.stream<Text, Text>("lines");
  lines.process(End());
}
