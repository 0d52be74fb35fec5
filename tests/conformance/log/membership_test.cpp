// Membership: tasks move only when their old owner has let go, evenly and no more than needed.
#include <map>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log_under_test.hpp"

namespace millrace::log_conformance {
namespace {

using ::testing::IsEmpty;

std::vector<TaskId> tasks_of(std::int32_t count) {
  std::vector<TaskId> tasks;
  for (std::int32_t i = 0; i < count; ++i) tasks.push_back({SubtopologyId(i % 2), Partition(i / 2)});
  return tasks;
}

/// A thread of an application, as far as its tasks go.
struct Member {
  std::unique_ptr<LogMembership> membership;
  std::set<TaskId> owned;
  /// Revocations not yet acknowledged, with the tasks that are still owned because of that.
  std::vector<MembershipEvent> unanswered;
  int wakes = 0;
};

class Membership : public LogTest {
 protected:
  Member& join(const std::string& name, const std::vector<TaskId>& tasks) {
    Member& member = members_[name];
    member.membership = log().join_group({"g", name, tasks, [&member] { ++member.wakes; }});
    return member;
  }
  void leave(const std::string& name) { members_.erase(name); }

  /// Takes events in; a task that is given to a second owner fails the test.
  void poll(Member& member) {
    for (MembershipEvent& event : member.membership->poll()) {
      if (event.kind == MembershipEvent::Kind::Assigned) {
        for (const TaskId& task : event.tasks) {
          for (const auto& [name, other] : members_) EXPECT_FALSE(other.owned.contains(task)) << to_string(task);
          member.owned.insert(task);
        }
        member.membership->acknowledge(event.id);
      } else {
        for (const TaskId& task : event.tasks) EXPECT_TRUE(member.owned.contains(task)) << to_string(task);
        member.unanswered.push_back(std::move(event));
      }
    }
  }
  static void let_go(Member& member) {
    for (const MembershipEvent& event : member.unanswered) {
      for (const TaskId& task : event.tasks) member.owned.erase(task);
      member.membership->acknowledge(event.id);
    }
    member.unanswered.clear();
  }
  void settle() {
    // Two rounds of revoking and giving are enough; a third shows that nothing moves any more.
    for (int round = 0; round < 3; ++round) {
      for (auto& [name, member] : members_) {
        poll(member);
        let_go(member);
      }
    }
    for (auto& [name, member] : members_) poll(member);
  }
  void expect_fair(std::size_t tasks) {
    std::size_t total = 0;
    for (const auto& [name, member] : members_) {
      total += member.owned.size();
      EXPECT_GE(member.owned.size(), tasks / members_.size()) << name;
      EXPECT_LE(member.owned.size(), (tasks + members_.size() - 1) / members_.size()) << name;
    }
    EXPECT_EQ(total, tasks);
  }

