// ProcessMetrics: memory, CPU time and start of this process, under the names that every Prometheus client uses.
#pragma once

#include <millrace/metrics/metrics.hpp>

namespace millrace {

/// Measures at each snapshot, while it exists. What the system does not tell is left as it was.
class ProcessMetrics {
 public:
  explicit ProcessMetrics(Metrics& metrics);  ///< Registers the metrics. Borrows `metrics`.
  ProcessMetrics(const ProcessMetrics&) = delete;
  ProcessMetrics& operator=(const ProcessMetrics&) = delete;

 private:
  void measure();

  GaugeHandle resident_memory_;
  CounterHandle cpu_;
  GaugeHandle start_time_;
  CollectorHandle collector_;  // last: it ends first
};

}  // namespace millrace
