#include <millrace/runtime/repartition_purger.hpp>

#include <fmt/format.h>

namespace millrace {

RepartitionPurger::RepartitionPurger(LogAdmin& admin, const Clock& clock, Logger& logger, milliseconds interval)
    : admin_(admin), clock_(clock), logger_(logger), interval_(interval), next_(clock.steady_now() + interval) {}

bool RepartitionPurger::due() {
  take_answer();
  return !deleting_.active() && clock_.steady_now() >= next_;
}

void RepartitionPurger::purge(std::map<TopicPartition, Offset> committed) {
  next_ = clock_.steady_now() + interval_;
  if (committed.empty()) return;
  deleting_ = admin_.delete_records(std::move(committed));
  take_answer();
}

void RepartitionPurger::take_answer() {
  if (!deleting_.ready()) return;
  auto deleted = deleting_.take();
  // Told once, and when it is over; of a full disk others tell.
  if (!deleted && deleted.error().code() == ErrorCode::LogFull) return;
  if (!deleted && !failing_) {
    logger_.warn("purger", fmt::format("what was processed of repartition topics stays until the log deletes it: {}",
                                       deleted.error().to_string()));
  }
  if (deleted && failing_) logger_.info("purger", "the log deletes again what was processed of repartition topics");
  failing_ = !deleted;
}

}  // namespace millrace
