#include <millrace/model/partitioner.hpp>

#include <millrace/base/assert.hpp>

namespace millrace {

std::uint32_t murmur2(BytesView bytes) {
  constexpr std::uint32_t kSeed = 0x9747b28c;
  constexpr std::uint32_t kMultiplier = 0x5bd1e995;
  auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  const std::size_t size = bytes.size();
  std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(size);
  std::size_t i = 0;
  for (; i + 4 <= size; i += 4) {
    std::uint32_t word = byte(i) | (byte(i + 1) << 8) | (byte(i + 2) << 16) | (byte(i + 3) << 24);
    word *= kMultiplier;
    word ^= word >> 24;
    word *= kMultiplier;
    hash *= kMultiplier;
    hash ^= word;
  }
  switch (size - i) {
    case 3: hash ^= byte(i + 2) << 16; [[fallthrough]];
    case 2: hash ^= byte(i + 1) << 8; [[fallthrough]];
    case 1:
      hash ^= byte(i);
      hash *= kMultiplier;
      break;
    default: break;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return hash;
}

Partition partition_for_key(BytesView key, std::int32_t partition_count) {
  MILLRACE_DCHECK(partition_count > 0, "a topic has at least one partition");
  return Partition(
      static_cast<std::int32_t>((murmur2(key) & 0x7fffffffU) % static_cast<std::uint32_t>(partition_count)));
}

}  // namespace millrace
