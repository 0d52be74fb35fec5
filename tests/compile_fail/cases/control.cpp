// compiles
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
  auto rows = builder.table<Text, Text>("rows");
  lines.filter([](const Text& k, const Text& v) { return k == v; })
      .filter_not([](const std::optional<Text>& v) { return !v; })
      .map([](const Text& k, const Text& v) { return KeyValue{v, k}; })
      .flat_map([](const Text& k, const Text& v) { return std::vector{KeyValue{k, v}}; })
      .select_key([](const Text& v) { return v; })
      .join(rows, [](const Text& v, const Text& t) { return v + t; })
      .left_join(rows, [](const Text& v, const std::optional<Text>& t) { return t.value_or(v); })
      .to([](const Text& v) { return v; });
  auto opaque = lines.map_values([](const Text&) { return Opaque{1}; });
  opaque.map_values([](const Opaque& o) { return std::to_string(o.number); }).to("numbers");
  auto groups = rows.group_by([](const Text& k, const Text& v) { return KeyValue{v, k}; });
  (void)groups.aggregate([] { return 0L; }, [](const Text&, const Text&, long n) { return n + 1; },
                         [](const Text&, const Text&, long n) { return n - 1; });
  auto hours = lines.group_by_key().windowed_by(TimeWindows::of(std::chrono::hours(1)));
  (void)hours.reduce([](const Text& a, const std::optional<Text>& b) { return a + b.value_or(""); });
  (void)hours.aggregate([] { return 0L; }, [](const Text&, const Text&, long n) { return n + 1; });
  (void)lines.join(
      lines, [](const Text& left, const Text& right) { return left + right; },
      JoinWindows::of_time_difference_with_no_grace(std::chrono::minutes(1)));
}
