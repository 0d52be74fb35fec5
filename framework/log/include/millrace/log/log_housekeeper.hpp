// LogHousekeeper: keeps an in-process log from growing for ever.
//
//  - Compaction: of topics that are compacted, records for whose key there is a newer one go.
//  - Retention: of topics with limits, batches go that are too old or too many; never one that a group which has
//    committed offsets in the partition has yet to read, unless options say so.
//  - Obstacles: while the storage has no room for writes, it looks whether there is some again.
//  - Deleted records: what is before the beginning of a partition is taken off the disk.
//
// It works in steps of a few milliseconds at most, between the commits of the log's executor, and is at work for a
// bounded part of the time, so that commits are not held up: a quarter of it, and more the further it is behind with
// compaction, so that a partition does not grow faster than it is compacted. Partitions are served in turn, whatever
// one of them needs. Nothing that it meets ends the application: it reports, and leaves the partition alone. Only a
// failed write does what a failed write of a transaction does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <millrace/base/clock.hpp>
#include <millrace/base/logger.hpp>
#include <millrace/log/in_process_log.hpp>

namespace millrace {

/// How much there is to do before it is done, and how much of it at once.
struct HousekeepingOptions {
  /// A partition is compacted once the records written since the last time take so many bytes ...
  std::int64_t min_dirty_bytes = std::int64_t{4} << 20;
  /// ... and at least this part of the partition. Until then the records stay as they were written.
  double min_dirty_ratio = 0.5;
  /// How long a tombstone stays after it was first compacted; see PartitionCleaner.
  milliseconds delete_retention = std::chrono::hours(24);
  /// Memory for the keys of one pass. More keys take more passes.
  std::size_t key_memory_bytes = std::size_t{16} << 20;
  /// Read in one step, about.
  std::size_t step_bytes = std::size_t{256} << 10;
  /// Whether retention may delete what a group has not yet read.
  bool retention_passes_groups = false;
};

/// What it has done since it was made.
struct HousekeepingStats {
  std::uint64_t passes = 0;           ///< of compaction, to their end
  std::uint64_t dropped_records = 0;  ///< by them
  std::int64_t dropped_bytes = 0;     ///< by them
  std::int64_t trimmed_bytes = 0;     ///< before the beginnings of partitions
};

/// See the head of this file.
class LogHousekeeper {
 public:
  /// Borrows all; they outlive it. `logger` may be null.
  LogHousekeeper(InProcessLog& log, const Clock& clock, Logger* logger, const HousekeepingOptions& options = {});
  ~LogHousekeeper();
  LogHousekeeper(const LogHousekeeper&) = delete;
  LogHousekeeper& operator=(const LogHousekeeper&) = delete;

  /// One bounded piece of work. Returns when it wants to be called again.
  /// Thread: one at a time; to be fair to commits, that of the log's executor.
  SteadyTime step();
  /// Whether so much was written since it found nothing to do that it should be called before the time it asked for.
  /// Cheap. Thread: as step().
  [[nodiscard]] bool has_reason() const;
  /// Thread: as step().
  [[nodiscard]] const HousekeepingStats& stats() const { return stats_; }

 private:
  struct Care;
  struct Cleaning;
  enum class Work : std::uint8_t { None, Some };

  bool end_obstacle();
  void tell_end_of_obstacle(SteadyTime now);
  void begin_round(SteadyTime now);
  Work go_round();
  Work look_after(Care& care);
  Work trim(Care& care);
  Work measure(Care& care);
  Work retain(Care& care);
  Result<Offset> end_of_surplus(Care& care, Offset begin, Offset most);
  Result<Offset> end_of_aged(Care& care, Offset begin, Offset most);
  Work clean_some();
  Work begin_cleaning();
  void clean();
  [[nodiscard]] std::size_t portion(Care& care);
  [[nodiscard]] double due_bytes(const Care& care) const;
  [[nodiscard]] SteadyTime after_rest(SteadyTime began) const;
  void leave_alone(Care& care, const Error& why);

  InProcessLog& log_;
  const Clock& clock_;
  Logger* const logger_;
  const HousekeepingOptions options_;
  HousekeepingStats stats_;
  std::unique_ptr<Cleaning> cleaning_;
  std::vector<std::shared_ptr<Care>> cares_;  ///< of all partitions
  std::size_t next_care_ = 0;                 ///< of this round
  bool worked_in_round_ = false;
  bool idle_ = false;  ///< it waits for the next round, and does not only rest
  std::int64_t appended_before_round_bytes_ = 0;
  bool cleans_next_ = false;  ///< a pass and the round take turns
  double lateness_ = 0;       ///< of compaction: what is dirty against what it takes to begin, where it is most
  SteadyTime next_round_{};
  std::optional<SteadyTime> obstacle_since_;
  std::optional<SteadyTime> over_since_;  ///< so it seems, so far
  milliseconds pause_{};                  ///< until it looks whether the obstacle is still there
};

}  // namespace millrace
