#include "child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace millrace::rocksdb_test {

Child::Child(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), MILLRACE_TEST_WRITER);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    ADD_FAILURE() << "no pipe";
    return;
  }
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  EXPECT_GT(pid_, 0);
  ::close(ends[1]);
  output_ = ends[0];
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (output_ >= 0) ::close(output_);
}

std::string Child::line() {
  while (true) {
    if (auto end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    char buffer[4096];
    ssize_t size = ::read(output_, buffer, sizeof buffer);
    if (size <= 0) return {};
    unread_.append(buffer, static_cast<std::size_t>(size));
  }
}

std::int64_t Child::kill_after(int acknowledgements) {
  std::int64_t last = -1;
  for (int i = 0; i < acknowledgements; ++i) {
    std::string number = line();
    if (number.empty()) break;
    last = std::stoll(number);
  }
  ::kill(pid_, SIGKILL);
  // What it wrote into the pipe until then was acknowledged too.
  for (std::string number = line(); !number.empty(); number = line()) last = std::stoll(number);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it ended by itself: status " << status;
  return last;
}

}  // namespace millrace::rocksdb_test
