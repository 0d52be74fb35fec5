// fails: millrace: there is no serde for the value's type
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

using namespace millrace;
using Text = std::string;

struct Opaque {
  int number;
};

void build(StreamsBuilder& builder) {
  (void)builder.stream<Text, Opaque>("opaque");
}
