// ThreadMemory: what the tasks of one stream thread hold of memory.budget.bytes, and its part of the shares.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>

#include <millrace/config/memory_shares.hpp>

namespace millrace {

/// The input that a thread has fetched and not yet processed. Back-pressure is not reading: when the share is exceeded
/// nothing is read ahead until half of it is processed. Thread: the stream thread.
class FetchBudget {
 public:
  /// With a share of `max_bytes`.
  explicit FetchBudget(std::int64_t max_bytes) : max_bytes_(max_bytes) {}

  void enter_partition() { ++partitions_; }  ///< One more partition to read: each gets a smaller part of the share.
  void leave_partition() { --partitions_; }  ///< One less.
  /// A task, known by its address, goes.
  void leave(const void* task) { std::erase(waiting_, task); }
  /// Records were fetched; negative: they were processed, or dropped with their task.
  void add(std::int64_t bytes) {
    used_bytes_ += bytes;
    if (used_bytes_ >= max_bytes_) draining_ = true;
    else if (used_bytes_ <= max_bytes_ / 2) draining_ = false;
  }

  [[nodiscard]] std::int64_t used_bytes() const { return used_bytes_; }  ///< Fetched and not yet processed.
  /// False from when the share is used up to when half of it is processed. A task that lacks a record to go on, and one
  /// task while nothing is held at all, reads all the same, one batch: there is always progress.
  [[nodiscard]] bool may_read_ahead() const { return !draining_; }
  /// Whether it is this task's turn: those that were refused before come first. If it is not, its turn comes.
  [[nodiscard]] bool take_turn(const void* task) {
    if (!waiting_.empty() && waiting_.front() != task) return wait(task);
    if (!waiting_.empty()) waiting_.pop_front();
    return true;
  }
  /// The task has to wait for its turn. Returns false.
  bool wait(const void* task) {
    if (std::find(waiting_.begin(), waiting_.end(), task) == waiting_.end()) waiting_.push_back(task);
    return false;
  }
  /// How much to fetch from one partition at once: half of the share goes round all of them.
  [[nodiscard]] std::size_t fetch_bytes() const {
    constexpr std::int64_t kLeastBytes = std::int64_t{64} << 10;
    return static_cast<std::size_t>(std::max(max_bytes_ / (2 * std::max(partitions_, 1)), kLeastBytes));
  }

 private:
  const std::int64_t max_bytes_;
  std::int64_t used_bytes_ = 0;
  int partitions_ = 0;
  bool draining_ = false;
  std::deque<const void*> waiting_;
};

/// What a thread holds, for people.
struct MemoryUse {
  std::int64_t transaction_buffer_bytes = 0;  ///< changes of stores that are not committed
  std::int64_t fetched_bytes = 0;             ///< input that is not processed
  std::int64_t outbox_bytes = 0;              ///< results, a commit under way included
};

/// What the tasks of a thread may hold together, and what they hold. Thread: the stream thread.
struct ThreadMemory {
  /// One of `threads` threads that have the shares together.
  ThreadMemory(const MemoryShares& shares, int threads)
      : transaction_buffer_max_bytes(part(shares, MemoryOwner::TransactionBuffers, threads)),
        outbox_max_bytes(part(shares, MemoryOwner::Outbox, 2 * threads)),
        fetched(part(shares, MemoryOwner::FetchedRecords, threads)) {}

  const std::int64_t transaction_buffer_max_bytes;  ///< open and committing changes of all tasks; more: commit early
  const std::int64_t outbox_max_bytes;              ///< to be collected: as much again may be in a commit under way
  FetchBudget fetched;                              ///< input of all tasks
  /// Uncommitted changes of all tasks, each of which keeps its part up to date.
  std::int64_t transaction_buffer_bytes = 0;

 private:
  static std::int64_t part(const MemoryShares& shares, MemoryOwner owner, int parts) {
    return std::max<std::int64_t>(shares.of(owner) / std::max(parts, 1), 1);
  }
};

}  // namespace millrace
