#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

namespace millrace::bench {

inline constexpr char kInput[] = "input";
inline constexpr char kOtherInput[] = "other-input";
inline constexpr char kOutput[] = "output";
inline constexpr char kStore[] = "counts";

/// stream -> to
inline Topology pass_through() {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(kInput).to(kOutput);
  return builder.build();
}

/// stream -> group_by_key -> count -> to_stream -> to; no repartitioning. DriverPass.java has the same.
inline Topology count(bool persistent) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(kInput)
      .group_by_key()
      .count({.store_name = kStore, .persistent = persistent})
      .to_stream()
      .to(kOutput);
  return builder.build();
}

/// stream -> group_by_key -> windowed_by -> count -> to_stream -> to: tumbling windows of `size`, without grace.
inline Topology tumbling_count(bool persistent, std::chrono::milliseconds size) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(kInput)
      .group_by_key()
      .windowed_by(TimeWindows::of(size))
      .count({.store_name = kStore, .persistent = persistent})
      .to_stream()
      .to(kOutput);
  return builder.build();
}

/// Two streams -> join -> to: records of equal keys whose timestamps differ by at most `difference`, without grace.
inline Topology stream_join(bool persistent, std::chrono::milliseconds difference) {
  StreamsBuilder builder;
  const auto left = builder.stream<std::string, std::string>(kInput);
  const auto right = builder.stream<std::string, std::string>(kOtherInput);
  left.join(
          right, [](const std::string& a, const std::string& b) { return a.substr(0, 10) + b.substr(0, 10); },
          JoinWindows::of_time_difference_with_no_grace(difference), {.store_name = kStore, .persistent = persistent})
      .to(kOutput);
  return builder.build();
}

}  // namespace millrace::bench
