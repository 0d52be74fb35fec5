#include <millrace/app/signals.hpp>

#include <csignal>
#include <cstring>
#include <ctime>

#include <pthread.h>

#include <millrace/app/command_line.hpp>
#include <millrace/base/clock.hpp>

namespace millrace {

namespace {

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  keep_standard_streams();
  sigset_t set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this] { watch(); });
}

StopSignals::~StopSignals() {
  ending_ = true;
  thread_.join();
}

void StopSignals::end_at_once() {
  at_once_ = true;
  if (stop_requested()) end_process(128 + signal());
}

void StopSignals::watch() {
  using Steady = std::chrono::steady_clock;
  sigset_t set = stop_set();
  Steady::time_point first_at{};
  while (!ending_) {
    if (stop_requested() && patience_ms_ >= 0 && Steady::now() - first_at > milliseconds(patience_ms_))
      leave_at_once("the stop took too long and was cut short", kExitFailed);
    timespec wait{0, 50'000'000};
    int signal = sigtimedwait(&set, nullptr, &wait);
    if (signal <= 0) continue;
    int expected = 0;
    bool first = signal_.compare_exchange_strong(expected, signal);
    if (at_once_) end_process(128 + signal);
    if (!first) leave_at_once("stopped at once", 128 + signal);
    first_at = Steady::now();
  }
}

}  // namespace millrace
