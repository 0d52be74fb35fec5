// The topologies that are measured; DriverPass.java has the same for Kafka Streams.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

namespace millrace::bench {

inline constexpr char kInput[] = "input";
inline constexpr char kOutput[] = "output";
inline constexpr char kStore[] = "counts";
/// Second inputs of the joins.
inline constexpr char kTable[] = "table";
inline constexpr char kRight[] = "right";

/// Large enough that a window has many keys, small enough that a run has many windows.
inline constexpr std::chrono::milliseconds kWindow{1000};
/// On either side: about 10 records of the other stream lie within.
inline constexpr std::chrono::milliseconds kJoinWindow{5};

enum class Shape : std::uint8_t {
  PassThrough,
  Count,
  TumblingCount,
  RepartitionCount,
  StreamTableJoin,
  StreamStreamJoin,
};

inline const std::vector<std::string>& shape_names() {
  static const std::vector<std::string> names{
      "pass-through", "count", "tumbling-count", "repartition-count", "stream-table-join", "stream-stream-join"};
  return names;
}

/// REQUIRES: `name` is one of shape_names().
inline Shape shape_of(const std::string& name) {
  const auto& names = shape_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Shape>(i);
  }
  throw std::invalid_argument("no topology is called " + name);
}
inline const std::string& name_of(Shape shape) { return shape_names()[static_cast<std::size_t>(shape)]; }

/// Whether the topology's output has counts as values, else strings.
inline bool counts(Shape shape) {
  return shape == Shape::Count || shape == Shape::TumblingCount || shape == Shape::RepartitionCount;
}

/// What both joins make of two values: half of each.
inline std::string join_values(const std::string& left, const std::string& right) {
  return left.substr(0, left.size() / 2) + right.substr(right.size() / 2);
}

inline Topology make_topology(Shape shape, bool persistent) {
  StreamsBuilder builder;
  auto input = builder.stream<std::string, std::string>(kInput);
  switch (shape) {
    case Shape::PassThrough: input.to(kOutput); break;
    case Shape::Count:
      input.group_by_key().count({.store_name = kStore, .persistent = persistent}).to_stream().to(kOutput);
      break;
    case Shape::TumblingCount:
      input.group_by_key()
          .windowed_by(TimeWindows::of(kWindow))
          .count({.store_name = kStore, .persistent = persistent})
          .to_stream()
          .to(kOutput);
      break;
    case Shape::RepartitionCount:
      input.group_by([](const std::string& key, const std::string&) { return key; })
          .count({.store_name = kStore, .persistent = persistent})
          .to_stream()
          .to(kOutput);
      break;
    case Shape::StreamTableJoin: {
      auto table = builder.table<std::string, std::string>(kTable, {.store_name = kStore, .persistent = persistent});
      input.join(table, join_values).to(kOutput);
      break;
    }
    case Shape::StreamStreamJoin: {
      auto right = builder.stream<std::string, std::string>(kRight);
      input
          .join(right, join_values, JoinWindows::of_time_difference_with_no_grace(kJoinWindow),
                {.store_name = kStore, .persistent = persistent})
          .to(kOutput);
      break;
    }
  }
  return builder.build();
}

}  // namespace millrace::bench
