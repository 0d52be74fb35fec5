// Cases whose output comes later than their input, or is kept by time: caches and windows.
#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/big_endian.hpp>
#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>
#include <millrace/serde/windowed.hpp>
#include "cases.hpp"

namespace millrace::simulation {

namespace {

constexpr std::int64_t kWindowMs = 40;
constexpr std::int64_t kJoinWindowMs = 20;

Text join(const Text& list, const Text& value) { return list.empty() ? value : list + "," + value; }

/// Each value is a beginning of the whole, longer than the one before; the last is the whole.
bool grows_to(const Bytes& whole, const std::vector<Bytes>& values) {
  std::size_t length = 0;
  for (const Bytes& value : values) {
    if (value.size() <= length || !whole.starts_with(value)) return false;
    length = value.size();
  }
  return length == whole.size();
}

}  // namespace

/// A fold in a store that caches: which of its steps come out depends on commits, but not their order, nor the last.
Case caching() {
  Case caching;
  caching.name = "caching";
  caching.topology = [] {
    StreamsBuilder builder;
    builder.stream<Text, Text>("in")
        .group_by_key()
        .reduce(join, {.store_name = "cached", .caching = true})
        .to_stream()
        .to("out");
    return builder.build();
  };
  caching.make = [](SeededRandom& luck, int number) {
    return InputRecord{"in", key_of(luck), value_of(luck, number), time_of(luck, number)};
  };
  caching.check = [](Outcome& outcome) {
    auto out = outcome.by_key("out");
    auto rows = outcome.table("cached");
    for (const auto& [key, values] : outcome.by_key("in")) {
      Bytes whole;
      for (const Bytes& value : values) whole = join(whole, value);
      if (!grows_to(whole, out[key])) outcome.finding("out, key " + key + ": not the steps of its fold");
      if (rows[key] != whole) outcome.finding("the row of " + key + " is another than the input's fold");
    }
  };
  return caching;
}

/// Counts in windows; none is late, so that the reference is a plain count.
Case windowing() {
  Case windowing;
  windowing.name = "windowing";
  windowing.topology = [] {
    StreamsBuilder builder;
    builder.stream<Text, Text>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of(milliseconds(kWindowMs)).grace(std::chrono::seconds(10)))
        .count({.store_name = "windows"})
        .to_stream()
        .to("out");
    return builder.build();
  };
  windowing.make = [](SeededRandom& luck, int number) {
    return InputRecord{"in", key_of(luck), value_of(luck, number), time_of(luck, number)};
  };
  windowing.check = [](Outcome& outcome) {
    std::map<Bytes, Number> count;
    std::map<Bytes, std::vector<Bytes>> expected;
    for (const auto& record : outcome.records("in")) {
      const std::int64_t time_ms = record.timestamp.time_since_epoch().count();
      Bytes key = *record.key;
      append_big_endian(key, time_ms - time_ms % kWindowMs);
      SerdeFor<Number>::serialize(++count[key], expected[key].emplace_back());
    }
    outcome.expect_equal("out", expected, outcome.by_key("out"));
  };
  return windowing;
}

/// Two streams joined; none is late. Which side comes first is up to the schedule, and with it the order of the
/// results, but not which there are: each pair within the window, once.
Case joining() {
  Case joining;
  joining.name = "joining";
  joining.topology = [] {
    StreamsBuilder builder;
    builder.stream<Text, Text>("in")
        .join(builder.stream<Text, Text>("in-too"),
              [](const Text& left, const Text& right) { return left + "&" + right; },
              JoinWindows::of_time_difference_and_grace(milliseconds(kJoinWindowMs), std::chrono::seconds(10)),
              {.store_name = "join"})
        .to("out");
    return builder.build();
  };
  joining.make = [](SeededRandom& luck, int number) {
    return InputRecord{luck.below(2) == 0 ? "in" : "in-too", key_of(luck), value_of(luck, number),
                       time_of(luck, number)};
  };
  joining.check = [](Outcome& outcome) {
    std::map<Bytes, std::vector<Bytes>> expected;
    for (const auto& left : outcome.records("in")) {
      for (const auto& right : outcome.records("in-too")) {
        const bool meet = *left.key == *right.key && left.timestamp - right.timestamp <= milliseconds(kJoinWindowMs) &&
                          right.timestamp - left.timestamp <= milliseconds(kJoinWindowMs);
        if (meet) expected[*left.key].push_back(*left.value + "&" + *right.value);
      }
    }
    auto found = outcome.by_key("out");
    for (auto* pairs : {&expected, &found}) {
      for (auto& [key, values] : *pairs) std::sort(values.begin(), values.end());
    }
    outcome.expect_equal("out", expected, found);
  };
  return joining;
}

}  // namespace millrace::simulation
