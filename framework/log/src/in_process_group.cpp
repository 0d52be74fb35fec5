#include "in_process_group.hpp"

#include <algorithm>

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
  return std::make_unique<InProcessMembership>(shared_from_this(), id);
}

Result<void> InProcessGroup::check(const GroupMember& member) const {
  std::lock_guard lock(mutex_);
  auto found = members_.find(member.member_id);
  if (found != members_.end() && found->second.generation == member.generation) return {};
  return Error(ErrorCode::MemberFenced,
               fmt::format("group {}: member {} of generation {} is not a member of generation {}", name_,
                           member.member_id, member.generation, generation_));
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
  for (auto& [id, member] : members_) member.generation = generation_;
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

void InProcessGroup::revoke_surplus(std::map<std::string, std::size_t>& room) {
  for (auto& [id, member] : members_) {
    std::vector<TaskId> surplus;
    std::size_t kept = member.owned.size() - member.revoking.size();
    for (auto task = member.owned.rbegin(); task != member.owned.rend() && kept > room[id]; ++task) {
      if (member.revoking.contains(*task)) continue;
      surplus.push_back(*task);
      --kept;
    }
    room[id] -= std::min(room[id], kept);
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
    auto next = std::find_if(room.begin(), room.end(), [](const auto& entry) { return entry.second > 0; });
    if (next == room.end()) break;
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
