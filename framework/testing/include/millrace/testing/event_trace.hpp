// EventTrace: everything that a simulation decided and observed, as one number, and the last of it as text.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// FNV-1a of 64 bits: the same with every compiler, unlike std::hash.
class StableHash {
 public:
  /// Adds bytes to the hash.
  void add(std::string_view bytes) {
    for (char byte : bytes) value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }  ///< Of all that was added.

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

/// Two runs with equal hashes did the same. Thread: one owner.
class EventTrace {
 public:
  /// `kept` is how many of the last lines last() has.
  explicit EventTrace(std::size_t kept = 200) : kept_(kept) {}

  /// `line` says what happened, without a newline, and holds nothing that differs between runs: no address, no real
  /// time.
  void add(std::string line) {
    hash_.add(line);
    hash_.add("\n");
    ++lines_;
    last_.push_back(std::move(line));
    if (last_.size() > kept_) last_.pop_front();
  }

  [[nodiscard]] std::uint64_t hash() const { return hash_.value(); }  ///< Of all events.
  /// How many there were.
  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  /// Oldest first.
  [[nodiscard]] std::vector<std::string> last() const { return {last_.begin(), last_.end()}; }

 private:
  std::size_t kept_;
  StableHash hash_;
  std::uint64_t lines_ = 0;
  std::deque<std::string> last_;
};

}  // namespace millrace
