// NewestOfKeys: where the newest record of each key is, for one pass of compaction.
//
// There are as many keys as memory allows, each looked for once or twice, at random: what it costs is the way to memory
// that no cache has. So the table is flat, its slots are small, and a key's bytes, which lie elsewhere, are looked at
// only when 32 bits of its hash agree. A map of nodes had a third of the time of the log's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <millrace/base/bytes.hpp>
#include <millrace/model/ids.hpp>

namespace millrace {

/// Keys are kept whole: of two keys that only had a hash in common, records would be lost. Thread: one.
class NewestOfKeys {
 public:
  /// It is full() with about so many bytes.
  explicit NewestOfKeys(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// The latest call for a key counts. Takes it even when full. REQUIRES: offset >= 0.
  void put(BytesView key, Offset offset);
  /// nullopt if the key was never put.
  [[nodiscard]] std::optional<Offset> find(BytesView key) const;

  /// True if further keys would take more memory than they may.
  [[nodiscard]] bool full() const;
  /// What it takes.
  [[nodiscard]] std::size_t size_bytes() const { return slots_.size() * sizeof(Slot) + key_bytes_; }

 private:
  struct Slot {
    std::int64_t offset = -1;  // a free slot has none
    std::uint32_t hash = 0;
    std::uint32_t place = 0;  // of the key: chunk and position

    [[nodiscard]] bool free() const { return offset < 0; }
  };

  /// The key's slot, or the free one where it belongs. REQUIRES: there are slots.
  [[nodiscard]] std::size_t look(BytesView key, std::uint32_t hash) const;
  [[nodiscard]] BytesView key_at(std::uint32_t place) const;
  [[nodiscard]] std::uint32_t keep(BytesView key);
  void grow();

  const std::size_t max_bytes_;
  std::vector<Slot> slots_;  // a power of two
  std::size_t used_ = 0;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t left_ = 0;  // in the last chunk
  std::size_t key_bytes_ = 0;
};

}  // namespace millrace
