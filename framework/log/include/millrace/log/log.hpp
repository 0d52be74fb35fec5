// The log port: membership, reader, writer and admin of a partitioned, transactional log.
//
// Nothing here waits. An operation returns at once and its answer is a Pending that a later step takes; a log calls the
// wake-up function given at its making when an answer or a record has come. Readers see whole committed transactions,
// in order, only. Every implementation passes tests/conformance/log.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/base/pending.hpp>
#include <millrace/log/types.hpp>

namespace millrace {

/// Index of a partition within one reader.
using ReaderSlot = Strong<std::uint32_t, struct ReaderSlotTag>;

/// Reads partitions from chosen offsets. Thread: one owner.
class LogReader {
 public:
  LogReader() = default;
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;
  virtual ~LogReader() = default;

  /// Begins to read `partition` at `from`. Errors: TopicUnknown.
  [[nodiscard]] virtual Result<ReaderSlot> assign(const TopicPartition& partition, Offset from) = 0;
  /// The slot's number may be used again.
  virtual void unassign(ReaderSlot slot) = 0;
  /// Goes on from `offset`; batches handed out before stay valid.
  virtual void seek(ReaderSlot slot, Offset offset) = 0;
  /// The next records, about `max_bytes` of them (stored and decoded) but at least one if there is any; nullopt if none
  /// are there yet. Where compaction left no record up to the end, an answer without records takes the position there.
  /// Errors: OffsetOutOfRange, TopicUnknown if the topic was deleted since, LogReadFailed, LogCorrupted.
  [[nodiscard]] virtual Result<std::optional<FetchedBatch>> poll(ReaderSlot slot, std::size_t max_bytes) = 0;
  /// Takes back a batch that is no longer needed, for its memory. What it lent is gone.
  virtual void recycle(FetchedBatch spent) { static_cast<void>(spent); }
  /// The end of the partition as last heard of.
  [[nodiscard]] virtual Offset end_offset(ReaderSlot slot) const = 0;
  /// Where the next poll reads.
  [[nodiscard]] virtual Offset position(ReaderSlot slot) const = 0;
};

/// Writes transactions. Thread: one owner.
class LogWriter {
 public:
  LogWriter() = default;
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  virtual ~LogWriter() = default;

  /// Commits `transaction`. Commits of one writer end in the order of their calls.
  /// Errors: MemberFenced, TransactionAborted (nothing was written), CommitUnknown, LogWriteFailed.
  [[nodiscard]] virtual Pending<CommitReceipt> commit(Transaction transaction) = 0;
};

/// What a group tells a member. Each event is answered by acknowledge() once the member has acted.
struct MembershipEvent {
  /// What happened to the tasks.
  enum class Kind : std::uint8_t {
    Assigned,  ///< take these tasks up
    Revoked,   ///< commit, let these go, then acknowledge
    Lost,      ///< somebody else may have them already: drop without a commit
  };
  Kind kind = Kind::Assigned;  ///< what to do
  std::vector<TaskId> tasks;   ///< which tasks it is about
  std::uint64_t id = 0;        ///< for acknowledge()
};

/// A member of the application's group, to which tasks are handed. Thread: one owner.
class LogMembership {
 public:
  LogMembership() = default;
  LogMembership(const LogMembership&) = delete;
  LogMembership& operator=(const LogMembership&) = delete;
  virtual ~LogMembership() = default;

  /// Events since the last call, oldest first.
  [[nodiscard]] virtual std::vector<MembershipEvent> poll() = 0;
  virtual void acknowledge(std::uint64_t event_id) = 0;  ///< Says that the member has acted on the event.
  /// To be captured when a transaction is frozen.
  [[nodiscard]] virtual GroupMember member() const = 0;
  /// Leaves the group: its tasks go to others at once.
  virtual void leave() = 0;
};

/// Topics, offsets and groups.
class LogAdmin {
 public:
  LogAdmin() = default;
  LogAdmin(const LogAdmin&) = delete;
  LogAdmin& operator=(const LogAdmin&) = delete;
  virtual ~LogAdmin() = default;

  /// Creates the topics that do not exist, and gives those that do the cleanup and limits asked for. Errors:
  /// TopicMismatch if one exists with another number of partitions, or is asked for with two numbers or none; then
  /// nothing is changed.
  [[nodiscard]] virtual Pending<void> ensure_topics(std::vector<TopicSpec> topics) = 0;
  /// All topics.
  [[nodiscard]] virtual Pending<std::vector<TopicInfo>> topics() = 0;
  /// Unknown topics are ignored.
  [[nodiscard]] virtual Pending<void> delete_topics(std::vector<std::string> names) = 0;
  /// All offsets that `group` has committed.
  [[nodiscard]] virtual Pending<OffsetMap> committed_offsets(const std::string& group) = 0;
  /// Forgets the group's offsets.
  [[nodiscard]] virtual Pending<void> delete_group(const std::string& group) = 0;
  /// Errors: TopicUnknown.
  [[nodiscard]] virtual Pending<std::map<TopicPartition, OffsetRange>> offset_ranges(
      std::vector<TopicPartition> partitions) = 0;
  /// Moves the beginnings of partitions up to the offsets given, for good, whoever may not have read what is before
  /// them; a beginning beyond its offset stays. The disk space comes back later.
  /// Errors: TopicUnknown; OffsetOutOfRange for an offset beyond the end. Then nothing was deleted.
  [[nodiscard]] virtual Pending<void> delete_records(std::map<TopicPartition, Offset> before) = 0;
};

/// Called from any thread when there may be something to take.
using WakeUp = std::function<void()>;

/// How a member joins. `tasks` are all tasks of the topology: the group shares them out among its members.
struct MembershipOptions {
  std::string group;          ///< the application's id
  std::string client_id;      ///< names the member in messages
  std::vector<TaskId> tasks;  ///< all tasks of the topology
  WakeUp wake_up;             ///< called when there are events
};

/// The factory of the parts. Thread-safe; outlives the parts.
class Log {
 public:
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log() = default;

  /// A reader; `wake_up` is called when records have come.
  [[nodiscard]] virtual std::unique_ptr<LogReader> open_reader(WakeUp wake_up) = 0;
  /// A second writer under the same id fences the first.
  [[nodiscard]] virtual std::unique_ptr<LogWriter> open_writer(const std::string& writer_id, WakeUp wake_up) = 0;
  /// Becomes a member; the first events bring its tasks.
  [[nodiscard]] virtual std::unique_ptr<LogMembership> join_group(MembershipOptions options) = 0;
  [[nodiscard]] virtual LogAdmin& admin() = 0;  ///< Topics, offsets and groups.
  /// What commits wait for at the moment, such as space on the disk; nullopt if they do not. They are answered once it
  /// is over, as if nothing had been; whatever else would have to be written fails meanwhile with this error.
  [[nodiscard]] virtual std::optional<Error> obstacle() const { return std::nullopt; }
};

}  // namespace millrace
