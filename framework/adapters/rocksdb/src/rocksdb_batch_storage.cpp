#include "rocksdb_batch_storage.hpp"

#include <algorithm>
#include <functional>
#include <random>

#include <fmt/format.h>

#include <millrace/base/big_endian.hpp>

#include "database_directory.hpp"
#include "disk_room.hpp"
#include "log_options.hpp"
#include "memory_parts.hpp"
#include "record_files.hpp"
#include "slices.hpp"

namespace millrace {

namespace {

// 1 had neither sparse batches nor marks; it is read, and from then on is 2.
constexpr int kLogFormat = 2;
constexpr int kOldestLogFormat = 1;
constexpr const char* kBatchColumn = "batches";
constexpr const char* kIndexColumn = "index";
// The memory of a common transaction is kept (to take it anew for each costs as much as a copy of the bytes), that of
// an uncommonly large one is given back.
constexpr std::size_t kKeptBatchBytes = std::size_t{32} << 20;
constexpr std::size_t kOwnCacheBytes = std::size_t{8} << 20;
// What a transaction may come to on the disk before anything is given back: here and in the state of tasks, each time
// in a WAL and in a table.
constexpr std::uint64_t kCopies = 4;
constexpr std::uint64_t kMostToGoOnBytes = std::uint64_t{8} << 20;
constexpr std::size_t kWorthGivingBackBytes = std::size_t{8} << 20;

Bytes single(char key) { return Bytes(1, key); }

/// Keys of the index between two bounds, which it owns.
struct IndexRange {
  IndexRange(Bytes first, Bytes last) : from(std::move(first)), to(std::move(last)) {}
  IndexRange(TopicNumber topic, Partition partition)
      : IndexRange(index_key({topic, partition, Offset(0)}), index_key({topic, partition.next(), Offset(0)})) {}
  IndexRange(const IndexRange&) = delete;
  IndexRange& operator=(const IndexRange&) = delete;

  std::unique_ptr<rocksdb::Iterator> walk(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* index,
                                          const rocksdb::Snapshot* snapshot = nullptr) const {
    rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower;
    options.iterate_upper_bound = &upper;
    options.snapshot = snapshot;
    return std::unique_ptr<rocksdb::Iterator>(db.NewIterator(options, index));
  }

