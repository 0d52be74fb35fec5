#include <millrace/testing/sim_log.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "sim_log_parts.hpp"

namespace millrace {

SimLog::SimLog(Log& behind, SeededScheduler& scheduler, std::string name)
    : behind_(behind),
      scheduler_(scheduler),
      name_(std::move(name)),
      admin_(std::make_unique<SimAdmin>(*this, behind.admin(), scheduler.new_lane(name_ + "/admin"))) {}

SimLog::~SimLog() = default;

milliseconds SimLog::travel_time() {
  if (!luck().chance(faults_.slow)) return milliseconds(0);
  return milliseconds(luck().between(1, faults_.slowest.count()));
}

std::unique_ptr<LogReader> SimLog::open_reader(WakeUp wake_up) {
  std::uint64_t number = next_reader_++;
  if (wake_up) wake_ups_[number] = wake_up;
  return std::make_unique<SimReader>(*this, behind_.open_reader(std::move(wake_up)), number);
}

std::unique_ptr<LogWriter> SimLog::open_writer(const std::string& writer_id, WakeUp wake_up) {
  // A connection of its own: what its forerunner sent may arrive later.
  auto lane = scheduler_.new_lane(fmt::format("{}/{}#{}", name_, writer_id, next_writer_++));
  return std::make_unique<SimWriter>(*this, behind_, writer_id, std::move(wake_up), std::move(lane));
}

std::unique_ptr<LogMembership> SimLog::join_group(MembershipOptions options) {
  return std::make_unique<SimMembership>(*this, behind_, std::move(options));
}

LogAdmin& SimLog::admin() { return *admin_; }

void SimLog::while_crashing(milliseconds session, const std::function<void()>& crash) {
  crashing_ = session;
  crash();
  crashing_.reset();
}

void SimLog::bury(std::unique_ptr<LogMembership> member, const std::string& client_id) {
  // std::function wants to be copyable.
  auto shared = std::shared_ptr<LogMembership>(std::move(member));
  auto lane = scheduler_.new_lane(fmt::format("{}/session#{}", name_, next_burial_++));
  lane->post_after(*crashing_, [this, shared, client_id] {
    note(fmt::format("session of {} ends", client_id));
    ++counts_.expired;
    shared->leave();
  });
}

void SimLog::expire(const std::string& client_id, milliseconds unaware) {
  auto found = members_.find(client_id);
  if (found == members_.end() || found->second.empty()) return;
  note(fmt::format("member {} expires", client_id));
  ++counts_.expired;
  found->second.back()->expire(scheduler_.clock().steady_now() + unaware);
}

std::vector<std::string> SimLog::members() const {
  std::vector<std::string> names;
  for (const auto& [name, members] : members_) {
    if (!members.empty()) names.push_back(name);
  }
  return names;
}

}  // namespace millrace
