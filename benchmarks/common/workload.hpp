#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace millrace::bench {

/// Deterministic 64-bit generator (Steele, Lea, Flood 2014). Chosen because the Java peer can compute it bit for bit.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, 1), 53 bits.
  double next_unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

/// Samples ranks 0 … n-1 with probability proportional to 1 / (rank + 1): Zipf's law with exponent 1.
///
/// The exponent is fixed: 1/i and sums are exact to the bit in every language, powers are not.
class ZipfSampler {
 public:
  explicit ZipfSampler(std::size_t n) {
    cumulative_.reserve(n);
    double sum = 0;
    for (std::size_t i = 1; i <= n; ++i) cumulative_.push_back(sum += 1.0 / static_cast<double>(i));
  }

  std::size_t sample(SplitMix64& random) const {
    const double at = random.next_unit() * cumulative_.back();
    const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), at);
    return std::min(static_cast<std::size_t>(found - cumulative_.begin()), cumulative_.size() - 1);
  }

 private:
  std::vector<double> cumulative_;
};

struct WorkloadOptions {
  std::uint64_t records = 1'000'000;
  std::uint32_t keys = 20'000;
  std::uint32_t value_bytes = 100;
  std::uint64_t seed = 1;
};

/// The records every benchmark reads: 10-byte keys drawn by Zipf's law, printable values of a fixed size.
///
/// Keys and values are pools that records index, so that generating them stays out of what is measured, and a peer with
/// a garbage collector does not carry millions of live strings. `Workload.java` mirrors this file; `checksum()` proves
/// it.
class Workload {
 public:
  static constexpr std::uint32_t kValuePool = 1024;

  explicit Workload(const WorkloadOptions& options) {
    check(options);
    SplitMix64 random(options.seed);
    for (std::uint32_t rank = 0; rank < options.keys; ++rank) keys_.push_back(key_of_rank(rank, options.keys));
    for (std::uint32_t i = 0; i < kValuePool; ++i) values_.push_back(random_text(random, options.value_bytes));
    const ZipfSampler zipf(options.keys);
    key_index_.reserve(options.records);
    value_index_.reserve(options.records);
    for (std::uint64_t i = 0; i < options.records; ++i) {
      key_index_.push_back(static_cast<std::uint32_t>(zipf.sample(random)));
      value_index_.push_back(static_cast<std::uint16_t>(random.next() % kValuePool));
    }
  }

  std::size_t size() const { return key_index_.size(); }
  const std::string& key(std::size_t record) const { return keys_[key_index_[record]]; }
  /// Which of keys() that is.
  std::uint32_t rank(std::size_t record) const { return key_index_[record]; }
  const std::string& value(std::size_t record) const { return values_[value_index_[record]]; }
  /// Every key there is, the most frequent first.
  const std::vector<std::string>& keys() const { return keys_; }
  /// REQUIRES: index < kValuePool.
  const std::string& value_of_pool(std::size_t index) const { return values_[index]; }

  /// FNV-1a over key, value of the first `count` records.
  std::uint64_t checksum(std::size_t count) const {
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (std::size_t i = 0; i < std::min(count, size()); ++i) hash = fnv1a(fnv1a(hash, key(i)), value(i));
    return hash;
  }

 private:
  // Neighbours in popularity must not be neighbours in byte order, or ordered stores look better than they are.
  static constexpr std::uint64_t kScatter = 7919;

  static void check(const WorkloadOptions& options) {
    if (options.keys == 0 || options.keys % kScatter == 0 || options.keys > 1'000'000) {
      throw std::invalid_argument("--keys must be 1 to 1000000 and no multiple of 7919, got " +
                                  std::to_string(options.keys));
    }
  }

  static std::string key_of_rank(std::uint32_t rank, std::uint32_t keys) {
    const std::string digits = std::to_string(rank * kScatter % keys);
    return "key-" + std::string(6 - digits.size(), '0') + digits;
  }

  static std::string random_text(SplitMix64& random, std::uint32_t bytes) {
    static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    for (std::uint32_t i = 0; i < bytes; ++i) text.push_back(kAlphabet[random.next() & 63]);
    return text;
  }

  static std::uint64_t fnv1a(std::uint64_t hash, const std::string& text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return hash;
  }

  std::vector<std::string> keys_;
  std::vector<std::string> values_;
  std::vector<std::uint32_t> key_index_;
  std::vector<std::uint16_t> value_index_;
};

}  // namespace millrace::bench