  const Bytes from;
  const Bytes to;
  const rocksdb::Slice lower{from};
  const rocksdb::Slice upper{to};
};

}  // namespace

Result<std::unique_ptr<RocksDbBatchStorage>> RocksDbBatchStorage::open(const std::filesystem::path& directory,
                                                                       const EmbeddedLogOptions& options) {
  MILLRACE_TRY(check_room(directory, kReservedBytes, kReservedBytes, kLogErrors.full_at_open));
  MILLRACE_TRY(DatabaseDirectory(directory, "log", kLogFormat, kLogErrors, kOldestLogFormat).claim());
  MILLRACE_TRY(check_record_files(directory, kLogErrors));
  // The limit of its own is never reached: the column of the batches keeps to less.
  const RocksDbMemory memory = options.memory.value_or(
      RocksDbMemory({.block_cache_bytes = kOwnCacheBytes, .memtable_bytes = 4 * options.write_buffer_bytes}));
  const auto& block_cache = memory.parts()->block_cache;
  std::vector<rocksdb::ColumnFamilyDescriptor> columns{
      {rocksdb::kDefaultColumnFamilyName, small_column_options(block_cache)},
      {kIndexColumn, small_column_options(block_cache)},
      {kBatchColumn, batch_column_options(options, block_cache)}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  auto database_options = log_database_options(options, memory);
  auto wal_watch = std::make_shared<WalWatch>();
  database_options.listeners.push_back(wal_watch);
  auto status = rocksdb::DB::Open(database_options, directory.string(), columns, &handles, &db);
  if (!status.ok()) return open_error(status, directory, kLogErrors);
  std::unique_ptr<RocksDbBatchStorage> storage(new RocksDbBatchStorage(
      directory, memory, std::move(wal_watch), std::unique_ptr<rocksdb::DB>(db), std::move(handles)));
  storage->write_options_.sync = options.fsync;
  return storage;
}

RocksDbBatchStorage::RocksDbBatchStorage(std::filesystem::path directory, RocksDbMemory memory,
                                         std::shared_ptr<const WalWatch> wal_watch, std::unique_ptr<rocksdb::DB> db,
                                         std::vector<rocksdb::ColumnFamilyHandle*> handles)
    : directory_(std::move(directory)),
      part_of_disk_bytes_(millrace::part_of_disk_bytes(directory_)),
      memory_(std::move(memory)),
      wal_watch_(std::move(wal_watch)),
      db_(std::move(db)),
      meta_(handles[0]),
      index_(handles[1]),
      batches_(handles[2]) {}

RocksDbBatchStorage::~RocksDbBatchStorage() {
  // If the flush fails, the WAL still has everything.
  if (!failed_) db_->Flush(rocksdb::FlushOptions(), {meta_, index_, batches_}).PermitUncheckedError();
  for (auto* column : {meta_, index_, batches_}) db_->DestroyColumnFamilyHandle(column).PermitUncheckedError();
}

Error RocksDbBatchStorage::corrupted(const std::string& what) const {
  return Error(ErrorCode::LogCorrupted, fmt::format("{}: {}", directory_.string(), what));
}

Result<StoredLog> RocksDbBatchStorage::load() {
  StoredLog log;
  AllMarks marks;
  MILLRACE_TRY(load_meta(log, marks));
  MILLRACE_TRY(ensure_log_id(log));
  MILLRACE_TRY(find_next_serial());
  for (StoredLog::Topic& topic : log.topics) {
    for (std::int32_t partition = 0; partition < topic.info.partitions; ++partition) {
      auto end = find_end(topic.number, Partition(partition));
      if (!end) return end.error().at({.topic = topic.info.name, .partition = partition});
      auto known = marks.extract({topic.number, Partition(partition)});
      PartitionMarks found = known ? known.mapped() : PartitionMarks();
      // Where all records were deleted, no batch tells of the end.
      topic.partitions.push_back({found, std::max(*end, found.begin)});
    }
  }
  if (!marks.empty()) return corrupted("there are marks of a partition that there is not");
  return log;
}

Result<void> RocksDbBatchStorage::load_meta(StoredLog& log, AllMarks& marks) {
  std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(read_options_, meta_));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    MILLRACE_TRY(load_meta_entry(to_view(at->key()), to_view(at->value()), log, marks));
  }
  if (!at->status().ok()) return read_error(at->status(), directory_, kLogErrors);
  for (const StoredLog::Topic& topic : log.topics) {
    if (topic.number >= log.next_topic)
      return corrupted(fmt::format("topic {} has an impossible number", topic.info.name));
  }
  return {};
}

Result<void> RocksDbBatchStorage::load_meta_entry(BytesView key, BytesView value, StoredLog& log, AllMarks& all_marks) {
  StorageWrite::Topic topic;
  StorageWrite::GroupOffset offset;
  StorageWrite::Marks marks;
  if (key == single(kLogIdKey)) {
    log.id = Bytes(value);
  } else if (key == single(kNextTopicKey) && value.size() == sizeof(std::uint32_t)) {
    log.next_topic = TopicNumber(read_big_endian<std::uint32_t>(value));
  } else if (decode_topic(key, value, topic)) {
    log.topics.push_back({topic.number, std::move(topic.info), {}});
  } else if (decode_marks(key, value, marks)) {
    all_marks[{marks.topic, marks.partition}] = marks.marks;
  } else if (decode_offset(key, value, offset)) {
    log.offsets.push_back(std::move(offset));
  } else {
    return corrupted(fmt::format("the entry {} is malformed", printable(key)));
  }
  return {};
}

Result<void> RocksDbBatchStorage::ensure_log_id(StoredLog& log) {
  if (!log.id.empty()) return {};
  std::random_device entropy;
  log.id = fmt::format("{:08x}{:08x}", entropy(), entropy());
  rocksdb::WriteOptions synced;
  synced.sync = true;
  auto written = db_->Put(synced, meta_, single(kLogIdKey), log.id);
  if (!written.ok()) return open_error(written, directory_, kLogErrors);
  return {};
}

Result<void> RocksDbBatchStorage::find_next_serial() {
  std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(read_options_, batches_));
  at->SeekToLast();
  if (!at->status().ok()) return read_error(at->status(), directory_, kLogErrors);
  if (!at->Valid()) return {};
  if (!decode_serial(to_view(at->key()), next_serial_)) return corrupted("the key of the last batch is malformed");
  next_serial_ = next_serial_.next();
  return {};
}

