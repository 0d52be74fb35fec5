#include "line_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace millrace {

namespace {

// A line is a record, and a record must fit into memory a few times.
constexpr std::size_t kLineMaxBytes = 16 << 20;
constexpr std::size_t kReadBytes = 256 << 10;
constexpr int kMomentMs = 50;

Error unreadable(const std::filesystem::path& path, const std::string& reason) {
  return Error(ErrorCode::InputUnreadable,
               fmt::format("cannot read {}: {}", path == "-" ? "standard input" : path.string(), reason));
}

}  // namespace

void PrefixHash::add(BytesView bytes) {
  for (unsigned char c : bytes) hash_ = (hash_ ^ c) * 0x100000001b3ULL;
}

std::string PrefixHash::text() const { return fmt::format("{:016x}", hash_); }

LineFile::~LineFile() {
  if (fd_ > STDERR_FILENO) ::close(fd_);
}

Result<void> LineFile::open() {
  if (fd_ >= 0) return {};
  // Not to wait for the writer of a named pipe either.
  fd_ = path_ == "-" ? STDIN_FILENO : ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) return unreadable(path_, std::strerror(errno));
  struct stat about {};
  if (::fstat(fd_, &about) != 0) return unreadable(path_, std::strerror(errno));
  if (S_ISDIR(about.st_mode)) return unreadable(path_, "it is a directory");
  regular_ = S_ISREG(about.st_mode) && fd_ != STDIN_FILENO;
  if (regular_ && position_ > 0 && ::lseek(fd_, static_cast<off_t>(position_), SEEK_SET) < 0)
    return unreadable(path_, std::strerror(errno));
  return {};
}

void LineFile::rest() {
  if (!regular_) return;
  ::close(fd_);
  fd_ = -1;
  buffer_ = Bytes();
  taken_ = 0;
}

Result<bool> LineFile::skip(std::uint64_t position, const std::string& hash, const std::string& known_as,
                            const std::function<bool()>& go_on) {
  while (position_ < position) {
    if (left() == 0) {
      auto got = read_more();
      if (!got) return got.error();
      if (*got == Got::End) {
        return Error(ErrorCode::InputChanged,
                     fmt::format("{} has {} bytes, fewer than the {} bytes that were read from {} before",
                                 path_.string(), position_, position, known_as));
      }
      if (*got == Got::Nothing) {
        if (!go_on()) return false;
        wait_briefly();
        continue;
      }
    }
    in_line_ = take(std::min<std::uint64_t>(left(), position - position_)).back() != '\n';
  }
  if (hash_.text() == hash) return true;
  return Error(ErrorCode::InputChanged, fmt::format("{} does not begin with the {} bytes that were read from {} before",
                                                    path_.string(), position, known_as));
}

/// A line that was taken without its newline may get one, and nothing else: it cannot be taken back.
Result<LineFile::Got> LineFile::finish_line() {
  if (left() == 0) {
    auto got = read_more();
    if (!got || *got != Got::Bytes) return got;
  }
  if (buffer_[taken_] != '\n') {
    return Error(ErrorCode::InputChanged,
                 fmt::format("{} has grown in the middle of a line: its first {} bytes were read before, and the last "
                             "of them as the end of a line",
                             path_.string(), position_));
  }
  (void)take(1);
  in_line_ = false;
  return Got::Bytes;
}

Result<LineFile::Next> LineFile::next_line(BytesView& line) {
  if (in_line_) {
    auto got = finish_line();
    if (!got) return got.error();
    if (*got != Got::Bytes) return *got == Got::End ? Next::End : Next::Pause;
  }
  std::size_t searched = 0;
  while (true) {
    auto newline = buffer_.find('\n', taken_ + searched);
    if (newline != Bytes::npos) {
      line = take(newline + 1 - taken_);
      line.remove_suffix(1);
      return Next::Line;
    }
    searched = left();
    if (searched > kLineMaxBytes) {
      return Error(ErrorCode::RecordTooLarge, fmt::format("{}: the line at byte {} is longer than {} bytes",
                                                          path_.string(), position_, kLineMaxBytes));
    }
    auto got = read_more();
    if (!got) return got.error();
    if (*got == Got::Bytes) continue;
    if (*got == Got::Nothing) return Next::Pause;
    if (searched == 0) return Next::End;
    line = take(searched);
    return Next::Line;
  }
}

void LineFile::wait_briefly() const {
  pollfd readable{fd_, POLLIN, 0};
  (void)::poll(&readable, 1, kMomentMs);
}

Result<LineFile::Got> LineFile::read_more() {
  pollfd readable{fd_, POLLIN, 0};
  if (!regular_ && ::poll(&readable, 1, 0) == 0) return Got::Nothing;
  buffer_.erase(0, taken_);
  taken_ = 0;
  std::size_t size = buffer_.size();
  buffer_.resize(size + kReadBytes);
  ssize_t got = ::read(fd_, buffer_.data() + size, kReadBytes);
  int reason = errno;
  buffer_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got > 0) return Got::Bytes;
  if (got == 0) return Got::End;
  if (reason == EINTR || reason == EAGAIN) return Got::Nothing;
  return unreadable(path_, std::strerror(reason));
}

BytesView LineFile::take(std::size_t size) {
  BytesView bytes = BytesView(buffer_).substr(taken_, size);
  hash_.add(bytes);
  taken_ += size;
  position_ += size;
  return bytes;
}

}  // namespace millrace
