// Watch: looks at every write while a simulation runs, and notes what must never be.
//
//   - committed offsets never go back, and are not beyond their partition's end
//   - offsets of a task are committed by the member that has the task
//   - a task is handed to one member at a time
//   - the state on every disk is the fold of its changelog up to its stamp, and the stamp is not beyond the end
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <millrace/testing/simulated_application.hpp>
#include "forwarding.hpp"

namespace millrace::simulation {

class Watch {
 public:
  /// `note` is told each finding.
  explicit Watch(std::function<void(std::string)> note) : note_(std::move(note)) {}

  /// Wraps the storage of the log: sees what is really written.
  [[nodiscard]] std::unique_ptr<BatchStorage> over(BatchStorage& storage);
  /// Wraps the log that the threads see; owns it.
  [[nodiscard]] std::unique_ptr<Log> over(std::unique_ptr<Log> log);
  /// Checks a task's directory against the changelogs.
  void check_state(const Topology& topology, int process, const DurableMemoryState& disk, const std::string& directory);
  /// What the stores of running tasks show must be the fold of their whole changelogs: nothing is in flight.
  void check_running_stores(SimulatedApplication& app);

  /// The group takes this member for dead.
  void expired(const std::string& client);
  /// The group of a process that died is gone with it.
  void group_is_gone() { owners_.clear(); }
  /// Tasks that went from one client to another.
  [[nodiscard]] std::uint64_t moved_tasks() const { return moved_; }
  [[nodiscard]] std::uint64_t checked_states() const { return checked_; }

 private:
  friend class WatchedStorage;
  friend class WatchedMembership;
  friend class WatchedLog;
  struct Change {
    std::optional<Bytes> key;
    std::optional<Bytes> value;
    Timestamp timestamp{};
  };
  using Entries = DurableMemoryState::Entries;
  struct Owner {
    std::string client;
    std::uint64_t member = 0;
    bool gone = false;  // died: the group does not know yet
  };
  /// How far a store was folded when it was looked at last.
  struct Fold {
    std::int64_t next = 0;
    Entries entries;
  };

  void written(const StorageWrite& write);
  void check_offset(const StorageWrite::GroupOffset& offset);
  void take(const TaskId& task, const std::string& client, std::uint64_t member);
  void let_go(const TaskId& task, std::uint64_t member);
  void gone(std::uint64_t member);
  static void apply(Entries& entries, const Change& change, bool timestamped);

  std::function<void(std::string)> note_;
  std::map<TopicNumber, std::string> topics_;
  std::map<TopicPartition, std::vector<Change>> records_;
  std::map<TopicPartition, Offset> committed_;
  std::map<TaskId, Owner> owners_;
  std::map<TaskId, std::string> last_owner_;
  std::map<std::string, Fold> folds_;
  std::uint64_t next_member_ = 1;
  std::uint64_t moved_ = 0;
  std::uint64_t checked_ = 0;
};

}  // namespace millrace::simulation
