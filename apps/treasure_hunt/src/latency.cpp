#include "latency.hpp"

#include <algorithm>
#include <cmath>

namespace hunt {

void Latencies::add(std::chrono::milliseconds latency) {
  auto bucket = std::clamp<std::int64_t>(latency.count(), 0, static_cast<std::int64_t>(by_ms_.size()) - 1);
  ++by_ms_[static_cast<std::size_t>(bucket)];
  ++count_;
}

void Latencies::clear() {
  by_ms_.fill(0);
  count_ = 0;
}

std::chrono::milliseconds Latencies::percentile(double part) const {
  auto wanted = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(part * static_cast<double>(count_))));
  if (count_ == 0) return std::chrono::milliseconds(0);
  std::int64_t seen = 0;
  for (std::size_t ms = 0; ms < by_ms_.size(); ++ms) {
    seen += by_ms_[ms];
    if (seen >= wanted) return std::chrono::milliseconds(ms);
  }
  return std::chrono::milliseconds(by_ms_.size() - 1);
}

}  // namespace hunt