Result<Offset> RocksDbBatchStorage::find_end(TopicNumber topic, Partition partition) {
  IndexRange range(topic, partition);
  auto at = range.walk(*db_, index_);
  at->SeekToLast();
  if (!at->status().ok()) return read_error(at->status(), directory_, kLogErrors);
  if (!at->Valid()) return Offset(0);
  IndexEntry entry;
  if (!decode_index_entry(to_view(at->value()), entry)) return corrupted("an index entry is malformed");
  return base_of(to_view(at->key())).plus(entry.span);
}

Result<void> RocksDbBatchStorage::write(const StorageWrite& write) {
  if (failed_) return *failed_;
  batch_.Clear();
  MILLRACE_TRY(collect(write));
  wanted_bytes_ = kCopies * batch_.GetDataSize();
  // Before RocksDB meets the end of the disk.
  auto room = check_room(directory_, needed_bytes(), needed_to_go_on_bytes(), kLogErrors.full);
  if (!room) return stop(room.error());
  if (auto written = db_->Write(write_options_, &batch_); !written.ok()) {
    database_stopped_ = true;
    return stop(error_of(written));
  }
  if (batch_.GetDataSize() > kKeptBatchBytes) batch_ = rocksdb::WriteBatch();
  give_back();
  return {};
}

Result<void> RocksDbBatchStorage::stop(Error why) {
  failed_ = std::move(why);
  return *failed_;
}

Error RocksDbBatchStorage::error_of(const rocksdb::Status& status) const {
  if (wal_watch_->failed()) return Error(kLogErrors.write_failed, describe(status, directory_));
  if (finds_no_space(status)) return no_room(directory_, needed_to_go_on_bytes(), kLogErrors.full, status.ToString());
  return write_error(status, directory_, kLogErrors);
}

/// For what is wanted, and for all that is in memory, here and in the state of tasks, to be written as tables. Of a
/// small disk not so much is kept back: a flush that fails is made again once there is room for all of it.
std::uint64_t RocksDbBatchStorage::needed_bytes() const {
  const std::uint64_t in_memory = memory_.memtable_used_bytes();
  return kReservedBytes + wanted_bytes_ + (database_stopped_ ? in_memory : std::min(in_memory, part_of_disk_bytes_));
}

/// More than it takes not to stop: a compaction that gives a little back would have it go on for a moment, again and
/// again.
std::uint64_t RocksDbBatchStorage::needed_to_go_on_bytes() const {
  return needed_bytes() + std::min(part_of_disk_bytes_, kMostToGoOnBytes);
}

/// Where only the look at the disk said that it is full, the database knows nothing of it. Where it was a flush or a
/// compaction that found no room, it is made again; what is in the WAL is whole.
Result<void> RocksDbBatchStorage::resume() {
  if (!failed_) return {};
  if (failed_->code() != kLogErrors.full) return *failed_;
  auto room = check_room(directory_, needed_to_go_on_bytes(), needed_to_go_on_bytes(), kLogErrors.full);
  if (!room) return stop(room.error());
  if (database_stopped_) {
    if (auto resumed = db_->Resume(); !resumed.ok()) return stop(error_of(resumed));
  }
  database_stopped_ = false;
  failed_.reset();
  return {};
}

/// Deletions take effect on the disk where a compaction meets them, in tables; in memory they are small, and on a quiet
/// log they would stay there.
void RocksDbBatchStorage::give_back() {
  if (removed_bytes_ < kWorthGivingBackBytes) return;
  removed_bytes_ = 0;
  rocksdb::FlushOptions at_once;
  at_once.wait = false;
  at_once.allow_write_stall = true;
  db_->Flush(at_once, {index_, batches_}).PermitUncheckedError();
}

