// InProcessGroup: who of one process's threads has which task.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <millrace/log/log.hpp>

namespace millrace {

/// Cooperative: a task is given to its new owner only when the old one has acknowledged its revocation. Tasks are
/// spread over members in the order of their joining, and stay where they are while that is fair. Thread-safe.
class InProcessGroup : public std::enable_shared_from_this<InProcessGroup> {
 public:
  explicit InProcessGroup(std::string name) : name_(std::move(name)) {}

  /// Joins a member; the group's tasks are those that the last joiner named.
  std::unique_ptr<LogMembership> join(MembershipOptions options);
  /// MemberFenced unless `member` is one, and has let go of nothing since its generation. That others have come or gone
  /// is no reason: what it has not let go nobody else has.
  [[nodiscard]] Result<void> check(const GroupMember& member) const;

 private:
  friend class InProcessMembership;
  struct Member {
    std::int64_t generation = 0;  ///< that in which it joined, or last let go of a task
    std::set<TaskId> owned;       ///< given and not yet acknowledged as revoked
    std::set<TaskId> revoking;    ///< subset of owned
    std::deque<MembershipEvent> events;
    std::map<std::uint64_t, std::vector<TaskId>> unanswered_revocations;
    WakeUp wake_up;
  };

  std::vector<MembershipEvent> poll(const std::string& member_id);
  void acknowledge(const std::string& member_id, std::uint64_t event_id);
  GroupMember describe(const std::string& member_id) const;
  void leave(const std::string& member_id);

  // REQUIRE: mutex_ held.
  void rebalance();
  void revoke_surplus(std::map<std::string, std::size_t>& room);
  void assign_free(std::map<std::string, std::size_t>& room);
  void notify(Member& member, MembershipEvent event);

  mutable std::mutex mutex_;
  std::string name_;
  std::vector<TaskId> tasks_;
  std::map<std::string, Member> members_;
  std::int64_t generation_ = 0;
  std::uint64_t next_event_ = 1;
  std::uint64_t next_member_ = 1;

  // Counts events of all members. Members look here before they take the lock: they poll at every step.
  std::atomic<std::uint64_t> events_{0};
};

}  // namespace millrace
