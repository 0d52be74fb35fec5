// LineFile: a file, pipe or terminal as lines, with the position and a hash of what was taken.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include <millrace/base/bytes.hpp>
#include <millrace/base/result.hpp>

namespace millrace {

/// FNV-1a over all bytes so far.
class PrefixHash {
 public:
  void add(BytesView bytes);
  [[nodiscard]] std::string text() const;

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

/// Reads never wait: a pipe may have nothing to say for hours, and the application must be able to stop. Thread: one
/// owner.
class LineFile {
 public:
  enum class Next : std::uint8_t { Line, Pause, End };

  /// "-" is standard input.
  explicit LineFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// Opens it, at the position it had. Errors: InputUnreadable.
  [[nodiscard]] Result<void> open();
  /// Closes a regular file until the next open(): there may be more files than descriptors. A pipe stays open, since
  /// its writer would be told that nobody reads.
  void rest();
  /// Takes `position` bytes that were taken from `known_as` before. `go_on` is asked while there is nothing to read and
  /// returns false to give up; then so does this. Errors: InputUnreadable, InputChanged if they are not those that gave
  /// `hash`.
  [[nodiscard]] Result<bool> skip(std::uint64_t position, const std::string& hash, const std::string& known_as,
                                  const std::function<bool()>& go_on);
  /// The next line without its newline, borrowed until the next call; the last line needs no newline. Errors:
  /// InputUnreadable, RecordTooLarge, InputChanged if a last line without newline, taken before, has grown.
  [[nodiscard]] Result<Next> next_line(BytesView& line);
  /// Waits for more, but only for a moment.
  void wait_briefly() const;

  /// Bytes taken.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  /// Of the bytes taken.
  [[nodiscard]] std::string hash() const { return hash_.text(); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  enum class Got : std::uint8_t { Bytes, Nothing, End };
  [[nodiscard]] Result<Got> read_more();
  [[nodiscard]] Result<Got> finish_line();
  BytesView take(std::size_t size);
  [[nodiscard]] std::size_t left() const { return buffer_.size() - taken_; }

  std::filesystem::path path_;
  int fd_ = -1;
  bool regular_ = false;
  Bytes buffer_;
  std::size_t taken_ = 0;  // of the buffer
  std::uint64_t position_ = 0;
  PrefixHash hash_;
  bool in_line_ = false;  // what was skipped ends without a newline
};

}  // namespace millrace
