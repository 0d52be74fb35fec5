// The parts of SimLog.
#pragma once

#include <deque>
#include <utility>

#include <millrace/testing/sim_log.hpp>

namespace millrace {

/// Reads as the log behind does, but for answers that fail.
class SimReader final : public LogReader {
 public:
  SimReader(SimLog& log, std::unique_ptr<LogReader> behind, std::uint64_t number)
      : log_(log), behind_(std::move(behind)), number_(number) {}
  ~SimReader() override { log_.wake_ups_.erase(number_); }

  Result<ReaderSlot> assign(const TopicPartition& partition, Offset from) override;
  void unassign(ReaderSlot slot) override { behind_->unassign(slot); }
  void seek(ReaderSlot slot, Offset offset) override { behind_->seek(slot, offset); }
  Result<std::optional<FetchedBatch>> poll(ReaderSlot slot, std::size_t max_bytes) override;
  void recycle(FetchedBatch spent) override { behind_->recycle(std::move(spent)); }
  Offset end_offset(ReaderSlot slot) const override { return behind_->end_offset(slot); }
  Offset position(ReaderSlot slot) const override { return behind_->position(slot); }

 private:
  SimLog& log_;
  std::unique_ptr<LogReader> behind_;
  const std::uint64_t number_;
  std::map<ReaderSlot, TopicPartition> names_;
};

/// The sender's end. What is on its way lives in Connection, which outlives the sender.
class SimWriter final : public LogWriter {
 public:
  SimWriter(SimLog& log, Log& behind, const std::string& id, WakeUp wake_up,
            std::shared_ptr<SimLane> lane);
  ~SimWriter() override;

  Pending<CommitReceipt> commit(Transaction transaction) override;

 private:
  enum class Fault : std::uint8_t { None, Aborted, Fenced, AnswerLost, RequestLost };
  struct Awaited {
    Pending<CommitReceipt> from_log;
    Promise<CommitReceipt> promise;
    Fault fault;
    ErrorCode code;
  };
  struct Connection {
    SimLog& log;
    std::string id;
    WakeUp wake_up;
    std::shared_ptr<SimLane> lane;
    std::unique_ptr<LogWriter> writer;
    std::deque<Awaited> awaited;
    bool sender_gone = false;
  };
  [[nodiscard]] Fault draw_fault(ErrorCode& code);
  static void deliver(const std::shared_ptr<Connection>& connection, Transaction&& transaction, Awaited awaited);
  /// Sends the answers that the log has given.
  static void answer(const std::shared_ptr<Connection>& connection);
  static void answer(const std::shared_ptr<Connection>& connection, Promise<CommitReceipt> promise,
                     Result<CommitReceipt> result);

  std::shared_ptr<Connection> connection_;
};

/// A member that the group may take for dead.
class SimMembership final : public LogMembership {
 public:
  SimMembership(SimLog& log, Log& behind, MembershipOptions options);
  ~SimMembership() override;

  std::vector<MembershipEvent> poll() override;
  void acknowledge(std::uint64_t event_id) override;
  GroupMember member() const override { return last_known_; }
  void leave() override;

  /// It hears of it at `told`.
  void expire(SteadyTime told);

 private:
  void refresh() { last_known_ = behind_->member(); }

  SimLog& log_;
  Log& behind_log_;
  MembershipOptions options_;
  std::unique_ptr<LogMembership> behind_;
  GroupMember last_known_;
  std::set<TaskId> held_;
  std::map<std::uint64_t, std::vector<TaskId>> revocations_;
  bool expired_ = false;
  SteadyTime told_{};
  bool left_ = false;
};

/// Requests that take their time, and may fail.
class SimAdmin final : public LogAdmin {
 public:
  SimAdmin(SimLog& log, LogAdmin& behind, std::shared_ptr<SimLane> lane)
      : log_(log), behind_(behind), lane_(std::move(lane)) {}

  Pending<void> ensure_topics(std::vector<TopicSpec> topics) override {
    return behind_.ensure_topics(std::move(topics));
  }
  Pending<std::vector<TopicInfo>> topics() override { return behind_.topics(); }
  Pending<void> delete_topics(std::vector<std::string> names) override {
    return behind_.delete_topics(std::move(names));
  }
  Pending<OffsetMap> committed_offsets(const std::string& group) override;
  Pending<void> delete_group(const std::string& group) override { return behind_.delete_group(group); }
  Pending<std::map<TopicPartition, OffsetRange>> offset_ranges(std::vector<TopicPartition> partitions) override;
  Pending<void> delete_records(std::map<TopicPartition, Offset> before) override {
    return behind_.delete_records(std::move(before));
  }

 private:
  template <class T, class Ask>
  Pending<T> ask(const char* what, Ask request);

  SimLog& log_;
  LogAdmin& behind_;
  std::shared_ptr<SimLane> lane_;
};

}  // namespace millrace
