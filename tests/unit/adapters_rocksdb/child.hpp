// The writer program as a child process that is killed in the middle of its work.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::rocksdb_test {

class Child {
 public:
  /// Runs the writer program with these arguments.
  explicit Child(std::vector<std::string> arguments);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// The next line that it prints; empty at the end.
  std::string line();
  /// Waits until so many commits were acknowledged, kills it with SIGKILL, and returns the number of the last commit
  /// that it acknowledged before it died; -1 if there is none. Fails the test if it ends by itself.
  std::int64_t kill_after(int acknowledgements);

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string unread_;
};

}  // namespace millrace::rocksdb_test
