#include "registry.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "label_value.hpp"

namespace millrace::detail {

namespace {

constexpr std::array<std::string_view, 6> kFrameworkPrefixes = {"streams_", "millrace_", "process_",
                                                                "http_",    "rocksdb_",  "workflow_"};

std::vector<const Counter*>& instruments(MetricsSeries& series, const Counter*) { return series.counters; }
std::vector<const Gauge*>& instruments(MetricsSeries& series, const Gauge*) { return series.gauges; }
std::vector<const Histogram*>& instruments(MetricsSeries& series, const Histogram*) { return series.histograms; }

void retire(MetricsSeries& series, const Counter& counter) { series.retired_value += counter.value(); }
void retire(MetricsSeries&, const Gauge&) {}
void retire(MetricsSeries& series, const Histogram& histogram) {
  series.retired_counts.resize(histogram.edges().size() + 1);
  for (std::size_t i = 0; i < series.retired_counts.size(); ++i) series.retired_counts[i] += histogram.count(i);
  series.retired_value += histogram.sum();
}

template <class Instrument>
std::unique_ptr<Instrument> make(const MetricInfo& info) {
  if constexpr (std::is_same_v<Instrument, Histogram>) return std::make_unique<Histogram>(bucket_edges(info.buckets));
  else return std::make_unique<Instrument>();
}

HistogramSnapshot histogram_snapshot(const MetricsSeries& series) {
  auto edges = bucket_edges(series.family->info.buckets);
  std::vector<std::uint64_t> counts = series.retired_counts;
  counts.resize(edges.size() + 1);
  HistogramSnapshot snapshot{.upper_edges = {edges.begin(), edges.end()}, .sum = series.retired_value};
  for (const Histogram* histogram : series.histograms) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += histogram->count(i);
    snapshot.sum += histogram->sum();
  }
  for (std::uint64_t count : counts) {
    snapshot.count += count;
    if (snapshot.cumulative_counts.size() < edges.size()) snapshot.cumulative_counts.push_back(snapshot.count);
  }
  return snapshot;
}

SeriesSnapshot series_snapshot(const MetricsSeries& series) {
  SeriesSnapshot snapshot{.label_values = series.label_values};
  if (series.family->info.type == MetricType::Histogram) {
    snapshot.histogram = histogram_snapshot(series);
    return snapshot;
  }
  snapshot.value = series.retired_value;
  for (const Counter* counter : series.counters) snapshot.value += counter->value();
  for (const Gauge* gauge : series.gauges) snapshot.value += gauge->value();
  return snapshot;
}

}  // namespace

MetricsRegistry::MetricsRegistry(MetricsOptions options) : options_(options) {
  for (const MetricInfo& info : metric_table()) {
    ids_.emplace(info.name, static_cast<MetricId>(families_.size()));
    families_.push_back(std::make_unique<MetricsFamily>(MetricsFamily{.info = info}));
  }
}

MetricId MetricsRegistry::define(const MetricInfo& info) {
  std::vector<std::string> findings = check_metric(info);
  for (std::string_view prefix : kFrameworkPrefixes) {
    if (std::string_view(info.name).starts_with(prefix)) {
      findings.push_back(fmt::format("names that begin with {} belong to the framework", prefix));
    }
  }
  std::lock_guard guard(lock_);
  auto known = ids_.find(info.name);
  if (known != ids_.end() && families_[static_cast<std::size_t>(known->second)]->info != info) {
    findings.push_back("it is declared already, with another type, unit, help, labels or buckets");
  }
  if (!findings.empty()) {
    throw std::invalid_argument(
        fmt::format("metric '{}': {}", clean_label_value(info.name), fmt::join(findings, "; ")));
  }
  if (known != ids_.end()) return known->second;
  auto id = static_cast<MetricId>(families_.size());
  families_.push_back(std::make_unique<MetricsFamily>(MetricsFamily{.info = info}));
  ids_.emplace(info.name, id);
  return id;
}

