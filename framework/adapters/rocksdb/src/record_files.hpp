// Damage of a manifest or a WAL that RocksDB takes for the trace of a crash, and goes on without what it hides.
//
// RocksDB ends reading at a last record that is not whole: a process may have died while it wrote it. And it ends at a
// record that seems to be a rest of an earlier use of the file. A single flipped bit, in the length or the type of a
// record, looks like either.
#pragma once

#include <filesystem>

#include <rocksdb/options.h>

#include <millrace/base/result.hpp>

#include "database_error.hpp"

namespace millrace {

/// To be called before a database is opened. Looks at the frames of records, not at their bytes: checksums are
/// RocksDB's business. Finds
///  - a manifest whose last record is not whole. It is one write, and forced to the disk before anything relies on it,
///    so that a crash leaves it whole, or as zeros, or out; and without it the newest tables would be forgotten, while
///    the WALs that they were made from are gone;
///  - records that claim to be in a file which is used again: none is.
/// Errors: corrupted, naming the file.
[[nodiscard]] Result<void> check_record_files(const std::filesystem::path& directory, const DatabaseErrorCodes& codes);

/// Has a database refuse a WAL that does not go on where the one before it ended: its end was lost, or a WAL is missing
/// in between. In point-in-time recovery, what follows the gap is dropped instead.
void refuse_gaps_between_wals(rocksdb::DBOptions& options);

}  // namespace millrace
