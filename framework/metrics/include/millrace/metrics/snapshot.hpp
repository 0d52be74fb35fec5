// MetricsSnapshot: all series at one moment, as plain data for adapters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <millrace/metrics/metric_table.hpp>

namespace millrace {

/// A histogram at one moment.
struct HistogramSnapshot {
  std::vector<double> upper_edges;               ///< without +Inf
  std::vector<std::uint64_t> cumulative_counts;  ///< one per edge: observations at or below it
  std::uint64_t count = 0;                       ///< all observations
  double sum = 0;                                ///< of all observations, in seconds
};

/// One series at one moment.
struct SeriesSnapshot {
  std::vector<std::string> label_values;  ///< in the order of the metric's label names; valid UTF-8
  double value = 0;                       ///< counters and gauges
  HistogramSnapshot histogram;            ///< histograms
};

/// A metric with all its series at one moment.
struct FamilySnapshot {
  MetricInfo info;                     ///< name, type, unit, labels and help
  std::vector<SeriesSnapshot> series;  ///< by label values; never empty
};

/// Families by name. The same series give the same order, whenever and by whomever they were made.
using MetricsSnapshot = std::vector<FamilySnapshot>;

}  // namespace millrace
