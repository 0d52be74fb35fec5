// What a store with a transaction buffer has to show, said as simply as possible.
#pragma once

#include <map>
#include <optional>

#include "state_under_test.hpp"

namespace millrace::state_conformance {

using Writes = std::map<Bytes, std::optional<Bytes>>;

struct TransactionModel {
  Map committed;
  Writes frozen;
  Writes open;
  Writes open_at_last_seal;
  Writes open_at_mark;

  void put(const Bytes& key, std::optional<Bytes> value) { open[key] = std::move(value); }
  void seal() { open_at_last_seal = open; }
  void rollback() { open = open_at_last_seal; }
  void mark() { open_at_mark = open; }
  void rollback_to_mark() { open = open_at_mark; }
  void freeze() {
    frozen.swap(open);
    open_at_last_seal.clear();
  }
  void commit_frozen() {
    lay(frozen, committed);
    frozen.clear();
  }
  void drop_all() {
    for (Writes* writes : {&open, &open_at_last_seal, &frozen}) writes->clear();
  }

  [[nodiscard]] std::optional<Bytes> get(const Bytes& key) const {
    for (const Writes* writes : {&open, &frozen}) {
      if (auto found = writes->find(key); found != writes->end()) return found->second;
    }
    auto found = committed.find(key);
    return found == committed.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] Map view() const {
    Map map = committed;
    lay(frozen, map);
    lay(open, map);
    return map;
  }
  [[nodiscard]] std::size_t writes() const { return open.size() + frozen.size(); }
  /// Of keys and values in both generations.
  [[nodiscard]] std::size_t written_bytes() const {
    std::size_t bytes = 0;
    for (const Writes* writes : {&open, &frozen}) {
      for (const auto& [key, value] : *writes) bytes += value.value_or("").size();
    }
    // A key that is in both generations is held once.
    for (const auto& [key, value] : open) bytes += key.size();
    for (const auto& [key, value] : frozen) bytes += open.contains(key) ? 0 : key.size();
    return bytes;
  }

 private:
  static void lay(const Writes& writes, Map& map) {
    for (const auto& [key, value] : writes) {
      if (value) map[key] = *value;
      else map.erase(key);
    }
  }
};

}  // namespace millrace::state_conformance
