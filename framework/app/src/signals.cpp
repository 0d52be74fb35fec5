#include <millrace/app/signals.hpp>

#include <csignal>
#include <cstring>
#include <ctime>

#include <pthread.h>
#include <unistd.h>

#include <millrace/app/command_line.hpp>

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
  if (stop_requested()) ::_exit(128 + signal());
}

void StopSignals::watch() {
  sigset_t set = stop_set();
  while (!ending_) {
    timespec patience{0, 50'000'000};
    int signal = sigtimedwait(&set, nullptr, &patience);
    if (signal <= 0) continue;
    int expected = 0;
    bool first = signal_.compare_exchange_strong(expected, signal);
    if (at_once_) ::_exit(128 + signal);
    if (first) continue;
    static constexpr char kText[] = "stopped at once: what was not committed is processed again at the next start\n";
    [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, kText, sizeof kText - 1);
    ::_exit(128 + signal);
  }
}

}  // namespace millrace
