// fails: millrace: the processor's KIn and VIn must be the stream's K and V
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

using namespace millrace;
using Text = std::string;

struct End : Processor<Text, std::int64_t> {
  void process(const Record<Text, std::int64_t>&) override {}
};

void build(StreamsBuilder& builder) {
  auto lines = builder.stream<Text, Text>("lines");
  lines.process([] { return std::make_unique<End>(); });
}
