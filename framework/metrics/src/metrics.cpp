#include <millrace/metrics/metrics.hpp>

#include "registry.hpp"

namespace millrace {

namespace detail {

void ReleaseInstrument::operator()(Counter* counter) const { registry->release(series, counter); }
void ReleaseInstrument::operator()(Gauge* gauge) const { registry->release(series, gauge); }
void ReleaseInstrument::operator()(Histogram* histogram) const { registry->release(series, histogram); }
void RemoveCollector::operator()(std::function<void()>* collect) const { registry->remove_collector(collect); }

}  // namespace detail

Metrics::Metrics(MetricsOptions options) : registry_(std::make_shared<detail::MetricsRegistry>(options)) {}

MetricId Metrics::define(const MetricInfo& info) { return registry_->define(info); }

std::optional<MetricId> Metrics::find(std::string_view name) const { return registry_->find(name); }

CounterHandle Metrics::counter(MetricId id, LabelValues labels) {
  return registry_->acquire<Counter>(registry_, id, MetricType::Counter, labels);
}

GaugeHandle Metrics::gauge(MetricId id, LabelValues labels) {
  return registry_->acquire<Gauge>(registry_, id, MetricType::Gauge, labels);
}

HistogramHandle Metrics::histogram(MetricId id, LabelValues labels) {
  return registry_->acquire<Histogram>(registry_, id, MetricType::Histogram, labels);
}

CollectorHandle Metrics::collector(std::function<void()> collect) {
  return {registry_->add_collector(std::move(collect)), detail::RemoveCollector{registry_}};
}

MetricsSnapshot Metrics::snapshot() const { return registry_->snapshot(); }

}  // namespace millrace
