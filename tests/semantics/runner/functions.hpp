// The functions that case files name. Functions.java of the oracle has the same. All are null-safe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <millrace/processor/timestamp_extractor.hpp>

#include "case.hpp"

namespace millrace::semantics {

/// {value_contains: x}, {key_is: a}, {value_null: true}.
std::function<bool(const Text& key, const Text& value)> predicate(const YAML::Node& spec);
/// upper, null, same, append:-x, null_if:x.
std::function<Text(const Text& value)> mapper(const std::string& name);
/// key, value, first (of the value), rest, null.
std::function<Text(const Text& key, const Text& value)> selector(const std::string& name);
/// Of an aggregate and a value: plus, minus, latest, delete_on:x.
std::function<Text(const Text& aggregate, const Text& value)> combiner(const std::string& name);
/// value, value_or_partition_time, wall_clock. A value that is no number has the time -1.
TimestampExtractor<std::string, std::string> extractor(const std::string& name);
/// What a join makes of both sides.
std::string joined(const Text& left, const Text& right);
/// The words of a value, split at spaces.
std::vector<std::string> words(const Text& value);

}  // namespace millrace::semantics
