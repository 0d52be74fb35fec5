// FileFeed: sends the commands of a file of JSON lines.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include <millrace/app/line_input.hpp>
#include <millrace/app/streams.hpp>

#include "feed.hpp"

namespace hunt {

/// How far the file was read is committed with its lines: a run that was killed goes on where it was.
class FileFeed final : public Feed {
 public:
  /// Begins at once, on a thread of its own. `file` "-" is standard input. Borrows `streams`.
  FileFeed(millrace::Streams& streams, const std::filesystem::path& file);
  /// Waits for the thread. REQUIRES: stop() was called, or ended().
  ~FileFeed() override;

  /// Errors: InputUnreadable, InputChanged, RecordTooLarge, those of the log.
  millrace::Result<void> tick() override;
  void stop() override { stopped_ = true; }
  bool ended() const override { return ended_; }
  bool can_be_left() const override { return ended_; }

 private:
  void run();
  [[nodiscard]] bool paced();

  millrace::Streams& streams_;
  millrace::LineInput input_;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> ended_{false};
  std::optional<millrace::Error> failure_;  // written before ended_ is set
  std::thread thread_;
};

}  // namespace hunt
