// Metrics in Prometheus' text format.
#pragma once

#include <string>
#include <string_view>

#include <millrace/metrics/snapshot.hpp>

namespace millrace {

/// What the text is sent as.
inline constexpr std::string_view kPrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

/// The body of an answer to GET /metrics.
[[nodiscard]] std::string to_prometheus_text(const MetricsSnapshot& snapshot);

}  // namespace millrace
