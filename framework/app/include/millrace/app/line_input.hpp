// LineInput: appends the lines of files to a topic, each exactly once, also over crashes.
//
// The byte position up to which a file is appended is committed in the transaction of the records, with a hash of the
// bytes before it. A later run reads those bytes again, and refuses a file that does not begin with them. A file may
// grow between runs; if it did not end with a newline, the next thing to come is one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <millrace/base/clock.hpp>
#include <millrace/log/log.hpp>

namespace millrace {

/// What is read, and where the lines go.
struct LineInputOptions {
  std::string application_id;                ///< of the application whose topic it is
  std::string topic;                         ///< where the lines go
  std::int32_t partitions = 1;               ///< of the topic; lines go round them
  std::vector<std::filesystem::path> files;  ///< "-" is standard input
  /// Bytes per transaction.
  std::size_t chunk_bytes = 512 << 10;
};

/// Thread: one owner; run() may be called on a thread of its own.
class LineInput {
 public:
  /// Borrows log and clock.
  LineInput(Log& log, const Clock& clock, LineInputOptions options);
  ~LineInput();
  LineInput(const LineInput&) = delete;
  LineInput& operator=(const LineInput&) = delete;

  /// Appends all lines that are not yet in the topic. Records have no key; the value is the line without its newline
  /// (a carriage return before it stays). Whatever a pipe has is appended as soon as it pauses.
  /// `paced` is asked before each chunk, and several times a second while a pipe has nothing; it may wait, and returns
  /// false to stop. True when everything was appended.
  /// Errors: InputUnreadable and InputChanged, both before anything is appended as far as they can be known by then;
  /// RecordTooLarge for a line over 16 MiB; those of LogWriter::commit.
  [[nodiscard]] Result<bool> run(const std::function<bool()>& paced);

  /// By this run. Thread-safe.
  [[nodiscard]] std::uint64_t appended_bytes() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
