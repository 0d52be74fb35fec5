// Monitor: watches the committed results of a running hunt, as a player's device would.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include <millrace/base/clock.hpp>

#include "latency.hpp"
#include "state.hpp"
#include "topic_reader.hpp"

namespace hunt {

class Monitor {
 public:
  /// Counts answers from now on; leaderboard and failures are those of the whole log. Borrows log and clock.
  [[nodiscard]] static millrace::Result<std::unique_ptr<Monitor>> open(millrace::Log& log, const millrace::Clock& clock,
                                                                       millrace::WakeUp wake_up);

  /// Takes in what has been committed. Errors: those of reading, DeserializationFailed.
  [[nodiscard]] millrace::Result<void> poll();

  [[nodiscard]] std::int64_t outcomes() const { return outcomes_; }
  [[nodiscard]] std::int64_t repeats() const { return repeats_; }
  /// Answers of the last two seconds, per second.
  [[nodiscard]] double answers_per_second() const;
  /// From the commands' timestamps to the reading of their committed outcomes; of commands sent since the monitor
  /// began.
  [[nodiscard]] const Latencies& latencies() const { return latencies_; }
  [[nodiscard]] const std::map<std::string, Score>& leaderboard() const { return leaderboard_; }
  [[nodiscard]] const std::map<std::string, std::int64_t>& failures() const { return failures_; }

 private:
  explicit Monitor(const millrace::Clock& clock);
  void note_answers(std::size_t answers);
  void note_latency(const millrace::RecordView& record);

  struct Sample {
    millrace::SteadyTime at;
    std::size_t answers;
  };

  const millrace::Clock& clock_;
  const millrace::WallTime began_;
  const millrace::SteadyTime began_steady_;
  std::unique_ptr<TopicReader> outcomes_reader_;
  std::unique_ptr<TopicReader> repeats_reader_;
  std::unique_ptr<TopicReader> leaderboard_reader_;
  std::unique_ptr<TopicReader> failures_reader_;
  std::int64_t outcomes_ = 0;
  std::int64_t repeats_ = 0;
  std::deque<Sample> recent_;
  Latencies latencies_;
  std::map<std::string, Score> leaderboard_;
  std::map<std::string, std::int64_t> failures_;
};

}  // namespace hunt
