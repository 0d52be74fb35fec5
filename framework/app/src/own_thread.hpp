// OwnThread: marks code that runs on a thread of an application, or in one of its listeners: who waits there for the
// application waits for himself.
#pragma once

#include <utility>

namespace millrace {

class OwnThread {
 public:
  explicit OwnThread(const void* application) : before_(std::exchange(current(), application)) {}
  ~OwnThread() { current() = before_; }
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;

  /// True if called from within that application.
  [[nodiscard]] static bool within(const void* application) { return current() == application; }

 private:
  static const void*& current() {
    static thread_local const void* application = nullptr;
    return application;
  }
  const void* before_;
};

}  // namespace millrace
