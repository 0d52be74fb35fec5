#include <millrace/app/command_line.hpp>

#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include <millrace/base/error.hpp>
#include <millrace/config/did_you_mean.hpp>

namespace millrace {

int report_misuse(std::string_view program, std::string_view message, const std::vector<std::string>& unexpected,
                  const std::vector<std::string>& known) {
  std::vector<std::string> findings;
  bool after_option = false;
  for (const std::string& word : unexpected) {
    bool option = word.size() > 1 && word.front() == '-';
    // What comes after an unknown option is most likely its value.
    if (std::exchange(after_option, option) && !option) continue;
    // "--option=value" is looked up without its value.
    auto near = did_you_mean(option ? word.substr(0, word.find('=')) : word, known);
    findings.push_back(fmt::format("{} \"{}\" is not known{}", option ? "the option" : "the argument", word,
                                   near ? fmt::format("; did you mean \"{}\"?", *near) : std::string(".")));
  }
  if (findings.empty()) findings.push_back(fmt::format("{}.", message));
  std::fflush(stdout);
  for (const std::string& finding : findings) {
    std::fprintf(stderr, "%s %.*s: %s See %.*s --help.\n", to_string(ErrorCode::UsageInvalid).c_str(),
                 static_cast<int>(program.size()), program.data(), finding.c_str(), static_cast<int>(program.size()),
                 program.data());
  }
  return kExitMisused;
}

void keep_standard_streams() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free descriptor is this one. Opened the wrong way round, so that its use fails as it would have.
    [[maybe_unused]] int opened = ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

namespace {

/// A reader who does not read must not hold up the end: a pipe that is ready takes this much at once.
void say_if_ready(const std::string& line) {
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&ready, 1, 0) != 1) return;
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void leave_at_once(std::string_view why, int exit_code) {
  say_if_ready(fmt::format("{}: what was not committed is processed again at the next start\n", why));
  end_process(exit_code);
}

void end_process(int exit_code) {
  // As _exit() does; but sanitizers make that flush all streams, and a thread that waits for the reader of a pipe holds
  // the lock of its stream.
  ::syscall(SYS_exit_group, exit_code);
  ::_exit(exit_code);
}

void leave_without_threads(std::string_view program, std::chrono::milliseconds waited) {
  leave_at_once(fmt::format("{}: stopped without waiting for its threads, which did not end within {} ms", program,
                            waited.count()),
                kExitFailed);
}

}  // namespace millrace
