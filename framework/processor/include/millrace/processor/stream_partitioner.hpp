// StreamPartitioner: a user's own choice of the partition that a record goes to.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/model/ids.hpp>

namespace millrace {

/// Where one record goes. Made from a Partition, a list of them, or std::nullopt for Kafka's default partitioner. From
/// an empty list the record goes nowhere: it is dropped and counted (reason "no_partition").
/// Source: KIP-837.
class Partitions {
 public:
  /// The default partitioner chooses.
  Partitions(std::nullopt_t) {}  // NOLINT: meant to convert
  /// One partition.
  Partitions(Partition one) : chosen_(std::vector<Partition>{one}) {}         // NOLINT: meant to convert
  Partitions(std::initializer_list<Partition> several) : chosen_(several) {}  ///< Each of these.
  /// Each of these; none drops the record.
  Partitions(std::vector<Partition> several) : chosen_(std::move(several)) {}  // NOLINT: meant to convert

  /// nullopt: the default partitioner decides.
  [[nodiscard]] const std::optional<std::vector<Partition>>& chosen() const { return chosen_; }

 private:
  std::optional<std::vector<Partition>> chosen_;
};

/// Called for each record with the topic's full name and its number of partitions. It should be a function of the key
/// alone where equal keys are to meet: what reads the topic relies on that. A partition that the topic does not have
/// fails the record (PartitionOutOfRange).
template <class K, class V>
using StreamPartitioner = std::function<Partitions(std::string_view topic, const std::optional<K>& key,
                                                   const std::optional<V>& value, std::int32_t partition_count)>;

}  // namespace millrace
