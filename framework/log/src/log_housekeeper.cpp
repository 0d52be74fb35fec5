#include <millrace/log/log_housekeeper.hpp>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <millrace/base/crash_point.hpp>
#include "partition_cleaner.hpp"
#include "partition_state.hpp"

namespace millrace {

namespace {
constexpr milliseconds kRoundInterval{250};
constexpr milliseconds kFirstPause{20};
constexpr milliseconds kLongestPause{1000};
// An obstacle that comes back sooner was not over.
constexpr std::chrono::seconds kCalm{5};
constexpr std::chrono::seconds kAgeInterval{10};
constexpr std::chrono::seconds kPatience{60};
// Rests so many times as long as it works: the disk and the executor are for commits first. Where more is dirty than it
// takes to begin a pass, it rests less, and not at all from this lateness on.
constexpr double kRest = 3;
constexpr double kRestlessLateness = 4;
// Then commits pay for what they bring, too: so many times as much is gone through, but no more at once than this.
constexpr std::int64_t kWorkPerAppendedByte = 4;
constexpr std::int64_t kMostStepBytes = std::int64_t{4} << 20;
constexpr std::size_t kTrimmedAtOnce = 512;
constexpr std::size_t kMeasuredAtOnce = 1024;
constexpr std::size_t kAgedAtOnce = 16;
}  // namespace

/// What is known of one partition.
struct LogHousekeeper::Care {
  std::shared_ptr<PartitionState> state;
  CleanupPolicy cleanup = CleanupPolicy::Delete;
  TopicLimits limits{};

  Offset trimmed_to;
  // Sizes: of the batches that were there when the log was opened, as far as measured, and of those appended since.
  Offset measured_to;
  bool measured = false;
  std::int64_t clean_bytes = 0;
  std::int64_t dirty_bytes = 0;
  std::int64_t counted_appended_bytes = 0;
  std::int64_t unpaid_bytes = 0;  ///< appended since the last step of compaction

  SteadyTime next_look_at_age{};
  Timestamp newest = kNoTimestamp;  ///< of the records looked at so far
  SteadyTime left_alone_until{};

