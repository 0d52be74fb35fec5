#include "in_process_group.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace millrace {

/// The member's end.
class InProcessMembership final : public LogMembership {
 public:
  InProcessMembership(std::shared_ptr<InProcessGroup> group, std::string member_id)
      : group_(std::move(group)), member_id_(std::move(member_id)) {}
  ~InProcessMembership() override { group_->leave(member_id_); }

  std::vector<MembershipEvent> poll() override {
    // Read before the events are: one that comes in between is found twice, never missed.
    auto events = group_->events_.load(std::memory_order_acquire);
    if (std::exchange(seen_events_, events) == events) return {};
    return group_->poll(member_id_);
  }
  void acknowledge(std::uint64_t event_id) override { group_->acknowledge(member_id_, event_id); }
  GroupMember member() const override { return group_->describe(member_id_); }
  void leave() override { group_->leave(member_id_); }

 private:
  std::shared_ptr<InProcessGroup> group_;
  std::string member_id_;
  std::uint64_t seen_events_ = 0;
};

std::unique_ptr<LogMembership> InProcessGroup::join(MembershipOptions options) {
  std::lock_guard lock(mutex_);
  // Zero-padded, so that the map keeps members in the order of their joining.
  std::string id = fmt::format("{:08}-{}", next_member_++, options.client_id);
  tasks_ = std::move(options.tasks);
  std::sort(tasks_.begin(), tasks_.end());
  members_[id].wake_up = std::move(options.wake_up);
  rebalance();
  members_[id].generation = generation_;
  return std::make_unique<InProcessMembership>(shared_from_this(), id);
}

Result<void> InProcessGroup::check(const GroupMember& member) const {
  std::lock_guard lock(mutex_);
  auto found = members_.find(member.member_id);
  if (found != members_.end() && found->second.generation == member.generation) return {};
  return Error(
      ErrorCode::MemberFenced,
      fmt::format("group {}: member {} of generation {} has left, or has let go of tasks since; the group is at "
                  "generation {}",
                  name_, member.member_id, member.generation, generation_));
}

std::vector<MembershipEvent> InProcessGroup::poll(const std::string& member_id) {
  std::lock_guard lock(mutex_);
  auto found = members_.find(member_id);
  if (found == members_.end()) return {};
  std::vector<MembershipEvent> events(found->second.events.begin(), found->second.events.end());
  found->second.events.clear();
  return events;
}

void InProcessGroup::acknowledge(const std::string& member_id, std::uint64_t event_id) {
  std::lock_guard lock(mutex_);
  auto member = members_.find(member_id);
  if (member == members_.end()) return;
  auto revocation = member->second.unanswered_revocations.find(event_id);
  if (revocation == member->second.unanswered_revocations.end()) return;
  for (const TaskId& task : revocation->second) {
    member->second.owned.erase(task);
    member->second.revoking.erase(task);
  }
  member->second.unanswered_revocations.erase(revocation);
  rebalance();
  member->second.generation = generation_;
}

GroupMember InProcessGroup::describe(const std::string& member_id) const {
  std::lock_guard lock(mutex_);
  auto found = members_.find(member_id);
  return {name_, member_id, found == members_.end() ? -1 : found->second.generation};
}

void InProcessGroup::leave(const std::string& member_id) {
  std::lock_guard lock(mutex_);
  if (members_.erase(member_id) > 0) rebalance();
}

void InProcessGroup::rebalance() {
  ++generation_;
  if (members_.empty()) return;
  // Fair share: the first (tasks mod members) members may have one more.
  std::map<std::string, std::size_t> room;
  std::size_t share = tasks_.size() / members_.size();
  std::size_t extra = tasks_.size() % members_.size();
  for (auto& [id, member] : members_) {
    room[id] = share + (extra > 0 ? 1 : 0);
    if (extra > 0) --extra;
  }
  revoke_surplus(room);
  assign_free(room);
}

namespace {

/// The task to give away: the last of the sub-topology of which there are most. So that a member has some of each: one
/// sub-topology may be far more work than another.
std::set<TaskId>::iterator to_give_away(const std::set<TaskId>& kept) {
  std::map<SubtopologyId, std::size_t> count;
  auto best = kept.end();
  for (auto task = kept.begin(); task != kept.end(); ++task) {
    const std::size_t so_far = ++count[task->subtopology];
    if (best == kept.end() || so_far >= count[best->subtopology]) best = task;
  }
  return best;
}

}  // namespace

void InProcessGroup::revoke_surplus(std::map<std::string, std::size_t>& room) {
  for (auto& [id, member] : members_) {
    std::set<TaskId> kept;
    std::set_difference(member.owned.begin(), member.owned.end(), member.revoking.begin(), member.revoking.end(),
                        std::inserter(kept, kept.end()));
    std::vector<TaskId> surplus;
    while (kept.size() > room[id]) {
      auto task = to_give_away(kept);
      surplus.push_back(*task);
      kept.erase(task);
    }
    room[id] -= kept.size();
    if (surplus.empty()) continue;
    member.revoking.insert(surplus.begin(), surplus.end());
    member.unanswered_revocations[next_event_] = surplus;
    notify(member, {MembershipEvent::Kind::Revoked, surplus, next_event_++});
  }
}

void InProcessGroup::assign_free(std::map<std::string, std::size_t>& room) {
  std::set<TaskId> taken;
  for (auto& [id, member] : members_) taken.insert(member.owned.begin(), member.owned.end());
  std::map<std::string, std::vector<TaskId>> given;
  for (const TaskId& task : tasks_) {
    if (taken.contains(task)) continue;
    // Each to the one with most room, so that neighbours are spread.
    auto next =
        std::max_element(room.begin(), room.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (next == room.end() || next->second == 0) break;
    --next->second;
    given[next->first].push_back(task);
  }
  for (auto& [id, tasks] : given) {
    Member& member = members_[id];
    member.owned.insert(tasks.begin(), tasks.end());
    notify(member, {MembershipEvent::Kind::Assigned, tasks, next_event_++});
  }
}

void InProcessGroup::notify(Member& member, MembershipEvent event) {
  member.events.push_back(std::move(event));
  events_.fetch_add(1, std::memory_order_release);
  if (member.wake_up) member.wake_up();
}

}  // namespace millrace
