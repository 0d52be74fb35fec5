#include <millrace/metrics/instruments.hpp>

#include <algorithm>
#include <cmath>

namespace millrace {

void Histogram::observe(double value) {
  if (std::isnan(value)) return;  // would turn the sum into NaN for good
  auto bucket = static_cast<std::size_t>(std::lower_bound(edges_.begin(), edges_.end(), value) - edges_.begin());
  auto& count = counts_[bucket];
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  detail::add_relaxed(sum_, value);
}

}  // namespace millrace