  [[nodiscard]] bool needs_sizes() const { return cleanup != CleanupPolicy::Delete || limits.retention_bytes; }
  [[nodiscard]] BatchKey at(Offset base) const { return {state->topic, state->id.partition, base}; }
  [[nodiscard]] std::int64_t bytes() const { return clean_bytes + dirty_bytes; }
  /// REQUIRES: the log's mutex held.
  void count_appended() {
    std::int64_t bytes = state->appended_bytes - std::exchange(counted_appended_bytes, state->appended_bytes);
    dirty_bytes += bytes;
    unpaid_bytes += bytes;
  }
  void count_removed(const BatchPlace& batch, Offset compacted) {
    bool counted = batch.base < measured_to || batch.base >= state->opened_end;
    if (counted) (batch.base < compacted ? clean_bytes : dirty_bytes) -= static_cast<std::int64_t>(batch.size_bytes);
  }
};

struct LogHousekeeper::Cleaning {
  std::shared_ptr<Care> care;
  PartitionCleaner cleaner;
  Offset end;  ///< of the partition when it began, and its dirty bytes then
  std::int64_t dirty_bytes = 0;
};

namespace {

/// The newest timestamp of a batch.
Result<Timestamp> newest_in(const StoredBatch& batch) {
  std::vector<RecordView> records;
  MILLRACE_TRY(decode_batch(batch.bytes, batch.base, Offset(0), records));
  Timestamp newest = kNoTimestamp;
  for (const RecordView& record : records) newest = std::max(newest, record.timestamp);
  return newest;
}

}  // namespace

LogHousekeeper::LogHousekeeper(InProcessLog& log, const Clock& clock, Logger* logger,
                               const HousekeepingOptions& options)
    : log_(log), clock_(clock), logger_(logger), options_(options) {}

LogHousekeeper::~LogHousekeeper() = default;

SteadyTime LogHousekeeper::step() {
  const SteadyTime began = clock_.steady_now();
  if (log_.obstacle() && !end_obstacle()) {
    pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
    idle_ = false;
    return began + pause_;
  }
  pause_ = {};
  tell_end_of_obstacle(began);
  // After something of the round it is compaction's turn: a partition that always needs something does not keep it
  // waiting, and none waits for a long pass.
  if (std::exchange(cleans_next_, false) && clean_some() == Work::Some) return after_rest(began);
  cleans_next_ = go_round() == Work::Some;
  bool worked = cleans_next_ || clean_some() == Work::Some;
  idle_ = !worked && !worked_in_round_;
  return idle_ ? next_round_ : after_rest(began);
}

bool LogHousekeeper::has_reason() const {
  if (!idle_) return false;
  const std::int64_t appended = log_.appended_bytes_.load(std::memory_order_relaxed) - appended_before_round_bytes_;
  return appended >= options_.min_dirty_bytes / 2;
}

LogHousekeeper::Work LogHousekeeper::clean_some() {
  if (!cleaning_) return begin_cleaning();
  clean();
  return Work::Some;
}

SteadyTime LogHousekeeper::after_rest(SteadyTime began) const {
  const SteadyTime ended = clock_.steady_now();
  double rest = kRest * std::clamp((kRestlessLateness - lateness_) / (kRestlessLateness - 1), 0.0, 1.0);
  return ended + std::chrono::duration_cast<SteadyTime::duration>(rest * (ended - began));
}

/// Something for one partition. A round in which there was something to do is followed by another at once.
LogHousekeeper::Work LogHousekeeper::go_round() {
  if (next_care_ >= cares_.size()) {
    const SteadyTime now = clock_.steady_now();
    if (now < next_round_ && !worked_in_round_ && !has_reason()) return Work::None;
    begin_round(now);
  }
  while (next_care_ < cares_.size()) {
    if (look_after(*cares_[next_care_++]) == Work::None) continue;
    worked_in_round_ = true;
    return Work::Some;
  }
  return Work::None;
}

/// Told once when it begins, and once when it has been over for a while.
bool LogHousekeeper::end_obstacle() {
  over_since_.reset();
  if (!obstacle_since_) {
    obstacle_since_ = clock_.steady_now();
    if (logger_ != nullptr) logger_->error("log", *log_.obstacle());
  }
  if (!log_.go_on()) return false;
  over_since_ = clock_.steady_now();
  return true;
}

void LogHousekeeper::tell_end_of_obstacle(SteadyTime now) {
  if (!over_since_ || now - *over_since_ < kCalm) return;
  auto waited = std::chrono::duration_cast<std::chrono::seconds>(*over_since_ - *obstacle_since_);
  obstacle_since_.reset();
  over_since_.reset();
  bool failed = false;
  {
    std::lock_guard lock(log_.mutex_);
    failed = log_.failed_.has_value();
  }
  // Whoever waited has been told of a failure.
  if (logger_ == nullptr || failed) return;
  logger_->info("log", fmt::format("there is room again: what waited {} s for it is written", waited.count()));
}

void LogHousekeeper::begin_round(SteadyTime now) {
  std::map<const PartitionState*, std::shared_ptr<Care>> known;
  for (auto& care : cares_) known[care->state.get()] = std::move(care);
  cares_.clear();
  next_care_ = 0;
  worked_in_round_ = false;
  next_round_ = now + kRoundInterval;
  appended_before_round_bytes_ = log_.appended_bytes_.load(std::memory_order_relaxed);
  std::lock_guard lock(log_.mutex_);
  if (log_.failed_) return;
  for (const auto& [name, topic] : log_.topics_) {
    for (const auto& state : topic.partitions) {
      auto& care = known[state.get()];
      if (!care) {
        care = std::make_shared<Care>();
        care->state = state;
      }
      care->cleanup = topic.info.cleanup;
      care->limits = topic.info.limits;
      cares_.push_back(care);
    }
  }
}

LogHousekeeper::Work LogHousekeeper::look_after(Care& care) {
  if (clock_.steady_now() < care.left_alone_until) return Work::None;
  for (auto duty : {&LogHousekeeper::trim, &LogHousekeeper::measure, &LogHousekeeper::retain}) {
    if ((this->*duty)(care) == Work::Some) return Work::Some;
    if (care.left_alone_until > clock_.steady_now()) return Work::None;
  }
  return Work::None;
}

void LogHousekeeper::leave_alone(Care& care, const Error& why) {
  care.left_alone_until = clock_.steady_now() + kPatience;
  if (logger_ == nullptr) return;
  const TopicPartition& id = care.state->id;
  logger_->error("log-housekeeping", why.at({.topic = id.topic, .partition = id.partition.value()}));
}

/// Takes batches off that are before the beginning.
LogHousekeeper::Work LogHousekeeper::trim(Care& care) {
  PartitionState& state = *care.state;
  PartitionMarks marks;
  {
    std::lock_guard lock(log_.mutex_);
    if (!state.needs_trim) return Work::None;
    marks = state.marks;
    care.count_appended();
  }
  auto batches = log_.storage_.list(care.at(care.trimmed_to), kTrimmedAtOnce);
  if (!batches) {
    leave_alone(care, batches.error());
    return Work::None;
  }
  auto kept = std::find_if(batches->begin(), batches->end(), [&](const BatchPlace& b) { return b.end > marks.begin; });
  bool more = kept == batches->end() && batches->size() == kTrimmedAtOnce;
  std::lock_guard lock(log_.mutex_);
  if (state.deleted) return Work::None;
  if (!more && state.marks.begin == marks.begin) state.needs_trim = false;
  if (kept == batches->begin()) return Work::None;
  StorageWrite write;
  write.removed.push_back({care.at(batches->front().base), std::prev(kept)->end});
  if (!log_.write_locked(write)) return Work::None;
  MILLRACE_CRASH_POINT("purge/after-trim");
  for (auto batch = batches->begin(); batch != kept; ++batch) {
    care.count_removed(*batch, marks.compacted);
    stats_.trimmed_bytes += static_cast<std::int64_t>(batch->size_bytes);
  }
  care.trimmed_to = std::prev(kept)->end;
  return Work::Some;
}

/// Adds up the sizes of what was there when the log was opened.
LogHousekeeper::Work LogHousekeeper::measure(Care& care) {
  if (!care.needs_sizes() || care.measured) return Work::None;
  Offset compacted;
  {
    std::lock_guard lock(log_.mutex_);
    compacted = care.state->marks.compacted;
  }
  auto batches = care.measured_to >= care.state->opened_end
                     ? Result<std::vector<BatchPlace>>(std::vector<BatchPlace>())
                     : log_.storage_.list(care.at(care.measured_to), kMeasuredAtOnce);
  if (!batches) {
    leave_alone(care, batches.error());
    return Work::None;
  }
  for (const BatchPlace& batch : *batches) {
    if (batch.base >= care.state->opened_end) break;
    (batch.base < compacted ? care.clean_bytes : care.dirty_bytes) += static_cast<std::int64_t>(batch.size_bytes);
    care.measured_to = batch.end;
  }
  care.measured = batches->size() < kMeasuredAtOnce || care.measured_to >= care.state->opened_end;
  if (care.measured) care.measured_to = std::max(care.measured_to, care.state->opened_end);
  return batches->empty() ? Work::None : Work::Some;
}

/// Moves the beginning past what is too old or too much.
LogHousekeeper::Work LogHousekeeper::retain(Care& care) {
  if (care.cleanup == CleanupPolicy::Compact || (!care.limits.retention && !care.limits.retention_bytes))
    return Work::None;
  PartitionState& state = *care.state;
  Offset begin;
  Offset most;
  {
    std::lock_guard lock(log_.mutex_);
    care.count_appended();
    begin = state.marks.begin;
    most = Offset(state.end.load());
    for (const auto& [group, offsets] : log_.committed_) {
      auto committed = offsets.find(state.id);
      if (committed != offsets.end() && !options_.retention_passes_groups)
        most = std::min(most, committed->second.offset);
    }
  }
  auto by_size = end_of_surplus(care, begin, most);
  auto kept_from = by_size ? end_of_aged(care, *by_size, most) : by_size;
  if (!kept_from) {
    leave_alone(care, kept_from.error());
    return Work::None;
  }
  if (*kept_from <= begin) return Work::None;
  std::lock_guard lock(log_.mutex_);
  if (state.deleted) return Work::None;
  return log_.move_begins_locked({{care.state, *kept_from}}) ? Work::Some : Work::None;
}

/// Up to where batches go because there are too many bytes: as many bytes as are asked for stay in any case.
Result<Offset> LogHousekeeper::end_of_surplus(Care& care, Offset begin, Offset most) {
  if (!care.limits.retention_bytes || !care.measured || care.bytes() <= *care.limits.retention_bytes) return begin;
  auto batches = log_.storage_.list(care.at(begin), kTrimmedAtOnce);
  if (!batches) return batches.error();
  std::int64_t left_bytes = care.bytes();
  for (const BatchPlace& batch : *batches) {
    left_bytes -= static_cast<std::int64_t>(batch.size_bytes);
    if (left_bytes < *care.limits.retention_bytes || batch.end > most) break;
    begin = batch.end;
  }
  return begin;
}

/// Up to where batches go because all of their records are too old.
Result<Offset> LogHousekeeper::end_of_aged(Care& care, Offset begin, Offset most) {
  if (!care.limits.retention || clock_.steady_now() < care.next_look_at_age) return begin;
  Timestamp now = clock_.wall_now();
  if (care.cleanup == CleanupPolicy::CompactDelete) {
    auto last = log_.storage_.read_batch(care.at(Offset(most.value() - 1)));
    if (!last) return last.error();
    auto newest = *last ? newest_in(**last) : Result<Timestamp>(kNoTimestamp);
    if (!newest) return newest.error();
    now = care.newest = std::max(care.newest, *newest);
  }
  for (std::size_t i = 0; i < kAgedAtOnce && begin < most; ++i) {
    auto batch = log_.storage_.read_batch(care.at(begin));
    if (!batch) return batch.error();
    Offset end = *batch ? (*batch)->base.plus(*batch_span((*batch)->bytes)) : Offset(INT64_MAX);
    auto newest = *batch && end <= most ? newest_in(**batch) : Result<Timestamp>(now);
    if (!newest) return newest.error();
    if (now - *newest <= *care.limits.retention) {
      care.next_look_at_age = clock_.steady_now() + kAgeInterval;
      break;
    }
    begin = end;
  }
  return begin;
}

/// What has to be new for a pass.
double LogHousekeeper::due_bytes(const Care& care) const {
  const double ratio = std::min(options_.min_dirty_ratio, 0.99);
  return std::max({1.0, static_cast<double>(options_.min_dirty_bytes),
                   ratio / (1 - ratio) * static_cast<double>(care.clean_bytes)});
}

/// Begins a pass over the partition that waits most for it, if one is due.
LogHousekeeper::Work LogHousekeeper::begin_cleaning() {
  lateness_ = 0;
  const std::shared_ptr<Care>* latest = nullptr;
  std::lock_guard lock(log_.mutex_);
  for (const auto& care : cares_) {
    bool may = care->cleanup != CleanupPolicy::Delete && care->measured && !care->state->deleted &&
               care->left_alone_until <= clock_.steady_now();
    if (!may) continue;
    care->count_appended();
    double lateness = static_cast<double>(care->dirty_bytes) / due_bytes(*care);
    if (lateness < 1 || lateness <= lateness_) continue;
    lateness_ = lateness;
    latest = &care;
  }
  if (latest == nullptr) return Work::None;
  const PartitionState& state = *(*latest)->state;
  PartitionCleaner::Target target{state.topic, state.id.partition, state.marks, Offset(state.end.load()),
                                  clock_.wall_now()};
  cleaning_ = std::make_unique<Cleaning>(
      Cleaning{*latest, PartitionCleaner(log_.storage_, target, options_), target.end, (*latest)->dirty_bytes});
  return Work::Some;
}

/// Bytes to go through in a step.
std::size_t LogHousekeeper::portion(Care& care) {
  std::lock_guard lock(log_.mutex_);
  care.count_appended();
  const std::int64_t owed = std::min(kWorkPerAppendedByte * std::exchange(care.unpaid_bytes, 0), kMostStepBytes);
  const double late = static_cast<double>(care.dirty_bytes) / due_bytes(care);
  lateness_ = std::max(lateness_, late);
  return late < kRestlessLateness ? options_.step_bytes : std::max(options_.step_bytes, static_cast<std::size_t>(owed));
}

void LogHousekeeper::clean() {
  const std::shared_ptr<Care> kept = cleaning_->care;
  Care& care = *kept;
  PartitionState& state = *care.state;
  PartitionCleaner& cleaner = cleaning_->cleaner;
  if (auto stepped = cleaner.step(portion(care)); !stepped) {
    if (!state.deleted) leave_alone(care, stepped.error());
    cleaning_.reset();
    return;
  }
  StorageWrite& write = cleaner.write();
  if (write.removed.empty() && !cleaner.done()) return;
  {
    std::lock_guard lock(log_.mutex_);
    PartitionMarks marks = state.marks;
    marks.tombstones_gone = std::max(marks.tombstones_gone, cleaner.tombstones_gone());
    if (cleaner.done()) marks.compacted = cleaner.limit();
    write.marks = {{state.topic, state.id.partition, marks}};
    MILLRACE_CRASH_POINT("clean/before-write");
    if (state.deleted || !log_.write_locked(write)) {
      // Or else it would begin anew at once, with a log that has failed too.
      care.left_alone_until = clock_.steady_now() + kPatience;
      cleaning_.reset();
      return;
    }
    MILLRACE_CRASH_POINT("clean/after-write");
    state.marks = marks;
  }
  if (!cleaner.done()) return;
  care.clean_bytes = cleaner.clean_bytes();
  // A pass that came to the end leaves only what was appended since, whatever the sizes were thought to be.
  care.dirty_bytes -=
      cleaner.limit() >= cleaning_->end ? cleaning_->dirty_bytes : std::min(cleaner.dirty_bytes(), care.dirty_bytes);
  ++stats_.passes;
  stats_.dropped_records += cleaner.dropped_records();
  stats_.dropped_bytes += cleaner.read_bytes() - cleaner.clean_bytes();
  cleaning_.reset();
  worked_in_round_ = true;
}

}  // namespace millrace
