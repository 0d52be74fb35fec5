// LineInput: appends the lines of files to a topic, each exactly once, also over crashes.
//
// The byte position up to which a file is appended is committed in the transaction of the records, with a hash of the
// bytes before it. A later run reads those bytes again, and refuses a file that does not begin with them.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <millrace/base/clock.hpp>
#include <millrace/log/log.hpp>

namespace millrace {

struct LineInputOptions {
  std::string application_id;
  std::string topic;
  std::int32_t partitions = 1;
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

  /// Appends all lines that are not yet in the topic. Records have no key; the value is the line without its newline.
  /// `paced` is asked before each chunk and returns false to stop; it may wait. True when everything was appended.
  /// Errors: InputUnreadable, InputChanged, RecordTooLarge, those of LogWriter::commit.
  [[nodiscard]] Result<bool> run(const std::function<bool()>& paced);

  [[nodiscard]] std::uint64_t appended_bytes() const { return appended_bytes_.load(); }

 private:
  class File;
  [[nodiscard]] Result<void> load_positions();
  [[nodiscard]] Result<bool> append_file(std::size_t index, const std::function<bool()>& paced);
  [[nodiscard]] Result<void> append_chunk(std::size_t index, File& file);

  Log& log_;
  const Clock& clock_;
  const LineInputOptions options_;
  const std::string group_;
  std::unique_ptr<LogWriter> writer_;
  OffsetMap positions_;
  std::atomic<std::uint64_t> appended_bytes_{0};
  std::uint64_t chunks_ = 0;
};

}  // namespace millrace
