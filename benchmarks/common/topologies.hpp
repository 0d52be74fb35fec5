#pragma once

#include <cstdint>
#include <string>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

namespace millrace::bench {

inline constexpr char kInput[] = "input";
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

}  // namespace millrace::bench
