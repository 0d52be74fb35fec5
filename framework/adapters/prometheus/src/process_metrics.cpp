#include <millrace/adapters/prometheus/process_metrics.hpp>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include <time.h>
#include <unistd.h>

namespace millrace {

namespace {

std::optional<double> seconds_of(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return std::nullopt;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Fields of /proc/self/stat from the third on: the second is the program's name, which may contain anything.
std::optional<double> stat_field(int number) {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= number; ++i) {
    if (!(fields >> field)) return std::nullopt;
  }
  return std::stod(field);
}

/// The kernel tells the start in ticks since boot.
std::optional<double> start_seconds() {
  constexpr int kStartTimeField = 22;
  auto start = stat_field(kStartTimeField);
  auto now = seconds_of(CLOCK_REALTIME);
  auto since_boot = seconds_of(CLOCK_BOOTTIME);
  if (!start || !now || !since_boot) return std::nullopt;
  return *now - *since_boot + *start / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessMetrics::ProcessMetrics(Metrics& metrics)
    : resident_memory_(metrics.gauge(MetricId::ProcessResidentMemory)),
      cpu_(metrics.counter(MetricId::ProcessCpu)),
      start_time_(metrics.gauge(MetricId::ProcessStartTime)) {
  if (auto start = start_seconds()) start_time_->set(*start);  // once: the clock may be set later
  collector_ = metrics.collector([this] { measure(); });
}

void ProcessMetrics::measure() {
  constexpr int kResidentPagesField = 24;
  if (auto pages = stat_field(kResidentPagesField)) {
    resident_memory_->set(*pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
  auto cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  if (cpu && *cpu > cpu_->value()) cpu_->increment(*cpu - cpu_->value());
}

}  // namespace millrace
