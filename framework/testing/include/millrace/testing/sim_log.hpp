// SimLog: a log behind an unreliable network, put in front of another log.
//
// Requests and answers are messages in lanes of the scheduler, one lane for each writer: they take their time, and
// those of different writers overtake one another. What was sent before its sender died still arrives. Faults are drawn
// from the scheduler's luck, with the error codes that a broker's client has. What goes through is noted in the trace.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <millrace/log/log.hpp>
#include <millrace/testing/seeded_scheduler.hpp>

namespace millrace {

/// How often what goes wrong, in a thousand calls. All zero: nothing does, but messages still take their turn.
struct SimLogFaults {
  int commit_aborted = 0;      ///< TransactionAborted; nothing was written
  int commit_unknown = 0;      ///< CommitUnknown; written or not
  int commit_unavailable = 0;  ///< LogUnavailable; written or not
  int member_fenced = 0;       ///< MemberFenced; nothing was written
  int read_unavailable = 0;    ///< LogUnavailable from a read of records
  int admin_unavailable = 0;   ///< LogUnavailable from a request for offsets or topics
  int slow = 0;                ///< a message takes up to `slowest`
  milliseconds slowest{60};    ///< longest time until an answer comes
};

/// How often what happened.
struct SimLogCounts {
  std::uint64_t commits = 0;          ///< answered well
  std::uint64_t aborted = 0;          ///< commits that were aborted
  std::uint64_t unknown_written = 0;  ///< commits whose answer was lost after they were written
  std::uint64_t unknown_lost = 0;     ///< commits whose answer was lost before they were written
  std::uint64_t fenced = 0;           ///< by a fault
  std::uint64_t refused = 0;          ///< by the log itself: another writer or generation is there
  std::uint64_t unavailable = 0;      ///< requests that were answered with LogUnavailable
  std::uint64_t arrived_late = 0;     ///< commits whose sender was gone when they arrived
  std::uint64_t expired = 0;          ///< members that were thrown out for their silence
  std::uint64_t told_lost = 0;        ///< members that heard that they had expired
};

/// Thread: the scheduler's.
class SimLog final : public Log {
 public:
  /// Borrows both; they outlive it, and it outlives its parts. `name` begins the names of its lanes.
  SimLog(Log& behind, SeededScheduler& scheduler, std::string name = "net");
  ~SimLog() override;

  std::unique_ptr<LogReader> open_reader(WakeUp wake_up) override;  ///< Behind the network, like all that follows.
  std::unique_ptr<LogWriter> open_writer(const std::string& writer_id, WakeUp wake_up) override;
  std::unique_ptr<LogMembership> join_group(MembershipOptions options) override;  ///< A member behind the network.
  LogAdmin& admin() override;  ///< Topics, offsets and groups, behind the network.

  void set_faults(SimLogFaults faults) { faults_ = faults; }            ///< From now on.
  [[nodiscard]] const SimLogFaults& faults() const { return faults_; }  ///< As set.
  [[nodiscard]] const SimLogCounts& counts() const { return counts_; }  ///< What went wrong so far.

  /// Members that are destroyed while `crash` runs do not leave: the group hears nothing of them until `session` has
  /// passed, as when their process was killed. Without it a member that is destroyed leaves at once.
  void while_crashing(milliseconds session, const std::function<void()>& crash);
  /// The group takes the member `client_id` for dead, which it is not: its tasks go to others. It goes on as a zombie
  /// until it hears of that, after `unaware` or from a commit that is refused, and joins again. Nothing if there is no
  /// such member.
  void expire(const std::string& client_id, milliseconds unaware = milliseconds(0));
  /// Clients that are members now, in order.
  [[nodiscard]] std::vector<std::string> members() const;

 private:
  friend class SimReader;
  friend class SimWriter;
  friend class SimMembership;
  friend class SimAdmin;

  [[nodiscard]] SeededRandom& luck() { return scheduler_.luck(); }
  [[nodiscard]] milliseconds travel_time();
  void note(const std::string& what) { scheduler_.note(what); }
  /// Ends the membership later: its process does not say goodbye.
  void bury(std::unique_ptr<LogMembership> member, const std::string& client_id);

  Log& behind_;
  SeededScheduler& scheduler_;
  const std::string name_;
  SimLogFaults faults_;
  SimLogCounts counts_;
  std::unique_ptr<LogAdmin> admin_;
  std::map<std::string, std::vector<class SimMembership*>> members_;
  // Of the readers: whoever asked the admin is among them, and is told that there is an answer.
  std::map<std::uint64_t, WakeUp> wake_ups_;
  std::uint64_t next_reader_ = 1;
  std::optional<milliseconds> crashing_;
  std::uint64_t next_writer_ = 1;
  std::uint64_t next_burial_ = 1;
};

}  // namespace millrace
