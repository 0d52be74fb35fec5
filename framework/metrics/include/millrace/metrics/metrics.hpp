// Metrics: the registry. Hands out instruments, and shows all series at one moment.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>

#include <millrace/base/logger.hpp>
#include <millrace/metrics/instruments.hpp>
#include <millrace/metrics/metric_table.hpp>
#include <millrace/metrics/snapshot.hpp>

namespace millrace {

namespace detail {
class MetricsRegistry;
struct MetricsSeries;

/// Gives an instrument back to its series; the series goes with its last instrument.
struct ReleaseInstrument {
  std::shared_ptr<MetricsRegistry> registry;
  MetricsSeries* series = nullptr;  ///< null: the series was over the limit and is not exported
  void operator()(Counter* counter) const;
  void operator()(Gauge* gauge) const;
  void operator()(Histogram* histogram) const;
};

/// Ends a collector.
struct RemoveCollector {
  std::shared_ptr<MetricsRegistry> registry;
  void operator()(std::function<void()>* collect) const;
};
}  // namespace detail

/// An instrument and the share in its series: move-only, used with `->`. What a counter or histogram has counted stays
/// in the series while anybody else holds it; with the last handle the series disappears, as that of a closed task
/// should. May outlive the Metrics it came from.
using CounterHandle = std::unique_ptr<Counter, detail::ReleaseInstrument>;
using GaugeHandle = std::unique_ptr<Gauge, detail::ReleaseInstrument>;  ///< A gauge's series; it ends with the handle.
/// A histogram's series; it ends with the handle.
using HistogramHandle = std::unique_ptr<Histogram, detail::ReleaseInstrument>;

/// Keeps a collector running at each snapshot. Destroying it waits for a run that is under way.
using CollectorHandle = std::unique_ptr<std::function<void()>, detail::RemoveCollector>;

/// How a registry behaves.
struct MetricsOptions {
  std::size_t series_per_metric_max = 1000;  ///< beyond it, series are counted as rejected and not exported
  Logger* logger = nullptr;                  ///< told once per metric that has too many series; outlives all handles
};

/// Values for the metric's labels, in the order of its declaration. Bytes that are no printable UTF-8 become '?',
/// values are cut at 200 bytes.
using LabelValues = std::initializer_list<std::string_view>;

/// All metrics of a process. Thread-safe. One per application; tests make their own.
class Metrics {
 public:
  explicit Metrics(MetricsOptions options = {});  ///< Holds nothing yet.

  /// Declares a metric of the application. Declaring the same again gives the same id.
  /// Throws std::invalid_argument with all that is wrong with it, as check_metric() finds it; also when the name
  /// belongs to the framework or was declared otherwise.
  MetricId define(const MetricInfo& info);

  /// The metric of this name, if it is declared.
  [[nodiscard]] std::optional<MetricId> find(std::string_view name) const;

  /// A new instrument of the series; the series shows the sum of all its instruments. Takes a lock: not for the record
  /// path. REQUIRES: the metric is declared, of this type, and `labels` has a value for each of its labels.
  [[nodiscard]] CounterHandle counter(MetricId id, LabelValues labels = {});
  /// The gauge of that name with those label values; as counter().
  [[nodiscard]] GaugeHandle gauge(MetricId id, LabelValues labels = {});
  /// The histogram of that name with those label values; as counter().
  [[nodiscard]] HistogramHandle histogram(MetricId id, LabelValues labels = {});

  /// Calls `collect` at the begin of every snapshot, on its thread, one snapshot at a time: for values that are cheaper
  /// to look up when asked than to keep. It may take instruments, but not end a collector. REQUIRES: does not throw.
  [[nodiscard]] CollectorHandle collector(std::function<void()> collect);

  /// All series now. Metrics without a series are left out.
  [[nodiscard]] MetricsSnapshot snapshot() const;

 private:
  std::shared_ptr<detail::MetricsRegistry> registry_;
};

}  // namespace millrace