/// Deletions first, so that what the same write brings anew stays. Adding to a batch fails only where a limit is set.
Result<void> RocksDbBatchStorage::collect(const StorageWrite& write) {
  for (const std::string& group : write.deleted_groups) MILLRACE_TRY(collect_deletions(group_prefix(group)));
  for (const StorageWrite::GroupPartition& offset : write.deleted_offsets) {
    batch_.Delete(meta_, offset_key(offset.group, offset.partition)).PermitUncheckedError();
  }
  for (const StorageWrite::Topic& topic : write.deleted_topics) MILLRACE_TRY(collect_topic_deletion(topic.number));
  for (const StorageWrite::Topic& topic : write.created_topics) {
    batch_.Put(meta_, topic_key(topic.number), encode_topic(topic.info)).PermitUncheckedError();
    Bytes next;
    append_big_endian(next, topic.number.next().value());
    batch_.Put(meta_, single(kNextTopicKey), next).PermitUncheckedError();
  }
  for (const StorageWrite::Topic& topic : write.changed_topics) {
    batch_.Put(meta_, topic_key(topic.number), encode_topic(topic.info)).PermitUncheckedError();
  }
  for (const StorageWrite::Range& range : write.removed) {
    BatchKey to = range.from;
    to.base = range.to;
    MILLRACE_TRY(collect_batch_deletions(index_key(range.from), index_key(to)));
  }
  for (const StorageWrite::Batch& batch : write.batches) {
    auto span = batch_span(batch.bytes);
    if (!span) return span.error();
    collect_batch(batch, *span);
  }
  for (const StorageWrite::Marks& marks : write.marks) {
    batch_.Put(meta_, marks_key(marks.topic, marks.partition), encode_marks(marks.marks)).PermitUncheckedError();
  }
  for (const StorageWrite::GroupOffset& offset : write.offsets) {
    batch_.Put(meta_, offset_key(offset.group, offset.partition), encode_offset(offset.committed))
        .PermitUncheckedError();
  }
  return {};
}

void RocksDbBatchStorage::collect_batch(const StorageWrite::Batch& batch, std::int64_t span) {
  IndexEntry entry{span, std::nullopt, static_cast<std::uint32_t>(batch.bytes.size()), batch.bytes};
  if (batch.bytes.size() >= kLeastSeparateBytes) {
    entry.serial = next_serial_;
    next_serial_ = next_serial_.next();
    batch_.Put(batches_, serial_key(*entry.serial), to_slice(batch.bytes)).PermitUncheckedError();
  }
  batch_.Put(index_, index_key(batch.key), encode_index_entry(entry)).PermitUncheckedError();
}

/// One by one: what a table counts as deleted has it compacted, and of a range it counts nothing.
Result<void> RocksDbBatchStorage::collect_batch_deletions(const Bytes& from, const Bytes& to) {
  IndexRange range(from, to);
  auto at = range.walk(*db_, index_);
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    IndexEntry entry;
    if (!decode_index_entry(to_view(at->value()), entry)) return corrupted("an index entry is malformed");
    batch_.Delete(index_, at->key()).PermitUncheckedError();
    removed_bytes_ += entry.size_bytes;
    if (entry.serial) batch_.Delete(batches_, serial_key(*entry.serial)).PermitUncheckedError();
  }
  if (!at->status().ok()) return read_error(at->status(), directory_, kLogErrors);
  return {};
}

Result<void> RocksDbBatchStorage::collect_topic_deletion(TopicNumber topic) {
  batch_.Delete(meta_, topic_key(topic)).PermitUncheckedError();
  MILLRACE_TRY(collect_deletions(marks_prefix(topic)));
  return collect_batch_deletions(index_key({topic, Partition(0), Offset(0)}),
                                 index_key({topic.next(), Partition(0), Offset(0)}));
}

/// Of what is in "default" under keys with a prefix.
Result<void> RocksDbBatchStorage::collect_deletions(const Bytes& prefix) {
  std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(read_options_, meta_));
  for (at->Seek(prefix); at->Valid() && at->key().starts_with(prefix); at->Next()) {
    batch_.Delete(meta_, at->key()).PermitUncheckedError();
  }
  if (!at->status().ok()) return read_error(at->status(), directory_, kLogErrors);
  return {};
}

Result<std::optional<StoredBatch>> RocksDbBatchStorage::read_batch(const BatchKey& key) {
  auto entry = std::make_shared<rocksdb::PinnableSlice>();
  auto status = db_->Get(read_options_, index_, index_key(key), entry.get());
  if (!status.ok() && !status.IsNotFound()) return read_error(status, directory_, kLogErrors);
  auto found = status.IsNotFound() ? seek_batch(key, nullptr) : resolve(key.base, std::move(entry), nullptr);
  // What the index told of may be gone by now, deleted or replaced by compaction; or else something is missing.
  bool doubtful = found && (!*found || (*found)->base > key.base);
  return doubtful ? read_at_one_time(key) : found;
}

Result<std::optional<StoredBatch>> RocksDbBatchStorage::read_at_one_time(const BatchKey& key) {
  std::unique_ptr<const rocksdb::Snapshot, std::function<void(const rocksdb::Snapshot*)>> snapshot(
      db_->GetSnapshot(), [this](const rocksdb::Snapshot* held) { db_->ReleaseSnapshot(held); });
  return seek_batch(key, snapshot.get());
}

