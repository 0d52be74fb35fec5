// RepartitionPurger: has the log delete what was read from repartition topics.
//
// Nobody but this application reads them, so what is processed and committed is of no use to anybody. (KIP-204, and
// Kafka Streams' repartition.purge.interval.ms.)
#pragma once

#include <map>

#include <millrace/base/clock.hpp>
#include <millrace/base/logger.hpp>
#include <millrace/log/log.hpp>

namespace millrace {

/// Never waits, and never fails: what could not be deleted now is deleted the next time. Thread: one owner.
class RepartitionPurger {
 public:
  /// Borrows all.
  RepartitionPurger(LogAdmin& admin, const Clock& clock, Logger& logger, milliseconds interval);

  /// True once the interval has passed and the last deletion was answered.
  [[nodiscard]] bool due();
  /// Begins to delete what is before these offsets. REQUIRES: due(), and they are committed.
  void purge(std::map<TopicPartition, Offset> committed);

 private:
  void take_answer();

  LogAdmin& admin_;
  const Clock& clock_;
  Logger& logger_;
  const milliseconds interval_;
  SteadyTime next_;
  Pending<void> deleting_;
  bool failing_ = false;
};

}  // namespace millrace
