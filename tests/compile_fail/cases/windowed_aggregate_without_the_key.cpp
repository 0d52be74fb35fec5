// fails: millrace: the aggregator must take (const K& key, const V& value, A aggregate)
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

void build(StreamsBuilder& builder) {
  auto lines = builder.stream<Text, Text>("lines");
  auto hours = lines.group_by_key().windowed_by(TimeWindows::of(std::chrono::hours(1)));
  (void)hours.aggregate([] { return 0L; }, [](const Text&, long n) { return n + 1; });
}
