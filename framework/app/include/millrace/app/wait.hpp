// wait: turns the answer to an asynchronous request into a plain result, for code that has nothing else to do.
#pragma once

#include <chrono>
#include <thread>

#include <millrace/base/pending.hpp>

namespace millrace {

/// Waits up to `timeout` for the answer. Not for stream threads. Errors: the request's own, LogUnavailable after the
/// time-out.
template <class T>
[[nodiscard]] Result<T> wait(Pending<T> pending, std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
  auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!pending.ready()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return Error(ErrorCode::LogUnavailable, "no answer within " + std::to_string(timeout.count()) + " ms");
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return pending.take();
}

}  // namespace millrace