bool RocksDbBatchStorage::find_in_index(rocksdb::Iterator& at, const BatchKey& key) {
  at.SeekForPrev(index_key(key));
  if (!at.Valid()) {
    if (at.status().ok()) at.SeekToFirst();
    return true;
  }
  IndexEntry before;
  if (!decode_index_entry(to_view(at.value()), before)) return false;
  if (base_of(to_view(at.key())).plus(before.span) <= key.base) at.Next();
  return true;
}

/// For an offset that no batch begins at: rare, since readers go from batch to batch.
Result<std::optional<StoredBatch>> RocksDbBatchStorage::seek_batch(const BatchKey& key,
                                                                   const rocksdb::Snapshot* snapshot) {
  IndexRange range(key.topic, key.partition);
  auto at = range.walk(*db_, index_, snapshot);
  if (!find_in_index(*at, key)) return corrupted("an index entry is malformed");
  if (!at->status().ok()) return read_error(at->status(), directory_, kLogErrors);
  if (!at->Valid()) return std::optional<StoredBatch>();
  Offset base = base_of(to_view(at->key()));
  if (base > key.base && snapshot != nullptr) MILLRACE_TRY(check_gap(key, base, *snapshot));
  // A copy: an iterator kept alive would pin whole memtables.
  auto entry = std::make_shared<rocksdb::PinnableSlice>();
  entry->PinSelf(at->value());
  return resolve(base, std::move(entry), snapshot);
}

/// Batches follow each other without gaps, from the beginning of the partition on.
Result<void> RocksDbBatchStorage::check_gap(const BatchKey& key, Offset found, const rocksdb::Snapshot& snapshot) {
  rocksdb::ReadOptions options = read_options_;
  options.snapshot = &snapshot;
  const Bytes marks_of_it = marks_key(key.topic, key.partition);
  std::string value;
  StorageWrite::Marks marks;
  auto status = db_->Get(options, meta_, marks_of_it, &value);
  if (!status.ok() && !status.IsNotFound()) return read_error(status, directory_, kLogErrors);
  if (status.ok() && !decode_marks(marks_of_it, value, marks)) return corrupted("marks are malformed");
  if (key.base < marks.marks.begin) return {};
  return corrupted(fmt::format("the batches from offset {} up to {} are missing", key.base.value(), found.value()));
}

Result<std::optional<StoredBatch>> RocksDbBatchStorage::resolve(Offset base, Pinned encoded,
                                                                const rocksdb::Snapshot* snapshot) {
  IndexEntry entry;
  if (!decode_index_entry(to_view(*encoded), entry)) return corrupted("an index entry is malformed");
  if (!entry.serial) return std::optional<StoredBatch>(StoredBatch{base, entry.bytes, std::move(encoded)});
  auto batch = std::make_shared<rocksdb::PinnableSlice>();
  rocksdb::ReadOptions options = read_options_;
  options.snapshot = snapshot;
  auto status = db_->Get(options, batches_, serial_key(*entry.serial), batch.get());
  if (status.IsNotFound() && snapshot == nullptr) return std::optional<StoredBatch>();
  if (status.IsNotFound())
    return corrupted(fmt::format("the index has a batch at offset {}, which is not there", base.value()));
  if (!status.ok()) return read_error(status, directory_, kLogErrors);
  BytesView bytes = to_view(*batch);
  return std::optional<StoredBatch>(StoredBatch{base, bytes, std::move(batch)});
}

Result<std::vector<BatchPlace>> RocksDbBatchStorage::list(const BatchKey& from, std::size_t most) {
  IndexRange range(from.topic, from.partition);
  auto at = range.walk(*db_, index_);
  if (!find_in_index(*at, from)) return corrupted("an index entry is malformed");
  std::vector<BatchPlace> places;
  for (; at->Valid() && places.size() < most; at->Next()) {
    IndexEntry entry;
    if (!decode_index_entry(to_view(at->value()), entry)) return corrupted("an index entry is malformed");
    Offset base = base_of(to_view(at->key()));
    places.push_back({base, base.plus(entry.span), entry.size_bytes});
  }
  if (!at->status().ok()) return read_error(at->status(), directory_, kLogErrors);
  return places;
}

}  // namespace millrace
