// fails: millrace: the processor's K and VIn must be the stream's K and V
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

using namespace millrace;
using Text = std::string;

struct Double : FixedKeyProcessor<Text, std::int64_t, std::int64_t> {
  void process(const FixedKeyRecord<Text, std::int64_t>& number) override {
    context().forward(number.with_value(*number.value() * 2));
  }
};

void build(StreamsBuilder& builder) {
  auto lines = builder.stream<Text, Text>("lines");
  (void)lines.process_values([] { return std::make_unique<Double>(); });
}
