#include <millrace/app/line_input.hpp>

#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <millrace/app/wait.hpp>
#include <millrace/base/crash_point.hpp>

namespace millrace {

namespace {

// A line is a record, and a record must fit into memory a few times.
constexpr std::size_t kLineMaxBytes = 16 << 20;
constexpr std::size_t kReadBytes = 256 << 10;

/// FNV-1a over all bytes so far.
class PrefixHash {
 public:
  void add(BytesView bytes) {
    for (unsigned char c : bytes) hash_ = (hash_ ^ c) * 0x100000001b3ULL;
  }
  [[nodiscard]] std::string text() const { return fmt::format("{:016x}", hash_); }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

Error unreadable(const std::filesystem::path& path, const std::string& reason) {
  return Error(ErrorCode::InputUnreadable, fmt::format("cannot read {}: {}", path.string(), reason));
}

}  // namespace

/// A file read from its beginning; hands out whole lines.
class LineInput::File {
 public:
  explicit File(std::filesystem::path path) : path_(std::move(path)) {}
  ~File() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  Result<void> open() {
    fd_ = path_ == "-" ? STDIN_FILENO : ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) return unreadable(path_, std::strerror(errno));
    return {};
  }

  /// Reads `position` bytes again and checks that their hash is `hash`.
  Result<void> skip(std::uint64_t position, const std::string& hash, const std::string& known_as) {
    while (position_ < position) {
      if (buffer_.size() == taken_) {
        auto more = read_more();
        if (!more) return more.error();
        if (!*more) break;
      }
      std::size_t size = std::min<std::uint64_t>(buffer_.size() - taken_, position - position_);
      take(size);
    }
    if (position_ == position && hash_.text() == hash) return {};
    return Error(ErrorCode::InputChanged,
                 fmt::format("{} does not begin with the {} bytes that were read from {} before", path_.string(),
                             position, known_as));
  }

  /// The next line without its newline; nullopt at the end. Borrowed until the next call.
  Result<std::optional<BytesView>> next_line() {
    std::size_t searched = taken_;
    while (true) {
      auto newline = buffer_.find('\n', searched);
      if (newline != Bytes::npos) {
        std::size_t begin = taken_;
        take(newline + 1 - taken_);
        return std::optional(BytesView(buffer_).substr(begin, newline - begin));
      }
      if (buffer_.size() - taken_ > kLineMaxBytes) {
        return Error(ErrorCode::RecordTooLarge, fmt::format("{}: the line at byte {} is longer than {} bytes",
                                                            path_.string(), position_, kLineMaxBytes));
      }
      std::size_t kept = buffer_.size() - taken_;
      auto more = read_more();
      if (!more) return more.error();
      searched = taken_ + kept;
      if (*more) continue;
      if (kept == 0) return std::optional<BytesView>();
      std::size_t begin = taken_;
      take(kept);
      return std::optional(BytesView(buffer_).substr(begin, kept));
    }
  }

  [[nodiscard]] std::uint64_t position() const { return position_; }
  [[nodiscard]] std::string hash() const { return hash_.text(); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  Result<bool> read_more() {
    buffer_.erase(0, taken_);
    taken_ = 0;
    std::size_t size = buffer_.size();
    buffer_.resize(size + kReadBytes);
    ssize_t got = -1;
    do got = ::read(fd_, buffer_.data() + size, kReadBytes);
    while (got < 0 && errno == EINTR);
    buffer_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) return unreadable(path_, std::strerror(errno));
    return got > 0;
  }
  void take(std::size_t size) {
    hash_.add(BytesView(buffer_).substr(taken_, size));
    taken_ += size;
    position_ += size;
  }

  std::filesystem::path path_;
  int fd_ = -1;
  Bytes buffer_;
  std::size_t taken_ = 0;
  std::uint64_t position_ = 0;
  PrefixHash hash_;
};

LineInput::LineInput(Log& log, const Clock& clock, LineInputOptions options)
    : log_(log),
      clock_(clock),
      options_(std::move(options)),
      group_(options_.application_id + "-input"),
      writer_(log.open_writer(group_, {})) {}

LineInput::~LineInput() = default;

Result<bool> LineInput::run(const std::function<bool()>& paced) {
  MILLRACE_TRY(load_positions());
  for (std::size_t i = 0; i < options_.files.size(); ++i) {
    auto whole = append_file(i, paced);
    if (!whole) return whole.error();
    if (!*whole) return false;
  }
  return true;
}

Result<void> LineInput::load_positions() {
  auto committed = wait(log_.admin().committed_offsets(group_));
  if (!committed) return committed.error();
  positions_ = std::move(*committed);
  for (const auto& [file, position] : positions_) {
    if (static_cast<std::size_t>(file.partition.value()) < options_.files.size()) continue;
    return Error(ErrorCode::InputChanged, fmt::format("{} was read before and is not among the files now",
                                                      position.metadata.substr(position.metadata.find(' ') + 1)));
  }
  return {};
}

Result<bool> LineInput::append_file(std::size_t index, const std::function<bool()>& paced) {
  File file(options_.files[index]);
  MILLRACE_TRY(file.open());
  TopicPartition id{group_, Partition(static_cast<std::int32_t>(index))};
  if (auto known = positions_.find(id); known != positions_.end()) {
    // "<hash> <path>"
    const std::string& metadata = known->second.metadata;
    auto space = metadata.find(' ');
    MILLRACE_TRY(file.skip(static_cast<std::uint64_t>(known->second.offset.value()), metadata.substr(0, space),
                           metadata.substr(space + 1)));
  }
  while (true) {
    if (!paced()) return false;
    std::uint64_t before = file.position();
    MILLRACE_TRY(append_chunk(index, file));
    if (file.position() == before) return true;
  }
}

Result<void> LineInput::append_chunk(std::size_t index, File& file) {
  std::uint64_t before = file.position();
  // A chunk goes to one partition: fewer, larger batches. Which one follows from the number of the chunk.
  RecordBatchBuilder batch;
  Timestamp now = clock_.wall_now();
  while (file.position() - before < options_.chunk_bytes) {
    auto line = file.next_line();
    if (!line) return line.error();
    if (!*line) break;
    batch.add(std::nullopt, **line, now, {});
  }
  if (batch.empty()) return {};
  Transaction transaction;
  Partition partition(static_cast<std::int32_t>(chunks_++ % static_cast<std::uint64_t>(options_.partitions)));
  transaction.appends.push_back({{options_.topic, partition}, {}});
  transaction.appends.back().batches.push_back(batch.finish());
  transaction.group = group_;
  TopicPartition id{group_, Partition(static_cast<std::int32_t>(index))};
  transaction.offsets[id] = {Offset(static_cast<std::int64_t>(file.position())),
                             file.hash() + " " + std::filesystem::absolute(file.path()).string()};
  MILLRACE_CRASH_POINT("input/before-append");
  auto committed = wait(writer_->commit(std::move(transaction)));
  if (!committed) return committed.error();
  appended_bytes_ += file.position() - before;
  return {};
}

}  // namespace millrace
