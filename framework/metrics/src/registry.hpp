// MetricsRegistry: what stands behind Metrics and its handles, shared by them so that they may die in any order.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <millrace/metrics/metrics.hpp>

namespace millrace::detail {

struct MetricsFamily;

/// One series. Guarded by the registry's lock, but for the instruments, which their writers write to.
struct MetricsSeries {
  MetricsFamily* family = nullptr;
  std::vector<std::string> label_values;
  std::vector<const Counter*> counters;  // of the three, only the one of the family's type is used
  std::vector<const Gauge*> gauges;
  std::vector<const Histogram*> histograms;
  double retired_value = 0;  // counted by instruments that are gone; a histogram's sum
  std::vector<std::uint64_t> retired_counts;

  [[nodiscard]] bool unused() const { return counters.empty() && gauges.empty() && histograms.empty(); }
};

struct MetricsFamily {
  MetricInfo info;
  std::map<std::vector<std::string>, std::unique_ptr<MetricsSeries>> series;
  std::uint64_t rejected = 0;
};

class MetricsRegistry {
 public:
  explicit MetricsRegistry(MetricsOptions options);

  MetricId define(const MetricInfo& info);
  std::optional<MetricId> find(std::string_view name) const;
  MetricsSnapshot snapshot();

  /// The instrument of `type` in the series; with a null series if there are too many.
  template <class Instrument>
  std::unique_ptr<Instrument, ReleaseInstrument> acquire(std::shared_ptr<MetricsRegistry> self, MetricId id,
                                                         MetricType type, LabelValues labels);
  template <class Instrument>
  void release(MetricsSeries* series, Instrument* instrument);

  std::function<void()>* add_collector(std::function<void()> collect);
  void remove_collector(std::function<void()>* collect);

 private:
  MetricsSeries* series_of(MetricsFamily& family, LabelValues labels);

  const MetricsOptions options_;
  mutable std::mutex lock_;
  std::vector<std::unique_ptr<MetricsFamily>> families_;  // by MetricId
  std::map<std::string, MetricId, std::less<>> ids_;      // by name: the order of snapshots
  std::mutex collectors_lock_;                            // taken before lock_, never within
  std::vector<std::unique_ptr<std::function<void()>>> collectors_;
};

}  // namespace millrace::detail
