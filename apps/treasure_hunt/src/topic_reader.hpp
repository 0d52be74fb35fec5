// TopicReader: reads the committed records of a topic's partitions.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <millrace/log/log.hpp>

namespace hunt {

class TopicReader {
 public:
  enum class From : std::uint8_t { Begin, End };

  /// Borrows the log. `wake_up` is called from any thread when there may be records. Errors: those of
  /// LogReader::assign.
  [[nodiscard]] static millrace::Result<std::unique_ptr<TopicReader>> open(millrace::Log& log, const std::string& topic,
                                                                           From from, millrace::WakeUp wake_up);

  /// Hands out what has come since the last call, one partition after the other; returns how many records that were.
  /// Errors: those of LogReader::poll.
  [[nodiscard]] millrace::Result<std::size_t> poll(const std::function<void(const millrace::RecordView&)>& visit);
  /// Everything up to the ends as last heard of has been handed out.
  [[nodiscard]] bool at_end() const;

 private:
  explicit TopicReader(std::unique_ptr<millrace::LogReader> reader) : reader_(std::move(reader)) {}
  std::unique_ptr<millrace::LogReader> reader_;
  std::vector<millrace::ReaderSlot> slots_;
};

/// The ends of a topic's partitions, added up: how many records there are while none are deleted.
[[nodiscard]] millrace::Result<std::int64_t> record_count(millrace::Log& log, const std::string& topic);

}  // namespace hunt