std::optional<MetricId> MetricsRegistry::find(std::string_view name) const {
  std::lock_guard guard(lock_);
  auto found = ids_.find(name);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

MetricsSeries* MetricsRegistry::series_of(MetricsFamily& family, LabelValues labels) {
  std::vector<std::string> values;
  for (std::string_view value : labels) values.push_back(clean_label_value(value));
  auto found = family.series.find(values);
  if (found != family.series.end()) return found->second.get();
  if (family.series.size() >= options_.series_per_metric_max) {
    ++family.rejected;
    return nullptr;
  }
  auto series = std::make_unique<MetricsSeries>(MetricsSeries{.family = &family, .label_values = values});
  return family.series.emplace(std::move(values), std::move(series)).first->second.get();
}

template <class Instrument>
std::unique_ptr<Instrument, ReleaseInstrument> MetricsRegistry::acquire(std::shared_ptr<MetricsRegistry> self,
                                                                        MetricId id, MetricType type,
                                                                        LabelValues labels) {
  std::unique_ptr<Instrument> instrument;
  MetricsSeries* series = nullptr;
  std::string warning;
  {
    std::lock_guard guard(lock_);
    MILLRACE_ASSERT(static_cast<std::size_t>(id) < families_.size(), "metric is not declared: call define() first");
    MetricsFamily& family = *families_[static_cast<std::size_t>(id)];
    const MetricInfo& info = family.info;
    MILLRACE_ASSERT(info.type == type,
                    fmt::format("metric {} is a {}, not a {}", info.name, to_string(info.type), to_string(type)));
    MILLRACE_ASSERT(info.label_names.size() == labels.size(),
                    fmt::format("metric {} has {} labels ({}), {} values given", info.name, info.label_names.size(),
                                fmt::join(info.label_names, ", "), labels.size()));
    instrument = make<Instrument>(info);
    series = series_of(family, labels);
    if (series != nullptr) {
      instruments(*series, instrument.get()).push_back(instrument.get());
    } else if (family.rejected == 1) {
      warning = fmt::format(
          "metric {} has {} series, the most it may have: further ones are not exported. Its labels ({}) take too many "
          "values: leave out the one that carries an id.",
          info.name, options_.series_per_metric_max, fmt::join(info.label_names, ", "));
    }
  }
  if (!warning.empty() && options_.logger != nullptr) options_.logger->warn("metrics", warning);
  return {instrument.release(), ReleaseInstrument{std::move(self), series}};
}

template <class Instrument>
void MetricsRegistry::release(MetricsSeries* series, Instrument* instrument) {
  std::unique_ptr<Instrument> owned(instrument);
  if (series == nullptr) return;
  std::lock_guard guard(lock_);
  retire(*series, *instrument);
  std::erase(instruments(*series, instrument), instrument);
  if (!series->unused()) return;
  auto& all = series->family->series;
  all.erase(all.find(series->label_values));
}

template CounterHandle MetricsRegistry::acquire(std::shared_ptr<MetricsRegistry>, MetricId, MetricType, LabelValues);
template GaugeHandle MetricsRegistry::acquire(std::shared_ptr<MetricsRegistry>, MetricId, MetricType, LabelValues);
template HistogramHandle MetricsRegistry::acquire(std::shared_ptr<MetricsRegistry>, MetricId, MetricType, LabelValues);
template void MetricsRegistry::release(MetricsSeries*, Counter*);
template void MetricsRegistry::release(MetricsSeries*, Gauge*);
template void MetricsRegistry::release(MetricsSeries*, Histogram*);

std::function<void()>* MetricsRegistry::add_collector(std::function<void()> collect) {
  std::lock_guard guard(collectors_lock_);
  return collectors_.emplace_back(std::make_unique<std::function<void()>>(std::move(collect))).get();
}

void MetricsRegistry::remove_collector(std::function<void()>* collect) {
  std::lock_guard guard(collectors_lock_);
  std::erase_if(collectors_, [&](const auto& entry) { return entry.get() == collect; });
}

MetricsSnapshot MetricsRegistry::snapshot() {
  std::lock_guard one_at_a_time(collectors_lock_);
  for (const auto& collect : collectors_) (*collect)();
  std::lock_guard guard(lock_);
  MetricsSnapshot snapshot;
  for (const auto& [name, id] : ids_) {
    const MetricsFamily& family = *families_[static_cast<std::size_t>(id)];
    FamilySnapshot entry{.info = family.info};
    for (const auto& [labels, series] : family.series) entry.series.push_back(series_snapshot(*series));
    if (id == MetricId::RejectedSeries) {
      for (const auto& [metric, metric_id] : ids_) {
        std::uint64_t rejected = families_[static_cast<std::size_t>(metric_id)]->rejected;
        if (rejected > 0) entry.series.push_back({.label_values = {metric}, .value = static_cast<double>(rejected)});
      }
    }
    if (!entry.series.empty()) snapshot.push_back(std::move(entry));
  }
  return snapshot;
}

}  // namespace millrace::detail
