// TaskEnvironment: what all tasks of one thread share. Everything is borrowed and outlives the tasks.
#pragma once

#include <string>

#include <millrace/base/clock.hpp>
#include <millrace/base/logger.hpp>
#include <millrace/config/streams_config.hpp>
#include <millrace/metrics/metrics.hpp>
#include <millrace/runtime/outbox.hpp>
#include <millrace/runtime/store_query.hpp>
#include <millrace/runtime/thread_memory.hpp>
#include <millrace/runtime/topic_catalog.hpp>
#include <millrace/state/transaction_buffer.hpp>
#include <millrace/topology/topology.hpp>

namespace millrace {

/// What tasks share. Everything is borrowed.
struct TaskEnvironment {
  const StreamsConfig& config;      ///< of the application
  const Topology& topology;         ///< of the application
  const TopicCatalog& catalog;      ///< topics as the log has them
  const Clock& clock;               ///< what time it is
  Logger& logger;                   ///< where lines go
  Metrics& metrics;                 ///< where numbers go
  Outbox& outbox;                   ///< of the thread
  CacheBudget& cache_budget;        ///< of this thread: what the caches of its stores may hold
  ThreadMemory& memory;             ///< of this thread: what its tasks hold together
  StoreRegistry* stores = nullptr;  ///< nullptr: nobody reads the stores from outside
};

}  // namespace millrace
