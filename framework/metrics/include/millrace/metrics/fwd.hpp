// Forward declarations of the metrics layer.
#pragma once

#include <cstdint>

namespace millrace {

class Counter;
class Gauge;
class Histogram;
class Metrics;
enum class MetricId : std::uint16_t;
struct MetricInfo;
struct MetricsOptions;

}  // namespace millrace
