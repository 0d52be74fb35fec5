#include "monitor.hpp"

#include <algorithm>

#include <millrace/serde/basic.hpp>

#include "topics.hpp"

namespace hunt {

using namespace millrace;

namespace {

constexpr std::chrono::seconds kRateWindow{2};

/// Takes the changes of a table's topic into `rows`.
template <class T>
Result<void> follow(TopicReader& reader, std::map<std::string, T>& rows) {
  Result<void> decoded;
  auto read = reader.poll([&](const RecordView& record) {
    std::string key(record.key.value_or(""));
    if (!record.value) {
      rows.erase(key);
      return;
    }
    auto value = SerdeFor<T>::deserialize(*record.value);
    if (value) rows.insert_or_assign(key, std::move(*value));
    else decoded = value.error();
  });
  if (!read) return read.error();
  return decoded;
}

}  // namespace

Monitor::Monitor(const Clock& clock) : clock_(clock), began_(clock.wall_now()), began_steady_(clock.steady_now()) {}

Result<std::unique_ptr<Monitor>> Monitor::open(Log& log, const Clock& clock, WakeUp wake_up) {
  std::unique_ptr<Monitor> monitor(new Monitor(clock));
  auto open_one = [&](std::unique_ptr<TopicReader>& into, const char* topic, TopicReader::From from) -> Result<void> {
    auto reader = TopicReader::open(log, topic, from, wake_up);
    if (!reader) return reader.error();
    into = std::move(*reader);
    return {};
  };
  MILLRACE_TRY(open_one(monitor->outcomes_reader_, kOutcomesTopic, TopicReader::From::End));
  MILLRACE_TRY(open_one(monitor->repeats_reader_, kRepeatsTopic, TopicReader::From::End));
  MILLRACE_TRY(open_one(monitor->leaderboard_reader_, kLeaderboardTopic, TopicReader::From::Begin));
  MILLRACE_TRY(open_one(monitor->failures_reader_, kFailuresTopic, TopicReader::From::Begin));
  return monitor;
}

Result<void> Monitor::poll() {
  auto outcomes = outcomes_reader_->poll([this](const RecordView& record) { note_latency(record); });
  if (!outcomes) return outcomes.error();
  auto repeats = repeats_reader_->poll([](const RecordView&) {});
  if (!repeats) return repeats.error();
  outcomes_ += static_cast<std::int64_t>(*outcomes);
  repeats_ += static_cast<std::int64_t>(*repeats);
  note_answers(*outcomes + *repeats);
  MILLRACE_TRY(follow(*leaderboard_reader_, leaderboard_));
  return follow(*failures_reader_, failures_);
}

void Monitor::note_latency(const RecordView& record) {
  // Older commands waited for this process to start: no latency of its own.
  if (record.timestamp >= began_) latencies_.add(clock_.wall_now() - record.timestamp);
}

void Monitor::note_answers(std::size_t answers) {
  SteadyTime now = clock_.steady_now();
  if (answers > 0) recent_.push_back({now, answers});
  while (!recent_.empty() && recent_.front().at < now - kRateWindow) recent_.pop_front();
}

double Monitor::answers_per_second() const {
  std::size_t answers = 0;
  for (const Sample& sample : recent_) answers += sample.answers;
  auto window = std::min<SteadyTime::duration>(kRateWindow, clock_.steady_now() - began_steady_);
  double seconds = std::chrono::duration<double>(window).count();
  return seconds > 0 ? static_cast<double>(answers) / seconds : 0;
}

}  // namespace hunt
