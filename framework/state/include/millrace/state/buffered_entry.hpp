// BufferedEntry: what a transaction buffer has of one key.
#pragma once

#include <cstdint>

#include <millrace/base/bytes.hpp>

namespace millrace {

/// An entry of TransactionBuffer, which says what the generations are.
struct BufferedEntry {
  const Bytes* key = nullptr;   ///< of the map's node
  Bytes value;                  ///< as reads see it
  Bytes frozen_value;           ///< used while the entry is in both generations
  bool present = false;         ///< false: reads see that there is none
  bool frozen_present = false;  ///< goes with frozen_value
  std::uint8_t dirty = 0;       ///< in which generations
  bool recently_used = false;   ///< spared once by the eviction of clean entries
  // Ring of clean entries, for second-chance eviction.
  BufferedEntry* previous = nullptr;  ///< in the ring; nullptr: not in it
  BufferedEntry* next = nullptr;      ///< in the ring; nullptr: not in it
};

}  // namespace millrace
