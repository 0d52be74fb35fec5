#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>

namespace millrace::bench {

/// Wall-clock and process CPU time (all threads: background work of a library counts), started and stopped at will.
class Stopwatch {
 public:
  void start() {
    wall_start_ = std::chrono::steady_clock::now();
    cpu_start_ = process_cpu_seconds();
  }

  void stop() {
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_start_).count();
    cpu_seconds_ += process_cpu_seconds() - cpu_start_;
  }

  double seconds() const { return seconds_; }
  double cpu_seconds() const { return cpu_seconds_; }

 private:
  static double process_cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  }

  std::chrono::steady_clock::time_point wall_start_;
  double cpu_start_ = 0;
  double seconds_ = 0;
  double cpu_seconds_ = 0;
};

/// VmHWM of this process; 0 where /proc is missing.
inline std::uint64_t peak_rss_bytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    std::uint64_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

/// One pass of one program; the JSON line that `benchmarks/run.sh` reads. `variant` and `details` may be empty;
/// `details` is more JSON members, each after a comma.
struct PassResult {
  std::string peer;
  std::string topology;
  std::string variant;
  unsigned pass = 1;
  std::uint64_t records = 0;
  double seconds = 0;
  double cpu_seconds = 0;
  std::string details;
};

inline void print_json_line(const PassResult& result) {
  std::printf(
      "{\"peer\":\"%s\",\"topology\":\"%s\",\"variant\":\"%s\",\"pass\":%u,\"records\":%llu,\"seconds\":%.6f,"
      "\"cpu_seconds\":%.6f,\"records_per_second\":%.0f,\"peak_rss_bytes\":%llu%s}\n",
      result.peer.c_str(), result.topology.c_str(), result.variant.c_str(), result.pass,
      static_cast<unsigned long long>(result.records), result.seconds, result.cpu_seconds,
      static_cast<double>(result.records) / result.seconds, static_cast<unsigned long long>(peak_rss_bytes()),
      result.details.c_str());
  std::fflush(stdout);
}

}  // namespace millrace::bench
