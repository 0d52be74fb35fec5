// The embedded log's keys and values. Integers are big-endian, so that keys sort by number; a string within a key
// stands behind its length (4 bytes).
//
//   column family "batches"   serial number:8                            -> a batch
//   column family "index"     topic number:4 partition:4 base offset:8   -> where the batch is, see below
//   column family "default"   'i'                                        -> id of this log
//                             'n'                                        -> next topic number:4
//                             't' topic number:4                         -> partitions:4 cleanup:1 name id
//                                                                           retention ms:8 retention bytes:8, -1: none
//                             'p' topic number:4 partition:4             -> begin:8 compacted:8 tombstones gone:8
//                             'o' group topic partition:4                -> offset:8 metadata
//
// A batch stands in the index itself, or beside it under its serial number:
//
//   count:4 'i' batch          0:4 'i' span:8 batch          0:4 'b' span:8 serial number:8 size:4
//
// where the span is the number of offsets that the batch covers; of a dense batch it is the count. Format 1 wrote
// count:4 'b' serial number:8 instead of the last, and neither marks ('p') nor retention.
//
// Batches are numbered in the order of their writing, over all partitions. So each table file of "batches" lies wholly
// behind the one before, and compaction moves files instead of merging them: every byte is written twice, to the WAL
// and to its table, whatever the number of partitions. (Batches under the keys of the index were rewritten again and
// again, 7 times in 6 GB over 16 partitions; blob files avoid that too, but their checksum cost readers three times
// as much.)
#pragma once

#include <millrace/log/batch_storage.hpp>

namespace millrace {

/// Smaller batches stand in the index itself: there, those of a partition are neighbours, and are read together.
inline constexpr std::size_t kLeastSeparateBytes = 4096;
inline constexpr char kLogIdKey = 'i';
inline constexpr char kNextTopicKey = 'n';
inline constexpr char kTopicPrefix = 't';
inline constexpr char kMarksPrefix = 'p';
inline constexpr char kOffsetPrefix = 'o';

/// Number of a batch in the order of writing.
using BatchSerial = Strong<std::uint64_t, struct BatchSerialTag>;

[[nodiscard]] Bytes serial_key(BatchSerial serial);
/// False if the bytes are malformed.
[[nodiscard]] bool decode_serial(BytesView key, BatchSerial& serial);

[[nodiscard]] Bytes index_key(const BatchKey& key);
/// REQUIRES: `bytes` were made by index_key().
[[nodiscard]] Offset base_of(BytesView bytes);

/// Where a batch is.
struct IndexEntry {
  std::int64_t span = 0;              ///< at least 1
  std::optional<BatchSerial> serial;  ///< in "batches"
  std::uint32_t size_bytes = 0;       ///< of the batch; at least, if format 1 put it into "batches"
  BytesView bytes;                    ///< here; borrowed from the entry's encoding
};
[[nodiscard]] Bytes encode_index_entry(const IndexEntry& entry);
/// False if the bytes are malformed.
[[nodiscard]] bool decode_index_entry(BytesView value, IndexEntry& entry);

[[nodiscard]] Bytes topic_key(TopicNumber number);
[[nodiscard]] Bytes encode_topic(const TopicInfo& info);
/// False if the bytes are malformed.
[[nodiscard]] bool decode_topic(BytesView key, BytesView value, StorageWrite::Topic& topic);

/// Prefix of the keys of all marks of a topic.
[[nodiscard]] Bytes marks_prefix(TopicNumber topic);
[[nodiscard]] Bytes marks_key(TopicNumber topic, Partition partition);
[[nodiscard]] Bytes encode_marks(const PartitionMarks& marks);
/// False if the bytes are malformed.
[[nodiscard]] bool decode_marks(BytesView key, BytesView value, StorageWrite::Marks& marks);

/// Prefix of the keys of all offsets of a group.
[[nodiscard]] Bytes group_prefix(const std::string& group);
[[nodiscard]] Bytes offset_key(const std::string& group, const TopicPartition& partition);
[[nodiscard]] Bytes encode_offset(const CommittedOffset& committed);
/// False if the bytes are malformed.
[[nodiscard]] bool decode_offset(BytesView key, BytesView value, StorageWrite::GroupOffset& offset);

}  // namespace millrace
