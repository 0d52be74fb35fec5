// InProcessLog: the log of one process: offsets, groups, generations and transactions over a BatchStorage.
//
// One commit sequencer: check the member, assign offsets, one atomic write, then advance the ends; so readers see whole
// transactions, in order. The sequencer runs on the Executor given: a thread of its own in production, inline or at the
// scheduler's will in tests.
//
// Thread: everything is thread-safe, except that each part has one owner.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <millrace/base/executor.hpp>
#include <millrace/log/batch_storage.hpp>
#include <millrace/log/log.hpp>

namespace millrace {

class InProcessGroup;

struct PartitionState;

/// A log in this process, over any BatchStorage. See the head of this file.
class InProcessLog final : public Log, private LogAdmin {
 public:
  /// Borrows both; they outlive the log. Errors: those of BatchStorage::load.
  [[nodiscard]] static Result<std::unique_ptr<InProcessLog>> open(BatchStorage& storage, Executor& executor);
  ~InProcessLog() override;

  std::unique_ptr<LogReader> open_reader(WakeUp wake_up) override;  ///< Reads what is committed in this process.
  std::unique_ptr<LogWriter> open_writer(const std::string& writer_id, WakeUp wake_up) override;
  /// A member of a group within this process.
  std::unique_ptr<LogMembership> join_group(MembershipOptions options) override;
  LogAdmin& admin() override { return *this; }     ///< Topics, offsets and groups.
  std::optional<Error> obstacle() const override;  ///< LogFull while the storage has no room.

 private:
  friend class InProcessReader;
  friend class InProcessWriter;
  friend class LogHousekeeper;

  /// A writer is replaced once a newer one has its id. The newest epoch is guarded by mutex_.
  struct WriterEpoch {
    std::string id;
    std::shared_ptr<const std::uint64_t> newest;
    std::uint64_t mine = 0;
  };
  struct Topic {
    TopicNumber number;
    TopicInfo info;
    std::vector<std::shared_ptr<PartitionState>> partitions;
  };

  InProcessLog(BatchStorage& storage, Executor& executor) : storage_(storage), executor_(executor) {}
  void adopt(std::vector<StoredLog::Topic> topics);

  Pending<void> ensure_topics(std::vector<TopicSpec> topics) override;
  Pending<std::vector<TopicInfo>> topics() override;
  Pending<void> delete_topics(std::vector<std::string> names) override;
  Pending<OffsetMap> committed_offsets(const std::string& group) override;
  Pending<void> delete_group(const std::string& group) override;
  Pending<std::map<TopicPartition, OffsetRange>> offset_ranges(std::vector<TopicPartition> partitions) override;
  Pending<void> delete_records(std::map<TopicPartition, Offset> before) override;

  /// The sequencer's step.
  Result<CommitReceipt> sequence(const Transaction& transaction, const WriterEpoch& writer);
  Result<void> create(const std::vector<TopicSpec>& topics);
  Result<void> drop(const std::vector<std::string>& names);
  Result<void> forget(const std::string& group_name);
  Result<void> move_begins(const std::map<TopicPartition, Offset>& before);
  // REQUIRE: mutex_ held.
  Result<void> check_commit(const Transaction& transaction, const WriterEpoch& writer);
  /// After a write that failed there is none. After one that found no room there is none until go_on().
  Result<void> write_locked(const StorageWrite& write);
  Result<void> move_begins_locked(const std::vector<std::pair<std::shared_ptr<PartitionState>, Offset>>& begins);
  [[nodiscard]] Result<std::shared_ptr<PartitionState>> find_locked(const TopicPartition& partition) const;
  [[nodiscard]] Result<std::shared_ptr<PartitionState>> find(const TopicPartition& partition) const;
  std::shared_ptr<InProcessGroup> group(const std::string& name);
  void wake_all();

  /// A commit. Returns false if there was no room for it; then it is done again later.
  using Job = std::function<bool()>;
  void do_or_wait(Job job);
  /// Does what waits for room, in its order, if there is some now; false if there is none. Thread: the executor's.
  bool go_on();

  // Constant after construction.
  BatchStorage& storage_;
  Executor& executor_;
  std::string id_;

  // Held by the sequencer around each write, and briefly by everybody else.
  mutable std::mutex mutex_;
  std::map<std::string, Topic> topics_;
  TopicNumber next_topic_number_{1};
  std::map<std::string, OffsetMap> committed_;
  std::map<std::string, std::shared_ptr<std::uint64_t>> newest_epochs_;  // of writers, by id
  std::map<std::string, std::shared_ptr<InProcessGroup>> groups_;
  std::optional<Error> failed_;
  std::deque<Job> waiting_;
  // The sequencer's, kept for their memory.
  struct NewEnd {
    PartitionState* state = nullptr;
    Offset end;
    std::int64_t bytes = 0;
  };
  StorageWrite write_;
  std::vector<NewEnd> new_ends_;

  std::atomic<std::int64_t> appended_bytes_{0};  // to all partitions, since it was opened

  mutable std::mutex obstacle_mutex_;  // within mutex_
  std::optional<Error> obstacle_;

  std::mutex wake_mutex_;
  std::uint64_t next_wake_id_ = 0;
  std::map<std::uint64_t, WakeUp> wake_ups_;
};

}  // namespace millrace
