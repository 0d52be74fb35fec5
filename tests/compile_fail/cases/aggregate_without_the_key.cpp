// fails: millrace: the aggregator must take (const K& key, const V& value, A aggregate)
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
  (void)lines.group_by_key().aggregate([] { return 0L; }, [](const Text&, long n) { return n + 1; });
}
