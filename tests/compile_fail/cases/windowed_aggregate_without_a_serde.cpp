// fails: millrace: there is no serde for the value's type
#include <chrono>
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
  auto lines = builder.stream<Text, Text>("lines");
  auto hours = lines.group_by_key().windowed_by(TimeWindows::of(std::chrono::hours(1)));
  (void)hours.aggregate([] { return Opaque{0}; }, [](const Text&, const Text&, Opaque opaque) { return opaque; });
}
