// Records: as bytes in the runtime, typed in the DSL and the Processor API.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <millrace/base/bytes.hpp>
#include <millrace/model/headers.hpp>
#include <millrace/model/ids.hpp>

namespace millrace {

/// One record as the log holds it. Borrows everything: valid as long as the batch that it stands in.
struct RecordView {
  OptionalBytesView key;      ///< serialized, or null
  OptionalBytesView value;    ///< serialized, or null
  Timestamp timestamp{};      ///< event time
  Offset offset;              ///< in its partition
  BytesView encoded_headers;  ///< see decode_headers; empty if there are none
};

/// One typed record between operators. Null keys and values are std::nullopt, as they are null in Kafka.
template <class K, class V>
struct Record {
  std::optional<K> key;    ///< decides on the partition
  std::optional<V> value;  ///< null means "deleted" where records are rows
  Timestamp timestamp{};   ///< event time
  Headers headers;         ///< travel with the record through operators

  /// The same record with another value; timestamp and headers are kept.
  template <class V2>
  [[nodiscard]] Record<K, V2> with_value(std::optional<V2> new_value) const {
    return {key, std::move(new_value), timestamp, headers};
  }
  /// The same record with another key; timestamp and headers are kept.
  template <class K2>
  [[nodiscard]] Record<K2, V> with_key(std::optional<K2> new_key) const {
    return {std::move(new_key), value, timestamp, headers};
  }
  friend bool operator==(const Record&, const Record&) = default;
};

/// Where the record being processed came from.
struct RecordMetadata {
  std::string_view topic;  ///< borrowed for the duration of the call
  Partition partition;     ///< within the topic
  Offset offset;           ///< within the partition
};

}  // namespace millrace
