// Waiting for answers and events that another thread brings.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include <millrace/base/error.hpp>
#include <millrace/base/pending.hpp>

namespace millrace::log_conformance {

/// Asks again and again until it is so. False after a minute, which no healthy log takes.
inline bool eventually(const std::function<bool()>& is_so) {
  auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::yield();
  }
  return true;
}

template <class T>
Result<T> await(Pending<T> pending) {
  if (!eventually([&] { return pending.ready(); })) return Error(ErrorCode::LogUnavailable, "no answer in a minute");
  return pending.take();
}

}  // namespace millrace::log_conformance
