// MemoryMetrics: what each owner of memory.budget.bytes holds, and may hold, on gauges.
#pragma once

#include <array>
#include <functional>

#include <millrace/config/memory_shares.hpp>
#include <millrace/metrics/metrics.hpp>

namespace millrace {

class MemoryMetrics {
 public:
  using Bytes = std::array<std::int64_t, kMemoryOwners>;

  /// `used` is asked when the gauges are, on that thread, for the bytes in the order of MemoryOwner.
  MemoryMetrics(Metrics& metrics, const MemoryShares& shares, std::function<Bytes()> used) : used_(std::move(used)) {
    for (std::size_t i = 0; i < kMemoryOwners; ++i) {
      auto owner = to_string(static_cast<MemoryOwner>(i));
      used_gauges_[i] = metrics.gauge(MetricId::MemoryBytes, {owner});
      budget_gauges_[i] = metrics.gauge(MetricId::MemoryBudgetBytes, {owner});
      budget_gauges_[i]->set(shares.bytes[i]);
    }
    collector_ = metrics.collector([this] {
      Bytes bytes = used_();
      for (std::size_t i = 0; i < kMemoryOwners; ++i) used_gauges_[i]->set(bytes[i]);
    });
  }
  MemoryMetrics(const MemoryMetrics&) = delete;
  MemoryMetrics& operator=(const MemoryMetrics&) = delete;

 private:
  std::function<Bytes()> used_;
  std::array<GaugeHandle, kMemoryOwners> used_gauges_;
  std::array<GaugeHandle, kMemoryOwners> budget_gauges_;
  CollectorHandle collector_;  // last: it uses the rest
};

}  // namespace millrace