  std::map<std::string, Member> members_;
};
INSTANTIATE_TEST_SUITE_P(Log, Membership, ::testing::ValuesIn(kAllLogs),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Membership, GivesALoneMemberEverything) {
  Member& only = join("a", tasks_of(5));
  EXPECT_GT(only.wakes, 0);
  poll(only);
  EXPECT_EQ(only.owned.size(), 5U);
  EXPECT_THAT(only.membership->poll(), IsEmpty());
  EXPECT_EQ(only.membership->member().group, "g");
  EXPECT_GE(only.membership->member().generation, 0);
}

TEST_P(Membership, MovesATaskOnlyAfterItWasLetGo) {
  Member& first = join("a", tasks_of(4));
  poll(first);
  Member& second = join("b", tasks_of(4));
  poll(second);
  EXPECT_THAT(second.owned, IsEmpty());
  poll(first);
  ASSERT_EQ(first.unanswered.size(), 1U);
  EXPECT_EQ(first.unanswered[0].kind, MembershipEvent::Kind::Revoked);
  EXPECT_EQ(first.unanswered[0].tasks.size(), 2U);
  poll(second);
  EXPECT_THAT(second.owned, IsEmpty());
  int wakes = second.wakes;
  let_go(first);
  EXPECT_GT(second.wakes, wakes);
  poll(second);
  expect_fair(4);
}

TEST_P(Membership, SharesFairlyAndMovesNoMoreThanNeeded) {
  join("a", tasks_of(9));
  settle();
  join("b", tasks_of(9));
  settle();
  expect_fair(9);
  auto before_a = members_["a"].owned;
  auto before_b = members_["b"].owned;
  join("c", tasks_of(9));
  settle();
  expect_fair(9);
  // Those who give keep what is left to them.
  for (const TaskId& task : members_["a"].owned) EXPECT_TRUE(before_a.contains(task));
  for (const TaskId& task : members_["b"].owned) EXPECT_TRUE(before_b.contains(task));
  before_a = members_["a"].owned;
  auto before_c = members_["c"].owned;
  leave("b");
  settle();
  expect_fair(9);
  for (const TaskId& task : before_a) EXPECT_TRUE(members_["a"].owned.contains(task));
  for (const TaskId& task : before_c) EXPECT_TRUE(members_["c"].owned.contains(task));
}

TEST_P(Membership, GivesEachMemberSomeOfEverySubtopology) {
  std::vector<TaskId> tasks;
  for (int i = 0; i < 16; ++i) tasks.push_back({SubtopologyId(i / 8), Partition(i % 8)});
  for (const char* name : {"a", "b", "c", "d"}) join(name, tasks);
  settle();
  expect_fair(16);
  for (const auto& [name, member] : members_) {
    const auto first = std::count_if(member.owned.begin(), member.owned.end(),
                                     [](const TaskId& task) { return task.subtopology == SubtopologyId(0); });
    EXPECT_EQ(first, 2) << name << ": one sub-topology may be far more work than another";
  }
}

TEST_P(Membership, GivesTheTasksOfALeaverAwayAtOnce) {
  join("a", tasks_of(4));
  join("b", tasks_of(4));
  settle();
  Member& a = members_["a"];
  Member& b = members_["b"];
  a.membership->leave();
  a.owned.clear();
  EXPECT_THAT(a.membership->poll(), IsEmpty());
  EXPECT_EQ(a.membership->member().generation, -1);
  poll(b);
  EXPECT_EQ(b.owned.size(), 4U);
}

TEST_P(Membership, TakesTheTasksOfAMemberThatWasToLetThemGo) {
  Member& a = join("a", tasks_of(4));
  poll(a);
  join("b", tasks_of(4));
  poll(a);
  leave("a");
  Member& b = members_["b"];
  poll(b);
  EXPECT_EQ(b.owned.size(), 4U);
}

TEST_P(Membership, GivesBackWhatWasRevokedForOneWhoLeft) {
  Member& a = join("a", tasks_of(4));
  poll(a);
  join("b", tasks_of(4));
  leave("b");
  settle();
  EXPECT_EQ(a.owned.size(), 4U);
  expect_fair(4);
}

TEST_P(Membership, LeavesMembersWithoutTasksIdle) {
  join("a", tasks_of(1));
  join("b", tasks_of(1));
  join("c", tasks_of(1));
  settle();
  EXPECT_EQ(members_["a"].owned.size(), 1U);
  leave("a");
  settle();
  EXPECT_EQ(members_["b"].owned.size() + members_["c"].owned.size(), 1U);
}

TEST_P(Membership, IgnoresAcknowledgementsOfNothing) {
  Member& a = join("a", tasks_of(2));
  poll(a);
  auto generation = a.membership->member().generation;
  a.membership->acknowledge(0);
  a.membership->acknowledge(12345);
  EXPECT_EQ(a.membership->member().generation, generation);
  EXPECT_THAT(a.membership->poll(), IsEmpty());
}

TEST_P(Membership, GroupsKnowNothingOfEachOther) {
  Member& a = join("a", tasks_of(2));
  poll(a);
  auto generation = a.membership->member().generation;
  auto other = log().join_group({"other", "a", tasks_of(2), {}});
  EXPECT_EQ(other->poll().size(), 1U);
  EXPECT_THAT(a.membership->poll(), IsEmpty());
  EXPECT_EQ(a.membership->member().generation, generation);
}

TEST_P(Membership, StaysSafeAndEndsFairWhateverComes) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    auto below = [&random](std::size_t bound) { return random() % bound; };
    auto tasks = tasks_of(static_cast<std::int32_t>(1 + below(12)));
    members_.clear();
    int joined = 0;
    for (int step = 0; step < 60; ++step) {
      if (members_.empty() || below(8) == 0) join("m" + std::to_string(joined++), tasks);
      auto chosen = std::next(members_.begin(), static_cast<std::ptrdiff_t>(below(members_.size())));
      switch (below(6)) {
        case 0: members_.erase(chosen); break;
        case 1:
        case 2: let_go(chosen->second); break;
        default: poll(chosen->second);
      }
    }
    if (members_.empty()) join("last", tasks);
    settle();
    expect_fair(tasks.size());
    if (HasFailure()) break;
  }
  members_.clear();
}

}  // namespace
}  // namespace millrace::log_conformance
