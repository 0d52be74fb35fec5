// Random keys, values and ranges that tread on each other's toes: few keys, prefixes of one another, extreme bytes.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <millrace/base/bytes.hpp>
#include <millrace/state/key_value_bytes_store.hpp>

namespace millrace::state_conformance {

/// The seeds 1 to `count`, or the one in the environment's MILLRACE_SEED.
inline std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (const char* only = std::getenv("MILLRACE_SEED")) return {std::stoull(only)};
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t seed = 1; seed <= count; ++seed) seeds.push_back(seed);
  return seeds;
}

/// How to run one seed again, for a SCOPED_TRACE.
inline std::string seed_note(std::uint64_t seed) {
  return "seed " + std::to_string(seed) + " (MILLRACE_SEED=" + std::to_string(seed) + " runs it alone)";
}

class RandomSource {
 public:
  explicit RandomSource(std::uint64_t seed) : engine_(seed) {}

  /// In [0, count).
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  bool one_in(std::size_t count) { return below(count) == 0; }

  Bytes key() {
    static constexpr char kAlphabet[] = {'\x00', '\x01', 'a', 'b', '\x7f', '\xff'};
    Bytes key(below(4), '\0');
    for (char& c : key) c = kAlphabet[below(sizeof kAlphabet)];
    // Some longer than what a string holds in itself.
    if (one_in(8)) key.insert(0, 40, 'k');
    return key;
  }
  Bytes value() {
    if (one_in(6)) return {};
    if (one_in(1500)) return filled(std::size_t{1} << 20);
    return filled(1 + below(one_in(5) ? 600 : 12));
  }
  KeyRange range() {
    const KeyOrder order = one_in(2) ? KeyOrder::Descending : KeyOrder::Ascending;
    if (one_in(4)) return prefix_range(key(), order);
    KeyRange range{std::nullopt, std::nullopt, order};
    if (!one_in(4)) range.from = key();
    if (!one_in(4)) range.to = key();
    return range;
  }

 private:
  Bytes filled(std::size_t size) {
    Bytes value(size, static_cast<char>(engine_()));
    for (std::size_t i = 0; i < size && i < 8; ++i) value[i] = static_cast<char>(engine_());
    return value;
  }

  std::mt19937_64 engine_;
};

}  // namespace millrace::state_conformance
