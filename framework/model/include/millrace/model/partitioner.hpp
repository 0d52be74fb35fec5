// The default partitioner of Kafka's Java clients.
#pragma once

#include <cstdint>

#include <millrace/base/bytes.hpp>
#include <millrace/model/ids.hpp>

namespace millrace {

/// MurmurHash2 with Kafka's seed, on the serialized key. Source: org.apache.kafka.common.utils.Utils.murmur2.
[[nodiscard]] std::uint32_t murmur2(BytesView bytes);

/// The partition on which Java's default partitioner puts `key`. REQUIRES: partition_count > 0.
[[nodiscard]] Partition partition_for_key(BytesView key, std::int32_t partition_count);

}  // namespace millrace
