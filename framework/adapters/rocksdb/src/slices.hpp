// Borrowed bytes, as RocksDB and as millrace name them.
#pragma once

#include <rocksdb/slice.h>

#include <millrace/base/bytes.hpp>

namespace millrace {

inline rocksdb::Slice to_slice(BytesView bytes) { return {bytes.data(), bytes.size()}; }
inline BytesView to_view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace millrace
