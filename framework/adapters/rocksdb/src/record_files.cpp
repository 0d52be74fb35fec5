#include "record_files.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <rocksdb/listener.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <millrace/base/bytes.hpp>

namespace millrace {

namespace fs = std::filesystem;

namespace {

// RocksDB's log format: blocks of 32 KiB; a record is checksum:4 length:2 type:1 (integers little-endian) and its
// bytes, and does not cross the end of a block. A block's last bytes that hold no header are zeros.
constexpr std::size_t kBlockBytes = std::size_t{32} << 10;
constexpr std::size_t kHeaderBytes = 7;
constexpr char kFirstRecyclableType = 5;
constexpr char kLastRecyclableType = 8;

enum class Frames : std::uint8_t { Whole, Torn, Impossible };

bool is_zero(BytesView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

Frames frames_of_block(BytesView block) {
  bool full = block.size() == kBlockBytes;
  while (block.size() >= kHeaderBytes && !is_zero(block.substr(0, kHeaderBytes))) {
    if (block[6] >= kFirstRecyclableType && block[6] <= kLastRecyclableType) return Frames::Impossible;
    std::size_t length = static_cast<std::uint8_t>(block[4]) | std::size_t{static_cast<std::uint8_t>(block[5])} << 8;
    if (kHeaderBytes + length > block.size()) return Frames::Torn;
    block.remove_prefix(kHeaderBytes + length);
  }
  bool begun = block.size() < kHeaderBytes && !block.empty() && !full;
  return !begun && is_zero(block) ? Frames::Whole : Frames::Torn;
}

Frames frames_of_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, kBlockBytes> block;
  Frames worst = Frames::Whole;
  while (file) {
    file.read(block.data(), block.size());
    worst = std::max(worst, frames_of_block({block.data(), static_cast<std::size_t>(file.gcount())}));
  }
  return worst;
}

/// Follows the sequence numbers of the batches that are replayed.
class WalContinuity final : public rocksdb::WalFilter {
 public:
  WalProcessingOption LogRecordFound(unsigned long long wal, const std::string&, const rocksdb::WriteBatch& batch,
                                     rocksdb::WriteBatch*, bool*) override {
    std::uint64_t sequence = sequence_of(batch);
    // Within one WAL, checksums and RocksDB's recovery mode see to it.
    bool gap = next_ && wal != wal_ && sequence != *next_;
    if (gap) return WalProcessingOption::kCorruptedRecord;
    wal_ = wal;
    next_ = sequence + batch.Count();
    return WalProcessingOption::kContinueProcessing;
  }
  const char* Name() const override { return "gap between write-ahead logs"; }

 private:
  /// A batch begins with the number of its first change, 8 bytes, little-endian.
  static std::uint64_t sequence_of(const rocksdb::WriteBatch& batch) {
    std::uint64_t sequence = 0;
    for (int i = 7; i >= 0; --i) {
      sequence = sequence << 8 | static_cast<std::uint8_t>(batch.Data()[static_cast<std::size_t>(i)]);
    }
    return sequence;
  }

  unsigned long long wal_ = 0;
  std::optional<std::uint64_t> next_;
};

/// Options hold listeners as their own, but a filter only as a pointer.
class FilterOwner final : public rocksdb::EventListener {
 public:
  WalContinuity filter;
};

}  // namespace

Result<void> check_record_files(const fs::path& directory, const DatabaseErrorCodes& codes) {
  std::string current;
  std::getline(std::ifstream(directory / "CURRENT"), current);
  std::error_code error;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    // Not an old manifest: nobody reads it again.
    bool manifest = entry->path().filename() == current;
    if (!manifest && entry->path().extension() != ".log") continue;
    Frames frames = frames_of_file(entry->path());
    if (frames == Frames::Impossible || (manifest && frames == Frames::Torn)) {
      return Error(codes.corrupted, fmt::format("{}: a record is not whole", entry->path().string()));
    }
  }
  // If it cannot be listed, opening it says so.
  return {};
}

void refuse_gaps_between_wals(rocksdb::DBOptions& options) {
  auto owner = std::make_shared<FilterOwner>();
  options.wal_filter = &owner->filter;
  options.listeners.push_back(std::move(owner));
}

}  // namespace millrace
