// Counter, Gauge and Histogram: what instrumented code writes to.
//
// An instrument belongs to one writing thread at a time; any thread may read it meanwhile (that is how a scrape sees
// it). A write is one relaxed load and store: no lock, no read-modify-write on the bus. Threads that count the same
// thing each take an instrument of their own from Metrics; the series shows their sum.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <millrace/base/assert.hpp>

namespace millrace {

namespace detail {
inline constexpr std::size_t kCacheLineBytes = 64;  // own lines: writers on different cores do not disturb each other

/// Adds for the single writer; readers see the old value or the new one.
inline void add_relaxed(std::atomic<double>& to, double by) {
  to.store(to.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}
}  // namespace detail

template <class N>
concept MetricNumber = std::is_arithmetic_v<N>;

/// Counts up. Exact up to 2^53.
class alignas(detail::kCacheLineBytes) Counter {
 public:
  void increment() { detail::add_relaxed(value_, 1.0); }  ///< One more.
  /// REQUIRES: by >= 0.
  template <MetricNumber N>
  void increment(N by) {
    MILLRACE_DCHECK(static_cast<double>(by) >= 0, "a counter never goes down: use a gauge");
    detail::add_relaxed(value_, static_cast<double>(by));
  }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }  ///< The sum so far.

 private:
  std::atomic<double> value_{0};
};

/// Goes up and down.
class alignas(detail::kCacheLineBytes) Gauge {
 public:
  /// Takes the place of the value before.
  template <MetricNumber N>
  void set(N value) {
    value_.store(static_cast<double>(value), std::memory_order_relaxed);
  }
  /// Adds to the value; negative numbers subtract.
  template <MetricNumber N>
  void add(N by) {
    detail::add_relaxed(value_, static_cast<double>(by));
  }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }  ///< The value now.

 private:
  std::atomic<double> value_{0};
};

/// Counts observations in buckets with fixed edges.
class alignas(detail::kCacheLineBytes) Histogram {
 public:
  /// `edges` rise and outlive the histogram.
  explicit Histogram(std::span<const double> edges) : edges_(edges), counts_(edges.size() + 1) {}

  /// `value` in the metric's base unit. An edge belongs to the bucket below it. NaN is left out.
  void observe(double value);
  /// Counts one duration.
  template <class Rep, class Period>
  void observe(std::chrono::duration<Rep, Period> time) {
    observe(std::chrono::duration<double>(time).count());
  }

  /// Upper edges of the buckets, in seconds, ascending.
  [[nodiscard]] std::span<const double> edges() const { return edges_; }
  /// Observations in bucket `index` alone; edges().size() is the one above the last edge.
  [[nodiscard]] std::uint64_t count(std::size_t index) const { return counts_[index].load(std::memory_order_relaxed); }
  /// Sum of all durations, in seconds.
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::span<const double> edges_;
  std::vector<std::atomic<std::uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

}  // namespace millrace
